"""Amounts with a unit: durations and sizes."""

from __future__ import annotations

from typing import Final

from tracelang.decoders.definition import Definition, reading
from tracelang.decoders.fixed import fixed_point, truncate
from tracelang.decoders.protocol import DecodeContext, Reading, Shape

_DURATION_UNITS: Final = (("s", 9), ("ms", 6), ("us", 3))
_SIZE_UNITS: Final = ("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB")


def show_duration(nanoseconds: int) -> str:
    """Return a duration in the largest unit with a whole part: `987ns`, `1.234ms`, `2m03.5s`."""
    amount = abs(nanoseconds)
    if amount >= 60_000_000_000:
        return _show_minutes(nanoseconds)
    for unit, digits in _DURATION_UNITS:
        if amount >= 10**digits:
            return f"{fixed_point(nanoseconds, digits, 3)}{unit}"
    return f"{nanoseconds}ns"


def _show_minutes(nanoseconds: int) -> str:
    sign = "-" if nanoseconds < 0 else ""
    tenths = (abs(nanoseconds) + 50_000_000) // 100_000_000
    minutes, tenths = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    start = f"{hours}h{minutes:02d}m" if hours else f"{minutes}m"
    return f"{sign}{start}{tenths // 10:02d}.{tenths % 10}s"


def show_size(size: int) -> str:
    """Return a number of bytes with a unit of 1024: `512B`, `1.5KiB`, `3.0GiB`."""
    amount, power = abs(size), 0
    # Tenths of the unit, rounded: 1023.96 KiB must read as 1.0MiB.
    while power < len(_SIZE_UNITS) - 1 and _tenths(amount, power) >= (10240 if power else 1024):
        power += 1
    sign = "-" if size < 0 else ""
    if not power:
        return f"{sign}{amount}B"
    tenths = _tenths(amount, power)
    return f"{sign}{tenths // 10}.{tenths % 10}{_SIZE_UNITS[power]}"


def _tenths(amount: int, power: int) -> int:
    if not power:
        return amount
    unit = 1 << (10 * power)
    return (amount * 10 + unit // 2) // unit


def _read_duration(_arguments: tuple[object, ...], _context: DecodeContext) -> Reading:
    return reading(show_duration)


def _read_size(_arguments: tuple[object, ...], _context: DecodeContext) -> Reading:
    return reading(show_size)


def _read_us(_arguments: tuple[object, ...], _context: DecodeContext) -> Reading:
    """Bind `us`: whole microseconds, what is left over dropped."""

    def count(raw: int) -> int:
        return truncate(raw, 3)

    def show(raw: int) -> str:
        return str(raw // 1000 if raw >= 0 else truncate(raw, 3))

    return reading(show, number=count, machine=count, differs=False)


def _fraction_reading(digits: int, decimals: int) -> Reading:
    """Read nanoseconds as units of 10**digits ns with a number of decimals."""
    divisor: int = 10**digits

    def show(raw: int) -> str:
        return fixed_point(raw, digits, decimals)

    def number(raw: int) -> float:
        return raw / divisor

    def units(raw: int) -> int:
        return raw

    return reading(
        show,
        number=number,
        machine=number,
        differs=False,
        scaled=units,
        digits=digits,
        shape=Shape.NUMBER,
    )


def _read_ms(_arguments: tuple[object, ...], _context: DecodeContext) -> Reading:
    return _fraction_reading(6, 3)


def _read_s(_arguments: tuple[object, ...], _context: DecodeContext) -> Reading:
    return _fraction_reading(9, 6)


DECODERS: Final = (
    Definition("duration", "a duration with its unit", _read_duration, width=9, right=True),
    Definition(
        "us",
        "a duration in whole microseconds",
        _read_us,
        example="span syscall:openat capture comm, us(duration) as lat",
        width=8,
        right=True,
    ),
    Definition(
        "ms",
        "a duration in milliseconds, three decimals",
        _read_ms,
        example="span syscall:fsync capture comm, ms(duration)",
        width=9,
        right=True,
    ),
    Definition(
        "s",
        "a duration in seconds, six decimals",
        _read_s,
        example="span syscall:nanosleep capture comm, s(duration)",
        width=10,
        right=True,
    ),
    Definition(
        "size",
        "a number of bytes with its unit of 1024",
        _read_size,
        example="probe syscall:write capture comm, size(count)",
        width=9,
        right=True,
    ),
)
