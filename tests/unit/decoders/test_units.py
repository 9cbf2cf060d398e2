"""Durations, sizes, and exact decimals."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.decoders.bound import bind, show
from tracelang.decoders.fixed import fixed_point, truncate


@pytest.mark.parametrize(
    ("decoder", "raw", "expected"),
    [
        ("duration", 0, "0ns"),
        ("duration", 999, "999ns"),
        ("duration", 1_000, "1.000us"),
        ("duration", 1_234_567, "1.235ms"),
        ("duration", 59_999_000_000, "59.999s"),
        ("duration", 60_000_000_000, "1m00.0s"),
        ("duration", 3_725_960_000_000, "1h02m06.0s"),
        ("duration", -1_500, "-1.500us"),
        ("us", 1_999, "1"),
        ("us", -1_999, "-1"),
        ("ms", 1_234_567, "1.235"),
        ("ms", 1, "0.000"),
        ("s", 1_234_567_890, "1.234568"),
        ("size", 0, "0B"),
        ("size", 1023, "1023B"),
        ("size", 1024, "1.0KiB"),
        ("size", 1536, "1.5KiB"),
        ("size", (1 << 20) - 1, "1.0MiB"),
        ("size", 3 << 30, "3.0GiB"),
        ("size", (1 << 64) - 1, "16.0EiB"),
        ("size", -2048, "-2.0KiB"),
    ],
)
def test_shows(decoder: str, raw: int, expected: str) -> None:
    assert show(decoder, raw) == expected


@pytest.mark.parametrize(
    ("decoder", "raw", "number"),
    [("us", 1_999, 1), ("ms", 1_500_000, 1.5), ("s", 250_000_000, 0.25)],
)
def test_a_unit_the_script_asks_for_is_what_machines_get(
    decoder: str, raw: int, number: float
) -> None:
    reading = bind(decoder)
    assert reading.number is not None
    assert reading.machine is not None
    assert reading.number(raw) == reading.machine(raw) == number
    assert not reading.differs


@given(st.integers(-(1 << 64), 1 << 64), st.integers(0, 12), st.integers(0, 15))
def test_fixed_point_is_what_decimal_says(units: int, digits: int, precision: int) -> None:
    with localcontext() as exact:
        exact.prec = 60
        value = Decimal(units).scaleb(-digits)
        expected = value.quantize(Decimal(1).scaleb(-precision), ROUND_HALF_EVEN)
        whole = int(value)
    assert fixed_point(units, digits, precision) == f"{expected:f}"
    assert truncate(units, digits) == whole
