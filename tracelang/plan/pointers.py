"""C types of pointers and the integers of typed expressions."""

from __future__ import annotations

from typing import Final

from tracelang.plan.c_types import CType, integer
from tracelang.plan.code.values import Memory
from tracelang.semantic.types import Pointer, Space, Type, width

ADDRESS: Final = CType("void *", 8, "Q")
CONDITION: Final = CType("bool", 1, "?")

_MEMORY: Final = {
    Space.KERNEL: Memory.KERNEL,
    Space.USER: Memory.USER,
    Space.EITHER: Memory.EITHER,
}


def pointer_to(tag: str) -> CType:
    """Return the C type of a pointer to a declared type."""
    return CType(f"{tag} *", 8, "Q")


def held_type(type_: Type) -> CType:
    """Return the C type a scalar is held in."""
    if isinstance(type_, Pointer):
        return ADDRESS
    size, signed = width(type_)
    return integer(size, signed=signed)


def stored_type(type_: Type) -> CType:
    """Return the C type a scalar is stored in: pointers as u64."""
    size, signed = width(type_)
    return integer(size, signed=signed)


def memory_of(space: Space) -> Memory:
    """Return the helper family that reads a space."""
    return _MEMORY[space]
