"""Frames: the calls a stack is made of, by name, and what names them in a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


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


class StackNames(Protocol):
    """What a run knows of stacks."""

    def frames(self, number: int) -> Frames:
        """Return the stack of that number."""
        ...

    def kernel_frame(self, address: int) -> Frame:
        """Return the kernel's function at an address."""
        ...
