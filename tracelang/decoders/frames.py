"""Frames: the calls a stack is made of, by name, and what names them in a run."""

from __future__ import annotations

from typing import Protocol

from tracelang.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Frame:
    """One call. `module` is the file or kernel module it is in, `kernel` for the kernel itself.

    `offset` counts from the start of the function; without a `name` from the start of the module,
    and without a module it is the address.
    """

    name: str
    module: str
    offset: int
    is_kernel: bool = False

    @property
    def label(self) -> str:
        """What a person reads: the name, else the place."""
        if self.name:
            return self.name
        return f"[{self.module}]+{self.offset:#x}" if self.module else f"{self.offset:#x}"

    @property
    def full(self) -> str:
        """The name with its offset and where it is."""
        return f"{self.name}+{self.offset:#x} [{self.module}]" if self.name else self.label


Frames = tuple[Frame, ...]
"""A stack, innermost call first."""


def fold(frames: Frames) -> str:
    """Return a stack as flame graph tools take it: outermost call first, `;` in between."""
    return ";".join(fold_text(frame.label) for frame in reversed(frames))


def fold_text(text: str) -> str:
    """Return a text that may stand between the `;` of a folded stack."""
    return " ".join(text.replace(";", ":").split()) or "-"


class StackNames(Protocol):
    """What a run knows of stacks."""

    def frames(self, number: int) -> Frames:
        """Return the stack of that number."""
        ...

    def kernel_frame(self, address: int) -> Frame:
        """Return the kernel's function at an address."""
        ...


class NoStacks:
    """What is known without a run: nothing."""

    def frames(self, number: int) -> Frames:  # noqa: ARG002 - as StackNames has it
        """Return a stack without frames."""
        return ()

    def kernel_frame(self, address: int) -> Frame:
        """Return the address."""
        return Frame("", "", address, is_kernel=True)


NO_STACKS = NoStacks()
