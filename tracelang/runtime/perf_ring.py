"""The memory a perf event writes records into, and reading it.

The format and protocol are those of perf_event_open(2).
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Callable, Iterator
from typing import Final

# Words of 8 bytes in the first page (`struct perf_event_mmap_page`).
_HEAD: Final = 1024 >> 3
_TAIL: Final = 1032 >> 3

_RECORD: Final = struct.Struct("=IHH")
"""`struct perf_event_header`: type, flags, size with this header."""


class PerfRing:
    """One event's buffer of `pages` pages, a power of two; `fill` is how full it was when taken."""

    def __init__(self, fd: int, pages: int) -> None:
        self._size = pages * mmap.PAGESIZE
        self.fill = 0.0
        self._map = mmap.mmap(fd, mmap.PAGESIZE + self._size)
        self._positions = memoryview(self._map)[: mmap.PAGESIZE].cast("Q")

    def take(self, barrier: Callable[[], None]) -> bytes:
        """Take the records that are complete; they are all before the head."""
        head, tail = self._positions[_HEAD], self._positions[_TAIL]
        self.fill = (head - tail) / self._size
        barrier()  # load the head, then what it covers
        start = mmap.PAGESIZE + tail % self._size
        data = self._map[start : start + head - tail]
        data += self._map[mmap.PAGESIZE : mmap.PAGESIZE + head - tail - len(data)]
        barrier()  # load the records, then let them be overwritten
        self._positions[_TAIL] = head
        return data

    def close(self) -> None:
        """Unmap."""
        self._positions.release()
        self._map.close()


def split_records(data: bytes) -> Iterator[tuple[int, int, int, int]]:
    """Yield the type, flags, start and end of each record of what was taken."""
    position = 0
    while position < len(data):
        kind, flags, size = _RECORD.unpack_from(data, position)
        yield kind, flags, position, position + size
        position += size
