"""What a program computes with: integers, pointers, and the buffers that texts live in."""

from __future__ import annotations

from enum import Enum

from tracelang.dataclass import dataclass
from tracelang.plan.c_types import CType


class Memory(Enum):
    """Which helper reads an address. EITHER decides by the address, at run time."""

    KERNEL = "kernel"
    USER = "user"
    EITHER = "any"


class Home(Enum):
    """Where a buffer lives."""

    STACK = "stack"
    SCRATCH = "scratch"
    EVENT = "event"
    KEY = "key"
    START = "start"


@dataclass(frozen=True, slots=True)
class Number:
    """An integer constant."""

    value: int
    type: CType


@dataclass(frozen=True, slots=True)
class Variable:
    """A local variable."""

    name: str
    type: CType


@dataclass(frozen=True, slots=True)
class ContextMember:
    """A member of the program's context: `ctx->name`."""

    name: str
    type: CType


@dataclass(frozen=True, slots=True)
class StartMember:
    """What a span remembered: `start->name`."""

    name: str
    type: CType


@dataclass(frozen=True, slots=True)
class ContextSlot:
    """A u64 of the program's context: `ctx[index]`."""

    index: int
    type: CType


@dataclass(frozen=True, slots=True)
class ContextAddress:
    """An address inside the context: `offset` bytes from its start, plus a value."""

    offset: Value
    type: CType


@dataclass(frozen=True, slots=True)
class Helper:
    """A call of one of the prelude's functions."""

    name: str
    arguments: tuple[Value, ...]
    type: CType


@dataclass(frozen=True, slots=True)
class Operation:
    """A binary C operator on values of fitting types."""

    operator: str
    left: Value
    right: Value
    type: CType


@dataclass(frozen=True, slots=True)
class Prefix:
    """A unary C operator."""

    operator: str
    operand: Value
    type: CType


@dataclass(frozen=True, slots=True)
class Convert:
    """The value in another integer type."""

    operand: Value
    type: CType


@dataclass(frozen=True, slots=True)
class Member:
    """A member that the kernel lets programs read directly: `base->path`."""

    base: Variable
    path: tuple[str, ...]
    type: CType


@dataclass(frozen=True, slots=True)
class MemberAddress:
    """The address of a member: `&base->path`."""

    base: Variable
    path: tuple[str, ...]
    type: CType


@dataclass(frozen=True, slots=True)
class Buffer:
    """Room for `size` bytes of text or data."""

    name: str
    size: int
    home: Home


@dataclass(frozen=True, slots=True)
class BufferAddress:
    """The address `offset` bytes into a buffer."""

    buffer: Buffer
    offset: int
    type: CType


@dataclass(frozen=True, slots=True)
class Literal:
    """Constant bytes compared with the start of a buffer (from `offset`)."""

    buffer: Buffer
    offset: int
    data: bytes
    type: CType


@dataclass(frozen=True, slots=True)
class MaskedBytes:
    """Whether 8 bytes at `offset` of a buffer, masked, equal a constant (bytes as in memory)."""

    buffer: Buffer
    offset: int
    mask: bytes
    data: bytes
    type: CType


Value = (
    Number
    | Variable
    | ContextMember
    | StartMember
    | ContextSlot
    | ContextAddress
    | Helper
    | Operation
    | Prefix
    | Convert
    | Member
    | MemberAddress
    | BufferAddress
    | Literal
    | MaskedBytes
)
