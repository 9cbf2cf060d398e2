"""Reading per-CPU perf buffers, for kernels older than the ring buffer (5.8).

Owns one perf buffer for each CPU and their connection to the map that programs write through.
libbcc opens them, but does not read them: its readers call back for each event, go on for as long
as events arrive faster than that, and what a callback raises is printed and forgotten. The format
and protocol are those of perf_event_open(2).
"""

from __future__ import annotations

import ctypes
import mmap
import os
import struct
import time
from collections.abc import Iterator
from typing import Final

from tracelang.diagnostics import fail
from tracelang.runtime.barrier import select_barrier
from tracelang.runtime.cpus import online_cpus
from tracelang.runtime.frames import scan_runs
from tracelang.runtime.perf_ring import PerfRing, split_records
from tracelang.runtime.reader import Drained

_LOST: Final = 2
_SAMPLE: Final = 9
_LOST_COUNT: Final = struct.Struct("=8x8xQ")
_RAW_SIZE: Final = struct.Struct("=8xI")


class _Options(ctypes.Structure):
    """`struct bcc_perf_buffer_opts`; without `wakeup_events`, half a buffer wakes sleepers."""

    _fields_ = (
        ("pid", ctypes.c_int),
        ("cpu", ctypes.c_int),
        ("wakeup_events", ctypes.c_int),
    )


class _CpuBuffer:
    """One CPU's buffer: `fd` is its perf event."""

    def __init__(self, lib: ctypes.CDLL, cpu: int, pages: int) -> None:
        self._lib = lib
        options = _Options(-1, cpu, 0)
        self._handle = lib.bpf_open_perf_buffer_opts(None, None, None, pages, ctypes.byref(options))
        if not self._handle:
            reason = os.strerror(ctypes.get_errno())
            raise fail(
                "T351",
                f"cannot open a perf buffer of {pages} pages on CPU {cpu}: {reason}",
                help=["ask for a smaller buffer: --buffer 256KiB", "run as root"],
            )
        self.fd: int = lib.perf_reader_fd(self._handle)
        self.ring = PerfRing(self.fd, pages)

    def close(self) -> None:
        """Unmap and close."""
        self.ring.close()
        self._lib.perf_reader_free(self._handle)


class PerfBufferReader:
    """Reads what programs write through a BPF_MAP_TYPE_PERF_EVENT_ARRAY (see `Reader`).

    `size` is the bytes of data for each CPU, rounded up to a power of two of pages. Only CPUs
    online now have a buffer: on others a program's write fails. Raises `DiagnosticError` T351 if
    the kernel refuses.
    """

    def __init__(self, map_fd: int, size: int) -> None:
        lib = _load_library()
        pages = 1 << (max(1, -(-size // mmap.PAGESIZE)) - 1).bit_length()
        self._barrier = select_barrier()
        self._buffers: list[_CpuBuffer] = []
        self._lost = 0
        try:
            for cpu in online_cpus():
                self._buffers.append(_CpuBuffer(lib, cpu, pages))
                _connect(lib, map_fd, cpu, self._buffers[-1].fd)
        except BaseException:
            self.close()
            raise

    @property
    def lost(self) -> int:
        """Events the kernel could not store, as it told.

        It tells just before the next event that it can store on the same CPU: what is lost after
        the last such event stays untold. The program's own count of failed writes is complete; do
        not add the two.
        """
        return self._lost

    @property
    def fill(self) -> float:
        """How full the fullest CPU's buffer was when the last drain began, from 0 to 1."""
        return max((buffer.ring.fill for buffer in self._buffers), default=0.0)

    def drain(self) -> Drained:
        """Take all events, CPU by CPU."""
        started = time.monotonic_ns()
        taken = [buffer.ring.take(self._barrier) for buffer in self._buffers]
        data = b"".join(frame for records in taken for frame in self._convert(records))
        runs, _ = scan_runs(memoryview(data).cast("I"), 0, len(data))
        return Drained(data, runs, started)

    def _convert(self, records: bytes) -> Iterator[bytes]:
        """Put a buffer's samples into the form the ring buffer has, and count what it says is lost.

        The kernel stores a sample's length, 4 bytes, before it and rounds up the whole; a record's
        size is a multiple of 8, so what was added is less than that.
        """
        for kind, _, position, _ in split_records(records):
            if kind == _SAMPLE:
                length = _RAW_SIZE.unpack_from(records, position)[0] & ~7
                start = position + _RAW_SIZE.size
                yield struct.pack("=II", length, 0) + records[start : start + length]
            elif kind == _LOST:
                self._lost += _LOST_COUNT.unpack_from(records, position)[0]

    def close(self) -> None:
        """Close the buffers; harmless if done already."""
        buffers, self._buffers = self._buffers, []
        for buffer in buffers:
            buffer.close()


def _connect(lib: ctypes.CDLL, map_fd: int, cpu: int, event: int) -> None:
    """Let programs running on `cpu` write into its buffer."""
    key, value = ctypes.c_int(cpu), ctypes.c_int(event)
    if lib.bpf_update_elem(map_fd, ctypes.byref(key), ctypes.byref(value), 0) != 0:
        reason = os.strerror(ctypes.get_errno())
        raise fail("T351", f"cannot connect the perf buffer of CPU {cpu}: {reason}")


def _load_library() -> ctypes.CDLL:
    """Load libbcc with the prototypes used here."""
    try:
        lib = ctypes.CDLL("libbcc_bpf.so.0", use_errno=True)  # the part without LLVM
    except OSError:
        lib = ctypes.CDLL("libbcc.so.0", use_errno=True)
    lib.bpf_open_perf_buffer_opts.restype = ctypes.c_void_p
    lib.bpf_open_perf_buffer_opts.argtypes = (
        *(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p),
        *(ctypes.c_int, ctypes.POINTER(_Options)),
    )
    lib.perf_reader_fd.argtypes = (ctypes.c_void_p,)
    lib.perf_reader_free.argtypes = (ctypes.c_void_p,)
    lib.perf_reader_free.restype = None
    lib.bpf_update_elem.argtypes = (ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_uint64)
    return lib
