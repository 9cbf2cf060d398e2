"""Histograms and percentiles, from counted buckets."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # few scripts need it
    from fractions import Fraction

Buckets = tuple[tuple[int | None, int | None, int], ...]
"""A histogram: (lowest, first above, events) of each bucket; None for no bound."""


def power_buckets(counts: Mapping[int, int]) -> Buckets:
    """Return a histogram by powers of two, empty buckets between the first and last included."""
    if not counts:
        return ()
    rows: list[tuple[int | None, int | None, int]] = []
    for number in range(min(counts), max(counts) + 1):
        if number < 0:
            low, above = None, 0
        elif number == 0:
            low, above = 0, 1
        else:
            low, above = 1 << (number - 1), 1 << number
        rows.append((low, above, counts.get(number, 0)))
    return tuple(rows)


def linear_buckets(counts: Mapping[int, int], low: int, high: int, step: int) -> Buckets:
    """Return a histogram by steps; what lies below and above has rows of its own."""
    if not counts:
        return ()
    last = (high - low) // step
    rows: list[tuple[int | None, int | None, int]] = []
    for number in range(min(counts), max(counts) + 1):
        start = None if number < 0 else low + number * step
        end = None if number == last else low + (number + 1) * step
        rows.append((start, end, counts.get(number, 0)))
    return tuple(rows)


def percentile(counts: Mapping[int, int], rank: Fraction) -> int | None:
    """Return the value that `rank` percent of the events do not exceed, within 3 percent.

    A `rank` of 99.9 must be exactly that: rounded up, it would ask for one event more of 1,000.
    """
    total = sum(counts.values())
    wanted = max(1, math.ceil(total * rank / 100))
    for number in sorted(counts, key=_log_linear_middle):
        wanted -= counts[number]
        if wanted <= 0:
            return _log_linear_middle(number)
    return None


def _log_linear_middle(number: int) -> int:
    """Return the middle of a log-linear bucket."""
    if number < 0:
        return -_log_linear_middle(-1 - number)
    if number < 32:
        return number
    bit, part = number // 32 + 4, number % 32
    width = 1 << (bit - 5)
    return ((32 + part) << (bit - 5)) + width // 2
