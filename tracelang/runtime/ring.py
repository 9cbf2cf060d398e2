"""Reading the kernel's BPF ring buffer in large pieces.

Owns the mapping of the buffer, a window of it at a time, and its two positions. The protocol is
that of kernel/bpf/ringbuf.c: positions only grow; the producer's is where the next reservation
goes, the consumer's how far its owner has read; byte `p` is at `p % size`. The kernel maps the data
twice in a row, so that no record ever appears broken at the end.

Nobody is woken: programs submit with BPF_RB_NO_WAKEUP, and whoever owns the reader drains it on a
timer.
"""

from __future__ import annotations

import mmap
import os
import time
from typing import Final

from tracelang.runtime.barrier import select_barrier
from tracelang.runtime.frames import scan_runs
from tracelang.runtime.reader import Drained

_LARGEST_RECORD: Final = 256 << 10
"""More than any record takes: as much is mapped behind the window, for the one that reaches out."""
_WINDOW: Final = 2 << 20
"""Bytes of the data that are mapped at a time: each page that is mapped counts as memory of this
process, and moving on takes no longer than reading a few dozen records."""
_MOST_AT_ONCE: Final = 128 << 10
"""Bytes taken by one drain. As rows they are several times as much, and go from hand to hand: they
should stay in the processor's cache."""


class RingReader:
    """The only reader of one ring buffer map (see `Reader`).

    `size` is the map's `max_entries`: the bytes of data, a power of two and a multiple of the page
    size. A drain takes no more than `most` bytes and one record. Raises OSError if the map cannot
    be mapped. The map's descriptor may be closed afterwards.
    """

    def __init__(self, map_fd: int, size: int, *, most: int = _MOST_AT_ONCE) -> None:
        page = mmap.PAGESIZE
        self._size = size
        self._most = most
        self._fill = 0.0
        self._barrier = select_barrier()
        self._consumer_page = mmap.mmap(map_fd, page, mmap.MAP_SHARED)
        self._consumer = memoryview(self._consumer_page).cast("Q")
        self._producer_page = mmap.mmap(map_fd, page, mmap.MAP_SHARED, mmap.PROT_READ, offset=page)
        self._producer = memoryview(self._producer_page).cast("Q")
        self._window = min(size, _WINDOW)
        self._map_fd = os.dup(map_fd)
        self._map_window(0)

    @property
    def lost(self) -> int:
        """Always 0: the kernel does not count for a ring buffer, the programs do."""
        return 0

    @property
    def fill(self) -> float:
        """How full the buffer was when the last drain began, from 0 to 1."""
        return self._fill

    def drain(self) -> Drained:
        """Take records up to the first that is still being written, or as many as are good at once.

        Headers are judged before the records are copied, never in the copy: a copy reads memory in
        any order, and could pair a finished header with what stood there before the record was
        written.
        """
        started = time.monotonic_ns()
        consumed = self._consumer[0]
        pending = self._producer[0] - consumed
        self._fill = pending / self._size
        self._barrier()  # load the position, then what it covers
        start = consumed % self._size
        first = start - start % self._window
        if first != self._first:
            self._unmap_window()
            self._map_window(first)
        # A record that begins before the end of the window may go on behind it, but not begin
        # there; behind the last window the kernel maps the data a second time.
        within = start - first
        end = min(within + min(pending, self._most), self._window)
        runs, stop = scan_runs(self._words, within, end)
        self._barrier()  # load the headers, then the records
        data = self._data[within:stop].tobytes()
        self._barrier()  # load the records, then let them be overwritten
        self._consumer[0] = consumed + (stop - within)
        return Drained(data, runs, started, end == within + pending)

    def close(self) -> None:
        """Unmap the buffer; harmless if done already."""
        self._unmap_window()
        for view in (self._producer, self._consumer):
            view.release()
        self._producer_page.close()
        self._consumer_page.close()
        if self._map_fd >= 0:
            os.close(self._map_fd)
            self._map_fd = -1

    def _map_window(self, first: int) -> None:
        self._first = first
        self._pages = mmap.mmap(
            self._map_fd,
            self._window + min(self._size, _LARGEST_RECORD),
            mmap.MAP_SHARED,
            mmap.PROT_READ,
            offset=2 * mmap.PAGESIZE + first,
        )
        self._data = memoryview(self._pages)
        self._words = self._data.cast("I")

    def _unmap_window(self) -> None:
        self._words.release()
        self._data.release()
        self._pages.close()
