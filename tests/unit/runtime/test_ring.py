"""The ring buffer's protocol, on a file laid out like one; the live tests use the kernel's own."""

from __future__ import annotations

import mmap
import os
import struct
import time
from collections.abc import Iterator

import pytest

from tracelang.diagnostics import DiagnosticError
from tracelang.runtime import barrier
from tracelang.runtime.frames import BUSY, DISCARDED
from tracelang.runtime.ring import RingReader

PAGE = mmap.PAGESIZE


class FileRing:
    """Plays the kernel: one page of data, seen twice, behind the two pages of positions."""

    def __init__(self) -> None:
        self.fd = os.memfd_create("ring")
        os.ftruncate(self.fd, 4 * PAGE)
        self.produced = 0

    def put(self, header: int, value: int) -> int:
        """Reserve and fill a record of 24 bytes; return its position."""
        position = self.produced
        self.write(position, struct.pack("=II3Q", header, 0, value, value, value))
        self.produced += 32
        os.pwrite(self.fd, struct.pack("=Q", self.produced), PAGE)
        return position

    def write(self, position: int, data: bytes) -> None:
        for i, byte in enumerate(data):
            for copy in (0, 1):
                place = 2 * PAGE + (position + i) % PAGE + copy * PAGE
                os.pwrite(self.fd, bytes([byte]), place)

    @property
    def consumed(self) -> int:
        position: int = struct.unpack("=Q", os.pread(self.fd, 8, 0))[0]
        return position


@pytest.fixture
def ring() -> Iterator[FileRing]:
    ring = FileRing()
    yield ring
    os.close(ring.fd)


@pytest.fixture
def reader(ring: FileRing) -> Iterator[RingReader]:
    reader = RingReader(ring.fd, PAGE)
    yield reader
    reader.close()


def values(reader: RingReader) -> list[int]:
    drained = reader.drain()
    found: list[int] = []
    for run in drained.runs:
        for offset in range(run.offset, run.end, 32):
            header, value = struct.unpack_from("=I4xQ", drained.data, offset)
            found += [value] * (not header & DISCARDED)
    assert drained.count == len(found)
    return found if drained.complete else found + values(reader)


def test_an_empty_ring(reader: RingReader) -> None:
    before = time.monotonic_ns()
    drained = reader.drain()
    assert (drained.data, drained.runs, drained.count) == (b"", (), 0)
    assert before <= drained.started <= time.monotonic_ns()
    assert (reader.fill, reader.lost) == (0.0, 0)


def test_records_come_once_and_their_room_is_given_back(ring: FileRing, reader: RingReader) -> None:
    for value in range(20):
        ring.put(24, value)
    assert values(reader) == list(range(20))
    assert reader.fill == 20 * 32 / PAGE
    assert ring.consumed == 20 * 32
    assert values(reader) == []


def test_a_busy_record_holds_up_those_behind_it(ring: FileRing, reader: RingReader) -> None:
    ring.put(24, 1)
    busy = ring.put(24 | BUSY, 2)
    ring.put(24, 3)
    assert values(reader) == [1]
    assert ring.consumed == busy
    ring.write(busy, struct.pack("=I", 24))
    assert values(reader) == [2, 3]


def test_discarded_records_are_skipped(ring: FileRing, reader: RingReader) -> None:
    ring.put(24, 1)
    ring.put(24 | DISCARDED, 2)
    ring.put(24, 3)
    assert values(reader) == [1, 3]
    assert ring.consumed == ring.produced


def test_records_across_the_end_are_whole(ring: FileRing, reader: RingReader) -> None:
    expected = 0
    for number in (100, 100, 3, 128):  # 128 records of 32 bytes fill a page
        for value in range(expected, expected + number):
            ring.put(24, value)
        assert values(reader) == list(range(expected, expected + number))
        expected += number
    assert ring.consumed == 32 * expected


def test_a_drain_takes_a_piece_and_says_that_there_is_more(ring: FileRing) -> None:
    reader = RingReader(ring.fd, PAGE, most=64)
    for value in range(5):
        ring.put(24, value)
    pieces = [reader.drain() for _ in range(4)]
    assert [(piece.count, piece.complete) for piece in pieces] == [
        *((2, False), (2, False)),
        *((1, True), (0, True)),
    ]
    reader.close()


def test_close_twice(ring: FileRing) -> None:
    reader = RingReader(ring.fd, PAGE)
    reader.close()
    reader.close()
    with pytest.raises(ValueError, match="released"):
        reader.drain()


def test_a_descriptor_that_is_no_ring() -> None:
    with open(os.devnull, "rb") as file, pytest.raises(OSError):  # noqa: PT011,PTH123
        RingReader(file.fileno(), PAGE)


@pytest.mark.parametrize("machine", ["x86_64", "s390x"])
def test_no_barrier_where_loads_stay_in_order(machine: str) -> None:
    assert barrier.select_barrier(machine).__name__ == "_pass_through"


def test_a_barrier_on_other_machines() -> None:
    assert barrier.select_barrier("aarch64").__name__ == "barrier"
    barrier.select_barrier("aarch64")()


def test_a_kernel_without_membarrier(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(barrier, "_GENERIC_SYSCALL_NUMBER", 999_999)
    monkeypatch.setattr(barrier, "_SYSCALL_NUMBER", {})
    with pytest.raises(DiagnosticError, match=r"T350.*not implemented") as caught:
        barrier.select_barrier("riscv64")
    assert caught.value.status == 3
