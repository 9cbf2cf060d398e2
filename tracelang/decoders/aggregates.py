"""The results of aggregates: numbers computed from many events, and histograms."""

from __future__ import annotations

from typing import Any, Final

from tracelang.decoders.definition import Definition, reading
from tracelang.decoders.protocol import DecodeContext, Reading, Shape
from tracelang.decoders.units import show_duration, show_size

BAR: Final = 40
"""The width of the longest bar, in characters."""
_MULTIPLES: Final = ((60, "E"), (50, "P"), (40, "T"), (30, "G"), (20, "M"), (10, "K"))
_EIGHTHS: Final = " ▏▎▍▌▋▊▉█"


def show_number(value: Any) -> str:
    """Return a number as a person reads it: fractions with two decimals, nothing as `-`."""
    if value is None:
        return "-"
    if isinstance(value, dict):
        return " ".join(f"{name}={show_number(number)}" for name, number in value.items())
    return f"{value:.2f}" if isinstance(value, float) else str(value)


def show_bound(value: int) -> str:
    """Return a bucket's bound, by binary multiples where it is one: `4K`, `1M`."""
    for power, letter in _MULTIPLES:
        if value and value % (1 << power) == 0:
            return f"{value // (1 << power)}{letter}"
    return str(value)


def histogram_lines(buckets: Any) -> list[str]:
    """Return a histogram as lines: the bounds of each bucket, its count and a bar."""
    if not buckets:
        return []
    bounds = [bucket_bounds(low, above) for low, above, _ in buckets]
    counts = [count for _, _, count in buckets]
    width = max(map(len, bounds))
    digits = len(str(max(counts)))
    return [
        f"{text:<{width}}  {count:>{digits}} |{_bar(count, max(counts))}|"
        for text, count in zip(bounds, counts, strict=True)
    ]


def bucket_bounds(low: int | None, above: int | None) -> str:
    """Return a bucket's bounds: `[4K, 8K)`, `[0]` for a single value, `…` where there is none."""
    if low is None:
        return f"(…, {show_bound(above or 0)})"
    if above is None:
        return f"[{show_bound(low)}, …)"
    if above == low + 1:
        return f"[{show_bound(low)}]"
    return f"[{show_bound(low)}, {show_bound(above)})"


def _bar(count: int, most: int) -> str:
    eighths = round(count * BAR * 8 / most) if most else 0
    if count and not eighths:
        eighths = 1
    bar = "█" * (eighths // 8) + (_EIGHTHS[eighths % 8] if eighths % 8 else "")
    return bar.ljust(BAR)


def _read_number(_arguments: tuple[object, ...], _context: DecodeContext) -> Reading:
    return reading(
        show_number, number=lambda v: v or 0, machine=lambda v: v, differs=False, shape=Shape.RESULT
    )


def _read_average(arguments: tuple[object, ...], _context: DecodeContext) -> Reading:
    """Bind the average of amounts: a person reads it as an amount, machines to its fraction."""
    show = show_duration if arguments == ("duration",) else show_size
    return reading(
        lambda value: show(round(value)), machine=lambda value: value, shape=Shape.NUMBER
    )


def _read_histogram(_arguments: tuple[object, ...], _context: DecodeContext) -> Reading:
    return reading(
        lambda buckets: "\n".join(histogram_lines(buckets)),
        machine=lambda buckets: [list(b) for b in buckets],
        differs=False,
        shape=Shape.HISTOGRAM,
    )


DECODERS: Final = (
    Definition("number", "a number computed from many events", _read_number, width=8, right=True),
    Definition("average", "the average of amounts", _read_average, width=9, right=True),
    Definition("histogram", "counts by bucket, with bars", _read_histogram, width=8),
)
