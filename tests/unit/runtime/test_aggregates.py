"""Putting together what programs counted: buckets, percentiles, derived columns."""

from __future__ import annotations

import math
from collections import Counter
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracelang.runtime.aggregates.buckets import linear_buckets, percentile, power_buckets
from tracelang.runtime.aggregates.rows import evaluate

SIGNED = st.integers(-(1 << 63), (1 << 63) - 1)
NUMBERS = st.one_of(SIGNED, st.integers(0, (1 << 64) - 1), st.integers(-70, 70))


def log_linear(value: int) -> int:
    """Return the bucket as the generated C computes it."""
    if value < 0:
        return -1 - log_linear(-value)
    bit = value.bit_length() - 1
    return value if value < 32 else (bit - 4) * 32 + ((value >> (bit - 5)) & 31)


def power(value: int) -> int:
    """Return the bucket as the generated C computes it."""
    return -1 if value < 0 else value.bit_length()


def linear(value: int, low: int, high: int, step: int) -> int:
    """Return the bucket as the generated C computes it."""
    return -1 if value < low else (min(value, high) - low) // step


# --- Percentiles ----------------------------------------------------------------------------------


@given(NUMBERS)
def test_a_bucket_is_within_three_percent_of_its_values(value: int) -> None:
    number = log_linear(value)
    assert -2048 <= number < 2048
    shown = percentile({number: 1}, Fraction(50))
    assert shown is not None
    assert abs(shown - value) <= abs(value) * 0.03


@given(st.lists(NUMBERS, min_size=1, max_size=300), st.integers(1, 1000))
def test_percentiles_are_within_three_percent(values: list[int], thousandths: int) -> None:
    rank = Fraction(thousandths, 10)
    true = sorted(values)[max(1, math.ceil(len(values) * rank / 100)) - 1]
    shown = percentile(Counter(map(log_linear, values)), rank)
    assert shown is not None
    assert abs(shown - true) <= abs(true) * 0.03


def test_small_numbers_are_exact() -> None:
    for value in range(-63, 64):
        assert percentile({log_linear(value): 3}, Fraction(99)) == value


def test_a_fraction_of_a_percent_asks_for_no_event_too_many() -> None:
    counts = {1: 999, 20: 1}
    assert percentile(counts, Fraction("99.9")) == 1
    assert percentile(counts, Fraction("99.91")) == 20
    assert percentile(counts, Fraction(100)) == 20


def test_nothing_has_no_percentile() -> None:
    assert percentile({}, Fraction(50)) is None


# --- Histograms -----------------------------------------------------------------------------------


def inside(value: int, low: int | None, above: int | None) -> bool:
    return (low is None or value >= low) and (above is None or value < above)


@given(st.lists(NUMBERS, min_size=1, max_size=50))
def test_powers_of_two_hold_what_they_say(values: list[int]) -> None:
    rows = power_buckets(Counter(map(power, values)))
    assert [count for _, _, count in rows] == [
        sum(inside(v, low, above) for v in values) for low, above, _ in rows
    ]
    assert sum(count for _, _, count in rows) == len(values)
    for (_, above, _), (low, _, _) in pairwise(rows):
        assert above == low


@given(
    st.lists(NUMBERS, min_size=1, max_size=50),
    st.integers(-1000, 1000),
    st.integers(1, 50),
    st.integers(1, 20),
)
def test_steps_hold_what_they_say(values: list[int], low: int, step: int, steps: int) -> None:
    high = low + step * steps
    counts = Counter(linear(v, low, high, step) for v in values)
    rows = linear_buckets(counts, low, high, step)
    assert [count for _, _, count in rows] == [
        sum(inside(v, start, end) for v in values) for start, end, _ in rows
    ]
    assert sum(count for _, _, count in rows) == len(values)


def test_the_edges_of_buckets() -> None:
    assert power_buckets({-1: 1, 0: 2, 1: 3, 2: 4}) == (
        (None, 0, 1),
        (0, 1, 2),
        (1, 2, 3),
        (2, 4, 4),
    )
    assert power_buckets({64: 1}) == ((1 << 63, 1 << 64, 1),)
    assert linear_buckets({-1: 1, 2: 2}, 10, 20, 5) == (
        (None, 10, 1),
        (10, 15, 0),
        (15, 20, 0),
        (20, None, 2),
    )
    assert power_buckets({}) == linear_buckets({}, 0, 10, 5) == ()


# --- Derived columns ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("symbol", "left", "right", "result"),
    [
        ("+", 1 << 64, 1, (1 << 64) + 1),
        ("-", 1, 3, -2),
        ("*", 1 << 40, 1 << 40, 1 << 80),
        ("/", (1 << 64) - 1, 1, (1 << 64) - 1),
        ("/", 7, 2, 3.5),
        ("/", 7, 0, None),
        ("%", 7, 0, None),
        ("%", -7, 4, -3),
        ("%", 7, -4, 3),
        ("+", None, 1, None),
    ],
)
def test_arithmetic_is_exact(symbol: str, left: Any, right: Any, result: Any) -> None:
    names = {"a": left, "b": right}
    assert evaluate((symbol, ("name", "a"), ("name", "b")), names) == result


def test_formulas_nest() -> None:
    formula = ("/", ("-", ("name", "a"), ("number", 1)), ("*", ("name", "b"), ("number", 0.5)))
    assert evaluate(formula, {"a": 4, "b": 3}) == 2
    assert evaluate(formula, {"a": 4, "b": 0}) is None
