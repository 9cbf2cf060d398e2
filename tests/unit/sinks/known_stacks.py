"""Stacks for tests of the outputs, under numbers of one's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from tests.unit.sinks.outputs import Shape
from tracelang.decoders.frames import Frame, Frames
from tracelang.plan.c_types import U64

USTACK: Final[Shape] = ("ustack", "ustack", U64)
KSTACK: Final[Shape] = ("kstack", "kstack", U64)

READ: Final = Frame("read", "libc.so.6", 7)
WORK: Final = Frame("work", "prog", 18)
MAIN: Final = Frame("main", "prog", 4)
UNKNOWN: Final = Frame("", "prog", 0x1234)
NOWHERE: Final = Frame("", "", 0x7F00)
VFS: Final = Frame("vfs_read", "kernel", 9, is_kernel=True)
EXT4: Final = Frame("ext4_read", "ext4", 1, is_kernel=True)
ENTRY: Final = Frame("do_syscall_64", "kernel", 2, is_kernel=True)

KNOWN: Final[Mapping[int, Frames]] = {
    0: (),
    1: (READ, WORK, MAIN),
    2: (UNKNOWN, MAIN),
    3: (EXT4, VFS, ENTRY),
    4: (NOWHERE,),
    5: (Frame("operator<;>(a  b)", "</script><b>", 0),),
    6: (WORK, WORK, MAIN),
}


class KnownStacks:
    """Answers with `KNOWN` (see `StackNames`)."""

    def frames(self, number: int) -> Frames:
        """Return the stack of that number."""
        return KNOWN[number]

    def kernel_frame(self, address: int) -> Frame:
        """Return a function of the kernel that begins 2 bytes before any address."""
        return Frame("some_function", "kernel", 2, is_kernel=True) if address else NOWHERE


STACKS: Final = KnownStacks()


def rows(*values: Sequence[object], rule: int = 0) -> list[tuple[object, ...]]:
    """Return rows with these values."""
    return [(0, rule, 0, *each) for each in values]
