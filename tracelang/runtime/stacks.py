"""Stacks on their way from programs: each different one arrives once, and is located at once."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final

from tracelang.plan.stacks import STACK_HEAD
from tracelang.runtime.frames import DISCARDED, HEADER_SIZE, stride_of
from tracelang.runtime.process_events import ProcessEvents
from tracelang.runtime.reader import Drained, Reader
from tracelang.semantic.types import MOST_FRAMES
from tracelang.symbols.mappings import AddressSpaces, read_maps
from tracelang.symbols.stacks import StackTable, Taken

_MOST: Final = Path("/proc/sys/kernel/perf_event_max_stack")


class StackReader:
    """Takes in stacks, and what is needed to make sense of them, until it is closed."""

    def __init__(self, reader: Reader, table: StackTable) -> None:
        self._reader = reader
        self._table = table
        self._events = ProcessEvents(table.spaces)
        self._settled = 0

    def drain(self) -> None:
        """Take in the stacks that programs have sent so far.

        Of an event that was seen its stack is here too, since it was sent before. What happened to
        processes is looked at after that, so it is known up to then.
        """
        started = time.monotonic_ns()
        drained = self._reader.drain()
        self._events.drain()
        for position in _positions(drained):
            self._add(drained.data, position)
        # Stacks taken before an end that lies before the last drain are all here.
        self._table.spaces.forget_ended(self._settled)
        self._settled = started

    @property
    def mappings_lost(self) -> int:
        """How many records of what processes mapped the kernel could not store."""
        return self._events.lost

    def _add(self, data: bytes, position: int) -> None:
        number, ts, pid, depth, limit = STACK_HEAD.unpack_from(data, position)
        start = position + STACK_HEAD.size
        addresses = memoryview(data)[start : start + 8 * depth].cast("Q").tolist()
        self._table.add(Taken(number, ts, pid, limit), addresses)

    def close(self) -> None:
        """Close what was opened."""
        self._reader.close()
        self._events.close()


def _positions(drained: Drained) -> list[int]:
    """Return where each record begins: they are of different lengths."""
    words = memoryview(drained.data).cast("I")
    found = []
    for run in drained.runs:
        position = run.offset
        while position < run.end:
            header = words[position >> 2]
            if not header & DISCARDED:
                found.append(position + HEADER_SIZE)
            position += stride_of(header)
    return found


def make_table() -> StackTable:
    """Return a table without stacks, for this kernel."""
    return StackTable(AddressSpaces(read_maps), _most_frames())


def _most_frames() -> int:
    try:
        return min(MOST_FRAMES, int(_MOST.read_text()))
    except (OSError, ValueError):
        return MOST_FRAMES
