"""A program that counts how often one process brings it to run, for each way to attach it."""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from tracelang.build.compile import BuildRequest, Compiler
from tracelang.build.headers import HeaderFacts
from tracelang.build.object import BuiltObject
from tracelang.mechanism import Mechanism, PerfEvent
from tracelang.plan.ir import Attachment
from tracelang.runtime.attach import Attacher
from tracelang.runtime.libbcc import Libbcc
from tracelang.runtime.load import load_program
from tracelang.runtime.maps import BpfMap, create_maps

FACTS: Final = HeaderFacts(os.sysconf("SC_PAGE_SIZE"), 0x060100, syscall_wrapper=True)
SLOTS: Final = 8
ANY_PROCESS: Final = 0

# Constant 1 is the slot to count in, constant 2 the process that counts (0: any).
_COUNT: Final = f"""
BPF_PERCPU_ARRAY(counts, u64, {SLOTS});
int count(void *ctx)
{{
  u32 slot = bpf_pseudo_fd(0, 0x7ace0001);
  u32 process = bpf_pseudo_fd(0, 0x7ace0002);
  if (process && bpf_get_current_pid_tgid() >> 32 != process) return 0;
  u64 *counter = counts.lookup(&slot);
  if (counter) *counter += 1;
  return 0;
}}
"""


def compile_counter() -> BuiltObject:
    """Compile the counting program."""
    with Compiler() as compiler:
        return compiler.build(BuildRequest(_COUNT, FACTS))


class Counter:
    """Loads and attaches instances of the counting program; each counts in a slot of its own."""

    def __init__(self, built: BuiltObject, stack: ExitStack) -> None:
        self._program = built.programs[0]
        self._library = Libbcc()
        self._stack = stack
        self._counts: BpfMap = create_maps(self._library, built.maps)["counts"]
        stack.callback(self._counts.close)
        self.attacher = Attacher(self._library)
        stack.callback(self.attacher.close)

    def load(self, slot: int, mechanism: Mechanism, place: str = "", process: int = 0) -> int:
        """Load an instance; it is unloaded with the test."""
        maps = {"counts": self._counts.fd}
        constants = {1: slot, 2: process}
        fd = load_program(self._library, self._program, mechanism, maps, constants, place=place)
        self._stack.callback(os.close, fd)
        return fd

    def attach(
        self,
        slot: int,
        mechanism: Mechanism,
        place: str,
        process: int,
        *,
        offset: int = 0,
        semaphore: int = 0,
        perf: PerfEvent | None = None,
    ) -> int:
        """Load and attach an instance; return the program's descriptor."""
        program = self.load(slot, mechanism, place, process)
        self.attacher.attach(
            Attachment("count", mechanism, place, 0, offset, perf, semaphore), program
        )
        return program

    def count(self, slot: int) -> int:
        """Return how often the instance with that slot has run."""
        (total,) = self._counts.lookup_sums(struct.pack("=I", slot))
        return total


@contextmanager
def counting(built: BuiltObject) -> Iterator[Counter]:
    """Undo everything at the end."""
    with ExitStack() as stack:
        yield Counter(built, stack)


def file_offset(library: Path, symbol: str) -> int:
    """Return where in the file a library's function is, as uprobes want it."""
    address = ctypes.cast(getattr(ctypes.CDLL(str(library)), symbol), ctypes.c_void_p).value
    assert address is not None
    for line in Path("/proc/self/maps").read_text().splitlines():
        start, end = (int(part, 16) for part in line.split()[0].split("-"))
        if start <= address < end:
            assert line.endswith(str(library))
            return address - start + int(line.split()[2], 16)
    raise AssertionError(f"{symbol} is in no mapping")
