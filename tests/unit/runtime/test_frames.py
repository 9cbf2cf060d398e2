"""Finding records in ring buffer memory."""

from __future__ import annotations

import struct
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tracelang.runtime.frames import BUSY, DISCARDED, scan_runs
from tracelang.runtime.reader import Run

OFFSET = 64


def put(header: int, fill: int = 0) -> bytes:
    """Return a header with its record, the whole padded to a multiple of 8."""
    length = header & ~(BUSY | DISCARDED)
    return struct.pack("=II", header, 7) + bytes([fill]) * (-(-length // 8) * 8)


def scan(*headers: int) -> tuple[tuple[Run, ...], int]:
    data = bytes(OFFSET) + b"".join(put(header) for header in headers)
    return scan_runs(memoryview(data).cast("I"), OFFSET, len(data))


def test_nothing() -> None:
    assert scan() == ((), OFFSET)


def test_a_few_records_are_one_mixed_run() -> None:
    assert scan(16, 24, 16) == ((Run(0, 80, 0, 3),), OFFSET + 80)


def test_many_alike_are_one_run_with_a_stride() -> None:
    (first, rest), end = scan(*[24] * 10_000)
    assert (first.stride, first.offset, rest.end) == (0, 0, 320_000)
    assert rest.stride == 32
    assert first.number + rest.number == 10_000
    assert end == OFFSET + 320_000


def test_it_stops_at_a_busy_record_even_within_a_long_run() -> None:
    runs, end = scan(*[24] * 5_000, 24 | BUSY, *[24] * 5_000)
    assert sum(run.number for run in runs) == 5_000
    assert end == OFFSET + 32 * 5_000


def test_a_length_that_is_no_multiple_of_8_is_padded() -> None:
    assert scan(17, 20) == ((Run(0, 64, 0, 2),), OFFSET + 64)


def test_bytes_that_look_like_headers_are_not_believed() -> None:
    # given a long run, then a longer record full of what would be the run's header
    header = put(24)[:8]
    data = b"".join([put(24)] * 40) + struct.pack("=II", 800, 7) + header * 100 + put(24)
    # when it is scanned
    runs, end = scan_runs(memoryview(data).cast("I"), 0, len(data))
    # then the long record is one
    assert sum(run.number for run in runs) == 42
    assert end == len(data)


lengths = st.sampled_from([8, 16, 24, 40])
blocks = st.lists(
    st.tuples(lengths, st.sampled_from([0, 0, 0, DISCARDED, BUSY]), st.integers(1, 60)), max_size=12
)


@given(blocks)
def test_runs_hold_just_the_complete_records(blocks: list[tuple[int, int, int]]) -> None:
    headers = [length | flag for length, flag, times in blocks for _ in range(times)]
    runs, end = scan(*headers)
    complete = headers
    if any(header & BUSY for header in headers):
        complete = headers[: next(i for i, header in enumerate(headers) if header & BUSY)]
    assert end == OFFSET + sum((header & 0xFFFF) + 8 for header in complete)
    kept = [header for header in complete if not header & DISCARDED]
    assert sum(run.number for run in runs) == len(kept)
    strided = [run.stride - 8 for run in runs if run.stride for _ in range(run.number)]
    assert all(strided.count(length) <= kept.count(length) for length in set(strided))
    for run in runs:
        assert run.stride == 0 or run.end - run.offset == run.stride * run.number
    assert all(one.end <= other.offset for one, other in pairwise(runs))
