"""Records one behind the other, as the kernel's ring buffer stores them.

Owns the format: each record follows a header of 8 bytes, whose first 32-bit word is the record's
length with two flags on top (BPF_RINGBUF_BUSY_BIT, BPF_RINGBUF_DISCARD_BIT; the rest is the
kernel's business), and the next header starts at the next multiple of 8 bytes.
"""

from __future__ import annotations

from typing import Final

from tracelang.runtime.reader import Run

HEADER_SIZE: Final = 8
BUSY: Final = 1 << 31
"""Reserved, but not yet submitted or discarded."""
DISCARDED: Final = 1 << 30
"""Given up by the program: to be skipped."""
_LENGTH: Final = DISCARDED - 1
_ALIKE_ENOUGH: Final = 8
_FIRST_STEP: Final = 16
_LAST_STEP: Final = 4096


def stride_of(header: int) -> int:
    """Return the bytes from a header to the next one, of a header or of a plain record size."""
    return ((header & _LENGTH) + HEADER_SIZE + 7) & ~7


def scan_runs(words: memoryview[int], start: int, end: int) -> tuple[tuple[Run, ...], int]:
    """Find the complete records between two bytes of a buffer seen as 32-bit words.

    Stops at the first record still being written. Returns the runs, with offsets relative to
    `start`, and the byte where it stopped. Runs of records that are all alike are found at a few
    nanoseconds a record.
    """
    runs: list[Run] = []
    position = mixed = start
    previous = alike = kept = 0
    while position < end:
        header = words[position >> 2]
        if header >= BUSY:
            break
        stride = ((header & _LENGTH) + 15) & ~7  # stride_of, without the call
        alike = alike + 1 if header == previous else 0
        previous = header
        if alike < _ALIKE_ENOUGH:
            kept += header < DISCARDED
            position += stride
            continue
        number = _count_alike(words, position, (end - position) // stride, stride)
        _add_run(runs, Run(mixed - start, position - start, 0, kept))
        mixed = position + number * stride
        if header < DISCARDED:
            _add_run(runs, Run(position - start, mixed - start, stride, number))
        position = mixed
        alike = kept = 0
    _add_run(runs, Run(mixed - start, position - start, 0, kept))
    return tuple(runs), position


def _add_run(runs: list[Run], run: Run) -> None:
    """Keep a run unless there is nothing in it."""
    if run.number:
        runs.append(run)


def _count_alike(words: memoryview[int], position: int, limit: int, stride: int) -> int:
    """Count the records from `position` on, at most `limit`, that have the header of the first one.

    Looking at one header costs nearly as much as decoding a record, so they are compared many at a
    time: if records are `stride` apart, a strided slice holds just the headers. Where they are not,
    it holds something else from the first record that differs on, and is not believed beyond that
    one.
    """
    header = words[position >> 2]
    count, step = 1, _FIRST_STEP
    while count < limit:
        step = min(step, limit - count)
        first = (position + count * stride) >> 2
        headers = words[first : first + step * (stride >> 2) : stride >> 2].tolist()
        if headers.count(header) != step:
            return count + next(i for i, other in enumerate(headers) if other != header)
        count += step
        step = min(step * 4, _LAST_STEP)
    return count
