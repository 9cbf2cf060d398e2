"""Results of aggregates as text."""

from __future__ import annotations

import pytest

from tests.unit.decoders.bound import bind, show
from tracelang.decoders.aggregates import BAR, histogram_lines, show_bound


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (7, "7"),
        (1000, "1000"),
        (1024, "1K"),
        (3 << 10, "3K"),
        (1 << 20, "1M"),
        (1 << 50, "1P"),
        (1 << 63, "8E"),
        (1 << 64, "16E"),
        (-2048, "-2K"),
        (-5, "-5"),
    ],
)
def test_bounds_by_binary_multiples(value: int, text: str) -> None:
    assert show_bound(value) == text


def test_bars_are_in_proportion_and_aligned() -> None:
    lines = histogram_lines(((None, 0, 1), (0, 1, 0), (1, 2, 1000), (2, 4, 500), (4, None, 3)))
    assert [line.partition("|")[0] for line in lines] == [
        "(…, 0)     1 ",
        "[0]        0 ",
        "[1]     1000 ",
        "[2, 4)   500 ",
        "[4, …)     3 ",
    ]
    bars = [line.partition("|")[2].removesuffix("|") for line in lines]
    assert {len(bar) for bar in bars} == {BAR}
    # Not nothing is seen to be not nothing.
    assert [bar.rstrip() for bar in bars] == ["▏", "", "█" * BAR, "█" * (BAR // 2), "▏"]


def test_an_empty_histogram_has_no_lines() -> None:
    assert histogram_lines(()) == []
    assert show("histogram", ()) == ""


def test_histograms_are_lists_for_machines() -> None:
    machine = bind("histogram").machine
    assert machine is not None
    assert machine(((None, 0, 1), (0, 1, 1 << 60))) == [[None, 0, 1], [0, 1, 1 << 60]]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "-"),
        (1 << 64, "18446744073709551616"),
        (2.5, "2.50"),
        (-1, "-1"),
        ({"count": 2, "avg": 1.5}, "count=2 avg=1.50"),
    ],
)
def test_numbers(value: object, text: str) -> None:
    assert show("number", value) == text


def test_averages_of_amounts_read_as_amounts() -> None:
    assert show("average", 2048.4, "size") == "2.0KiB"
    assert show("average", 896.727, "size") == "897B"
    assert show("average", 1234567.8, "duration") == show("duration", 1234568)
    machine = bind("average", "size").machine
    assert machine is not None
    assert machine(896.75) == 896.75
