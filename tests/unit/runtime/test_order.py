"""Time order across drains."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tracelang.runtime.batch import Row
from tracelang.runtime.order import TimeOrder


def stamped(*stamps: int) -> list[Row]:
    return [(ts, i) for i, ts in enumerate(stamps)]


def stamps(rows: list[Row]) -> list[int]:
    return [row[0] for row in rows]


def test_rows_are_sorted_and_young_ones_held_back() -> None:
    order = TimeOrder(slack=10)
    assert stamps(order.push(stamped(50, 30, 95, 40), started=100)) == [30, 40, 50]
    assert stamps(order.push(stamped(93, 120), started=200)) == [93, 95, 120]
    assert order.flush() == []
    assert order.late == 0


def test_flush_gives_what_is_held_back() -> None:
    order = TimeOrder(slack=10)
    assert order.push(stamped(99, 97), started=100) == []
    assert stamps(order.flush()) == [97, 99]
    assert order.flush() == []


def test_equal_time_stamps_keep_their_order() -> None:
    order = TimeOrder(slack=0)
    rows = stamped(7, 5, 7, 5)
    assert order.push(list(rows), started=100) == [rows[1], rows[3], rows[0], rows[2]]


def test_the_boundary_belongs_to_those_held_back() -> None:
    assert stamps(TimeOrder(slack=10).push(stamped(89, 90), started=100)) == [89]


def test_an_event_older_than_one_passed_on_is_counted() -> None:
    order = TimeOrder(slack=10)
    order.push(stamped(80), started=100)
    assert stamps(order.push(stamped(70, 80, 79, 150), started=200)) == [70, 79, 80, 150]
    assert order.late == 2
    order.push(stamped(75), started=300)
    assert order.late == 3
    order.push(stamped(149, 160), started=400)
    assert order.late == 4


@given(st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 30)), max_size=60))
def test_within_the_slack_everything_comes_out_sorted(events: list[tuple[int, int]]) -> None:
    # given events of which each is found by the first drain at least `delay` after its time stamp
    order = TimeOrder(slack=30)
    out: list[Row] = []
    for started in range(0, 1100, 50):
        found = [(ts, d) for ts, d in events if started - 50 < ts + d <= started]
        out += order.push(found, started)
    out += order.flush()
    # then nothing is late, lost or out of order
    assert stamps(out) == sorted(ts for ts, _ in events)
    assert order.late == 0
