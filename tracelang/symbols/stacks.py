"""Stacks by number: frames are located when they arrive, and named when somebody asks.

To locate an address needs the process, or what is known of it; to name a place in a file takes
longer and can wait, since the file stays open.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Final

from tracelang.dataclass import dataclass
from tracelang.decoders.frames import Frame, Frames
from tracelang.symbols.generated import GeneratedCode
from tracelang.symbols.kernel import KernelSymbols
from tracelang.symbols.machinery import without_machinery
from tracelang.symbols.mappings import AddressSpaces
from tracelang.symbols.modules import VDSO, Module, Modules

_EMPTY: Final = 0
_NOT_TAKEN: Final = 1
_NOWHERE: Final = Module("", None)

Location = tuple[Module | GeneratedCode | None, int, int]
"""A module (None: the kernel), a place in it, and how far before it to look for the function."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A stack's number, when and of which process (0: the kernel) it was, and what is shown."""

    number: int
    ts: int
    pid: int
    limit: int


class StackTable:
    """All stacks of a run (see `StackNames`)."""

    def __init__(self, spaces: AddressSpaces, most_frames: int) -> None:
        self.spaces = spaces
        """What the processes have mapped."""
        self._modules = Modules()
        self._kernel = KernelSymbols()
        self._most = most_frames
        self._located: dict[int, tuple[Location, ...]] = {}
        self._generated: dict[int, GeneratedCode] = {}
        self._limits: dict[int, int] = {}
        self._same: dict[Frames, int] = {}
        self.cut = 0
        """How many different stacks were deeper than the kernel takes them."""
        self.broken = 0
        """How many different stacks end early, at an address that is no code."""
        self.unnamed = 0
        """How many different frames were shown without a name."""
        self.frames = cache(self._frames)
        self.frame = cache(self._frame)

    def add(self, taken: Taken, addresses: Sequence[int]) -> None:
        """Take in a stack."""
        if taken.number in self._located:
            return
        self.cut += len(addresses) >= self._most <= taken.limit
        located = [
            self._locate(taken, address, int(index > 0)) for index, address in enumerate(addresses)
        ]
        self._located[taken.number] = tuple(self._without_rubbish(located))
        self._limits[taken.number] = taken.limit

    def _without_rubbish(self, located: list[Location]) -> list[Location]:
        """Return a stack up to where the way out was lost.

        Code compiled without frame pointers leads to numbers that are no code of the process.
        """
        if any(module is not _NOWHERE for module, _, _ in located):
            for index, (module, _, _) in enumerate(located):
                if module is _NOWHERE:
                    self.broken += 1
                    return located[:index]
        return located

    def _locate(self, taken: Taken, address: int, back: int) -> Location:
        """Return where an address is. Callers are where they go on: the call is just before."""
        if not taken.pid:
            return None, address, back
        mapping = self.spaces.find(taken.pid, taken.ts, address - back)
        if mapping is None:
            return _NOWHERE, address, back
        inside = address - mapping.start
        if not mapping.path.startswith("/") and mapping.path != VDSO:
            return self._generated_by(taken.pid), address, back
        module = self._modules.of(taken.pid, mapping)
        return module, inside + (0 if mapping.path == VDSO else mapping.offset), back

    def _generated_by(self, pid: int) -> GeneratedCode:
        code = self._generated.get(pid)
        if code is None:
            code = self._generated[pid] = GeneratedCode(pid)
        return code

    def _frames(self, number: int) -> Frames:
        """Return the stack of that number."""
        if number == _EMPTY:
            return ()
        if number == _NOT_TAKEN:
            return (Frame("(no stack to be had)", "", 0),)
        located = self._located.get(number)
        if located is None:
            return (Frame("(stack lost)", "", 0),)
        frames = without_machinery(tuple(self.frame(location) for location in located))
        return frames[: self._limits.get(number)]

    def _frame(self, location: Location) -> Frame:
        module, place, back = location
        if module is None:
            frame = self._kernel.frame(place - back, place)
        else:
            frame = module.frame(place - back, place)
        self.unnamed += not frame.name
        return frame

    def kernel_frame(self, address: int) -> Frame:
        """Return the kernel's function at an address."""
        return self._kernel.frame(address, address)

    def canonical(self, number: int) -> int:
        """Return the first number of a stack that reads the same."""
        return self._same.setdefault(
            tuple(Frame(f.name, f.module, 0 if f.name else f.offset) for f in self.frames(number)),
            number,
        )
