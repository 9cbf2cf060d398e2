"""Literals that begin with a digit: integers, fractions, durations, sizes and IP addresses.

The grammar has one terminal for all of them; what such a word says, or what is wrong with it, is
decided here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction as Exact
from ipaddress import ip_address, ip_network
from typing import Final

from tracelang.diagnostics import DiagnosticError, fail
from tracelang.registry import nearest
from tracelang.source import Span
from tracelang.syntax.ast import Address, AddressRange, Duration, Fraction, Integer, Size

MAX_INTEGER: Final = 2**64 - 1
"""The largest integer a script can write: an unsigned 64-bit one."""

NANOSECONDS: Final = {
    "ns": 1, "us": 10**3, "ms": 10**6, "s": 10**9,
    "m": 60 * 10**9, "h": 3600 * 10**9, "d": 86400 * 10**9,
}  # fmt: skip
"""Nanoseconds of each unit of time."""

BYTES: Final = {
    "B": 1,
    "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12,
    "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40,
}  # fmt: skip
"""Bytes of each unit of size."""

NumberLiteral = Integer | Fraction | Duration | Size | Address | AddressRange

_DIGITS: Final = r"[0-9]+(?:_[0-9]+)*"
_DECIMAL: Final = re.compile(_DIGITS)
_BASED: Final = re.compile(r"0([xXbBoO])([0-9A-Fa-f]+(?:_[0-9A-Fa-f]+)*)")
_FRACTION: Final = re.compile(r"[0-9]+\.[0-9]+")
_MEASURE: Final = re.compile(rf"({_DIGITS}(?:\.[0-9]+)?)((?![xXoO]$)[A-Za-zµμ]+)")
_AMOUNT: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?)([A-Za-z]*)")
_DOTTED: Final = re.compile(r"[0-9]+(?:\.[0-9]+){2,}(?:/[0-9]+)?")
_BASES: Final = {"x": 16, "b": 2, "o": 8}
_LOOSE_UNITS: Final = {
    "k": "KiB", "kb": "KB", "kib": "KiB", "m": "MiB", "mb": "MB", "mib": "MiB", "g": "GiB",
    "gb": "GB", "gib": "GiB", "t": "TiB", "tb": "TB", "tib": "TiB", "b": "B",
    "sec": "s", "secs": "s", "second": "s", "seconds": "s", "min": "m", "mins": "m", "minute": "m",
    "minutes": "m", "hour": "h", "hours": "h", "hr": "h", "day": "d", "days": "d", "msec": "ms",
    "usec": "us", "nsec": "ns",
}  # fmt: skip


def read_number(span: Span) -> NumberLiteral:
    """Return the literal at `span`; T112 to T115 where it is none."""
    text = span.text
    if _DECIMAL.fullmatch(text):
        return _read_decimal(text, span)
    if based := _BASED.fullmatch(text):
        if (literal := _read_based(based, span)) is not None:
            return literal
    elif _FRACTION.fullmatch(text):
        return Fraction(text, span=span)
    elif measure := _MEASURE.fullmatch(text):
        return _read_measure(measure[1], measure[2], span)
    elif _DOTTED.fullmatch(text):
        return read_address(span)
    raise fail(
        "T112",
        f"`{text}` is not a number",
        span,
        help=["numbers are written like `42`, `0x2a`, `99.9`, `10ms`, `4KiB` or `10.0.0.1`"],
    )


def parse_amount(text: str, units: Mapping[str, int], bare: str = "") -> int:
    """Return what an option's value means in the smallest of `units`, such as `10s` or `64K`.

    Loose spellings of a unit are taken; `bare` is the unit of a number without one. Raises
    ValueError for anything else, and for what is not a whole number of the smallest unit.
    """
    amount = _AMOUNT.fullmatch(text)
    if amount is None:
        raise ValueError(text)
    unit = amount[2] or bare
    factor = units.get(unit) or units.get(_LOOSE_UNITS.get(unit.lower(), ""))
    if factor is None:
        raise ValueError(text)
    value = Exact(amount[1]) * factor
    if value.denominator != 1:
        raise ValueError(text)
    return value.numerator


def _read_decimal(text: str, span: Span) -> Integer:
    if len(text) > 1 and text[0] == "0":
        bare = text.lstrip("0_") or "0"
        octal = f" or, in octal, `0o{bare}`" if not set(bare) & set("89") else ""
        raise fail(
            "T112",
            f"`{text}` begins with 0, which in C makes it octal",
            span,
            help=[f"write `{bare}`{octal}"],
        )
    # Bound the digits first: Python refuses to convert thousands of them.
    value = int(text) if len(text) < 64 else MAX_INTEGER + 1
    return Integer(_in_range(value, span), span=span)


def _read_based(based: re.Match[str], span: Span) -> Integer | None:
    base = _BASES[based[1].lower()]
    try:
        value = int(based[2], base)
    except ValueError:
        return None
    return Integer(_in_range(value, span), base, span=span)


def _read_measure(amount: str, unit: str, span: Span) -> Duration | Size:
    unit = unit.replace("µ", "u").replace("μ", "u")  # MICRO SIGN, GREEK SMALL LETTER MU
    factor = NANOSECONDS.get(unit) or BYTES.get(unit)
    if factor is None:
        raise _unknown_unit(amount, unit, span)
    if len(amount) > 64:
        raise _out_of_range(span)
    value = Exact(amount.replace("_", "")) * factor
    if value.denominator != 1:
        least = "nanoseconds" if unit in NANOSECONDS else "bytes"
        raise fail("T112", f"`{span.text}` is not a whole number of {least}", span)
    _in_range(value.numerator, span)
    if unit in NANOSECONDS:
        return Duration(amount, unit, value.numerator, span=span)
    return Size(amount, unit, value.numerator, span=span)


def _unknown_unit(amount: str, unit: str, span: Span) -> DiagnosticError:
    meant = _LOOSE_UNITS.get(unit.lower()) or next(
        iter(nearest(unit, (*NANOSECONDS, *BYTES))), None
    )
    if unit.lower() == "hz":
        hint = f"a rate is part of a target, as in `profile:{amount}hz`"
    elif meant:
        hint = f"write `{amount}{meant}`"
    else:
        hint = f"units are {' '.join(NANOSECONDS)} for time and {' '.join(BYTES)} for sizes"
    return fail("T114", f"`{unit}` is not a unit", span, help=[hint])


def _in_range(value: int, span: Span) -> int:
    if value > MAX_INTEGER:
        raise _out_of_range(span)
    return value


def _out_of_range(span: Span) -> DiagnosticError:
    return fail(
        "T113",
        "this number does not fit into 64 bits",
        span,
        help=[f"the largest is {MAX_INTEGER} (0x{MAX_INTEGER:x})"],
    )


def read_address(span: Span) -> Address | AddressRange:
    """Return the IP address or range at `span`; T115 if it is none or has host bits set."""
    text = span.text
    try:
        if "/" not in text:
            return Address(ip_address(text), span=span)
        loose = ip_network(text, strict=False)
    except ValueError:
        raise fail(
            "T115",
            f"`{text}` is not an IP address or range",
            span,
            help=["they are written like `10.0.0.1`, `10.0.0.0/8`, `::1` or `fe80::/10`"],
        ) from None
    address, _, prefix = text.partition("/")
    if ip_address(address) != loose.network_address:
        raise fail(
            "T115",
            f"`{text}` has bits set beyond the first {prefix}",
            span,
            help=[f"write `{loose}` for the range, or `{address}` for the one address"],
        )
    return AddressRange(loose, span=span)
