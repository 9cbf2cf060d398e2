"""Durations and sizes as options give them: a script's units, and looser spellings."""

from __future__ import annotations

import re

import pytest

from tracelang.syntax.literals import BYTES, NANOSECONDS, parse_amount


@pytest.mark.parametrize(
    ("text", "nanoseconds"),
    [
        ("10", 10_000_000_000),
        ("500ms", 500_000_000),
        ("1.5s", 1_500_000_000),
        ("0.001us", 1),
        ("2min", 120_000_000_000),
        ("1d", 86_400_000_000_000),
    ],
)
def test_durations_are_seconds_without_a_unit(text: str, nanoseconds: int) -> None:
    assert parse_amount(text, NANOSECONDS, "s") == nanoseconds


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("10", 10),
        ("64K", 65_536),
        ("64k", 65_536),
        ("8MiB", 8_388_608),
        ("8mib", 8_388_608),
        ("5KB", 5000),
        ("1.5G", 1_610_612_736),
        ("1TiB", 1 << 40),
    ],
)
def test_sizes_are_bytes_without_a_unit(text: str, size: int) -> None:
    assert parse_amount(text, BYTES, "B") == size


@pytest.mark.parametrize("text", ["s", "s5", "-1s", "10 s", "10K", "10S10", "1.5ns", "1e3", ".5s"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=re.escape(text)):
        parse_amount(text, NANOSECONDS, "s")


def test_a_number_needs_a_unit_where_none_is_usual() -> None:
    with pytest.raises(ValueError, match="10"):
        parse_amount("10", NANOSECONDS)
