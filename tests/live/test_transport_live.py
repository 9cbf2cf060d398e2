"""Event transport against this machine's kernel: everything offered is received or counted."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import pairwise
from typing import Protocol

import pytest

from tests.live.transport_program import (
    CPUS,
    EXECVE,
    LONG,
    ONLY_GETPPID,
    PAGE,
    PERF,
    PERF_ARRAY,
    PYTHON,
    RECORDS,
    RING,
    RING_LONG,
    RING_MIXED,
    SHORT,
    STRIDE,
    Offering,
    run_load,
)
from tracelang.runtime.batch import BatchDecoder, Row
from tracelang.runtime.order import TimeOrder
from tracelang.runtime.perf_buffer import PerfBufferReader
from tracelang.runtime.ring import RingReader

EVERY = 100_000
"""Events of each of the two load generators."""


class Load(Protocol):
    def __call__(self, table: str, emit: str, size: int = 0, ignored: str = ...) -> Offering: ...


@pytest.fixture
def load() -> Iterator[Load]:
    """Compile and attach a program; everything is undone after the test."""
    with ExitStack() as stack:

        def enter(table: str, emit: str, size: int = 0, ignored: str = ONLY_GETPPID) -> Offering:
            return stack.enter_context(Offering(table, emit, size, ignored))

        yield enter


def open_ring(offering: Offering, size: int) -> RingReader:
    reader = RingReader(offering.events, size)
    offering.stack.callback(reader.close)
    return reader


def open_perf(offering: Offering, size: int) -> PerfBufferReader:
    reader = PerfBufferReader(offering.events, size)
    offering.stack.callback(reader.close)
    return reader


def counts_by_pid(rows: list[Row]) -> dict[int, list[int]]:
    counts: dict[int, list[int]] = {}
    for row in rows:
        counts.setdefault(row[3], []).append(row[-1])
    return counts


def check_order(rows: list[Row], order: TimeOrder) -> None:
    """A virtual CPU may stand still for longer than the slack: seldom, and never untold."""
    inversions = sum(earlier[0] > later[0] for earlier, later in pairwise(rows))
    assert (inversions == 0) == (order.late == 0)
    assert order.late < 100


def test_everything_offered_by_two_cpus_is_received(load: Load) -> None:
    offering = load(RING, RING_LONG, 4096 * PAGE)
    rows, order = run_load(
        offering, open_ring(offering, 4096 * PAGE), EVERY
    )  # larger than all events
    assert offering.losses == 0
    check_order(rows, order)
    counts = counts_by_pid(rows)
    assert len(counts) == len(CPUS)
    assert all(sorted(each) == list(range(EVERY)) for each in counts.values())
    assert {row[4].rstrip(b"\0") for row in rows} <= {PYTHON}


def test_two_layouts_and_discarded_records(load: Load) -> None:
    offering = load(RING, RING_MIXED, 4096 * PAGE)
    rows, order = run_load(offering, open_ring(offering, 4096 * PAGE), EVERY)
    assert offering.losses == 0
    assert len(rows) == EVERY * len(CPUS)
    check_order(rows, order)
    for row in rows:
        assert row[1] == (SHORT if row[-1] % 3 == 0 else LONG)
        assert len(row) == len(RECORDS[row[1]].fields)


def test_a_tiny_ring_wraps_and_its_loss_is_counted(load: Load) -> None:
    offering = load(RING, RING_LONG, 4 * PAGE)
    rows, _ = run_load(offering, open_ring(offering, 4 * PAGE), EVERY)
    stored = len(rows)
    assert stored + offering.losses == EVERY * len(CPUS)
    assert offering.losses > 0
    assert stored > 2 * (4 * PAGE // STRIDE), "never wrapped"
    for counts in counts_by_pid(rows).values():
        assert counts == sorted(set(counts))


def test_a_full_ring_is_given_back_whole(load: Load) -> None:
    offering = load(RING, RING_LONG, PAGE)
    reader = open_ring(offering, PAGE)
    process = offering.hold_load(CPUS[0], 200)
    process.release()
    assert process.wait() == 0
    capacity = PAGE // STRIDE
    drained = reader.drain()
    rows = BatchDecoder(RECORDS).decode(drained)
    assert [row[-1] for row in rows] == list(range(capacity))
    assert offering.losses == 200 - capacity
    assert reader.fill == capacity * STRIDE / PAGE
    assert reader.drain().count == 0
    assert reader.fill == 0.0


def test_perf_buffers_receive_or_count_everything(load: Load) -> None:
    offering = load(PERF_ARRAY, PERF)
    reader = open_perf(offering, 16 * PAGE)
    rows, order = run_load(offering, reader, EVERY)
    assert len(rows) + offering.losses == EVERY * len(CPUS)
    check_order(rows, order)
    # The kernel tells a CPU's last losses with the next event stored there, so give it one.
    more, _ = run_load(offering, reader, 1)
    assert len(more) == len(CPUS)
    assert reader.lost == offering.losses


def test_a_full_perf_buffer_loses_and_tells(load: Load) -> None:
    offering = load(PERF_ARRAY, PERF)
    reader = open_perf(offering, PAGE)
    process = offering.hold_load(CPUS[0], 500)
    process.release()
    assert process.wait() == 0
    first = reader.drain()
    assert 0 < first.count < 500
    assert offering.losses == 500 - first.count
    assert reader.fill > 0.9
    run_load(offering, reader, 1)
    assert reader.lost == offering.losses
    reader.close()
    assert reader.lost == offering.losses


def test_the_first_system_call_of_a_held_process_is_execve(load: Load) -> None:
    emit = RING_LONG.replace(
        f"record->rule = {LONG};", f"record->rule = {LONG}; record->target = ctx->args[1];"
    )
    offering = load(RING, emit, 64 * PAGE, "0")
    reader = open_ring(offering, 64 * PAGE)
    process = offering.hold("true")
    time.sleep(0.05)
    assert reader.drain().count == 0, "the child made a system call while it was held"
    process.release()
    assert process.wait() == 0
    rows = BatchDecoder(RECORDS).decode(reader.drain())
    assert rows[0][2] == EXECVE
    assert rows[1][4].rstrip(b"\0") == b"true"
