"""What processes do to their address spaces, as the kernel tells perf: exec, mmap, fork, exit.

One event that never counts anything is opened on each CPU; its records are those that perf(1) asks
for too, so that addresses mean something after a process has ended. From perf_event_open(2) and
include/uapi/linux/perf_event.h.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from typing import Final

from tracelang.diagnostics import fail
from tracelang.runtime.barrier import select_barrier
from tracelang.runtime.cpus import online_cpus
from tracelang.runtime.perf_link import open_perf_event
from tracelang.runtime.perf_ring import PerfRing, split_records
from tracelang.symbols.mappings import AddressSpaces, Mapping

# type, size, config, period, sample_type, read_format, flags, wakeup_events, bp_type, config1,
# config2, branch_sample_type, sample_regs_user, sample_stack_user, clockid, and the rest.
_ATTRIBUTES: Final = struct.Struct("=IIQQQQQIIQQQQIi16x")
_SOFTWARE, _DUMMY = 1, 9
_TID_AND_TIME: Final = 1 << 1 | 1 << 2
_MMAP, _COMM, _TASK, _WATERMARK = 1 << 8, 1 << 9, 1 << 13, 1 << 14
_SAMPLE_ID_ALL, _MMAP2, _COMM_EXEC, _CLOCK = 1 << 18, 1 << 23, 1 << 24, 1 << 25
_FLAGS: Final = _MMAP | _COMM | _TASK | _WATERMARK | _SAMPLE_ID_ALL | _MMAP2 | _COMM_EXEC | _CLOCK
_MONOTONIC: Final = 1
_PAGES: Final = 128

_LOST, _COMM_RECORD, _EXIT, _FORK, _MMAP2_RECORD = 2, 3, 4, 7, 10
_WAS_EXEC: Final = 1 << 13
_LOST_COUNT: Final = struct.Struct("=8x8xQ")
_PAIR: Final = struct.Struct("=8xII")
_FAMILY: Final = struct.Struct("=8xIIII")
"""Process, parent, thread, parent's thread."""
_MAPPED: Final = struct.Struct("=8xI4xQQQ8xQ8x8x")
_TIME: Final = struct.Struct("=Q")
_SAMPLE_ID: Final = 16
"""What every record ends with: process, thread, time."""


class ProcessEvents:
    """Tells an `AddressSpaces` what happens to processes; raises T352 where the kernel refuses."""

    def __init__(self, spaces: AddressSpaces) -> None:
        self._spaces = spaces
        self._barrier = select_barrier()
        self._rings: list[tuple[int, PerfRing]] = []
        self.lost = 0
        """How many records the kernel could not store."""
        try:
            for cpu in online_cpus():
                fd = _open_event(cpu)
                self._rings.append((fd, PerfRing(fd, _PAGES)))
        except OSError as error:
            self.close()
            raise fail(
                "T352",
                f"cannot learn what processes have mapped: {error.strerror}",
                notes=["without it the addresses of a `ustack` have no meaning"],
                help=["`tracelang doctor` says what this machine allows"],
            ) from error

    def drain(self) -> None:
        """Pass on what has happened so far, in the order of time."""
        happened: list[tuple[int, int, int, bytes]] = []
        for _, ring in self._rings:
            happened += self._split(ring.take(self._barrier))
        happened.sort(key=lambda event: event[0])
        for ts, kind, flags, record in happened:
            self._tell(ts, kind, flags, record)

    def _split(self, data: bytes) -> Iterator[tuple[int, int, int, bytes]]:
        for kind, flags, start, end in split_records(data):
            record = data[start:end]
            if kind == _LOST:
                self.lost += _LOST_COUNT.unpack_from(record)[0]
            else:
                yield _TIME.unpack_from(record, len(record) - 8)[0], kind, flags, record

    def _tell(self, ts: int, kind: int, flags: int, record: bytes) -> None:
        if kind == _MMAP2_RECORD:
            pid, start, length, offset, inode = _MAPPED.unpack_from(record)
            path = record[_MAPPED.size : -_SAMPLE_ID].partition(b"\0")[0]
            mapping = Mapping(start, start + length, offset, inode, os.fsdecode(path))
            self._spaces.mapped(pid, ts, mapping)
        elif kind == _COMM_RECORD and flags & _WAS_EXEC:
            self._spaces.execed(_PAIR.unpack_from(record)[0], ts)
        elif kind in (_FORK, _EXIT):
            pid, parent, thread, _ = _FAMILY.unpack_from(record)
            if kind == _FORK and pid != parent:  # else it is a thread
                self._spaces.forked(pid, parent, ts)
            elif kind == _EXIT and pid == thread:
                self._spaces.exited(pid, ts)

    def close(self) -> None:
        """Unmap and close; harmless if done already."""
        rings, self._rings = self._rings, []
        for fd, ring in rings:
            ring.close()
            os.close(fd)


def _open_event(cpu: int) -> int:
    """Open the event on a CPU, for all processes."""
    attributes = _ATTRIBUTES.pack(
        *(_SOFTWARE, _ATTRIBUTES.size, _DUMMY, 1, _TID_AND_TIME, 0, _FLAGS),
        *(1 << 30, 0, 0, 0, 0, 0, 0, _MONOTONIC),
    )
    return open_perf_event(attributes, cpu)
