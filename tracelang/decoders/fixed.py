"""Exact decimals: integers of units of 10**-digits as text, without a float on the way."""

from __future__ import annotations


def fixed_point(units: int, digits: int, precision: int) -> str:
    """Return `units` * 10**-`digits` to `precision` decimals, ties to the even digit as C does."""
    sign = "-" if units < 0 else ""
    units = abs(units)
    if precision < digits:
        units = _round(units, 10 ** (digits - precision))
        digits = precision
    whole, fraction = divmod(units, 10**digits)
    if not precision:
        return f"{sign}{whole}"
    decimals = f"{fraction:0{digits}d}" if digits else ""
    return f"{sign}{whole}.{decimals.ljust(precision, '0')}"


def _round(units: int, step: int) -> int:
    quotient, rest = divmod(units, step)
    if 2 * rest > step or (2 * rest == step and quotient & 1):
        return quotient + 1
    return quotient


def truncate(units: int, digits: int) -> int:
    """Return the whole part of `units` * 10**-`digits`, towards zero as C converts to integers."""
    whole: int = abs(units) // 10**digits
    return -whole if units < 0 else whole
