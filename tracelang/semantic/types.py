"""The types of tracelang's values. They name what BTF describes, but never look anything up."""

from __future__ import annotations

from enum import Enum

from tracelang.dataclass import dataclass


class Space(Enum):
    """Whose memory a pointer points into.

    EITHER is for function arguments declared `char *`: the C type does not tell, the address does.
    """

    KERNEL = "kernel"
    USER = "user"
    EITHER = "either"


class Flavour(Enum):
    """What an integer stands for, beyond its width and sign."""

    PLAIN = ""
    BOOL = "bool"
    CHAR = "char"
    DURATION = "duration"
    BIG_ENDIAN = "big-endian"


@dataclass(frozen=True, slots=True)
class Int:
    """An integer of 1, 2, 4 or 8 bytes; `name` is how its source spells it (`pid_t`, `__be32`)."""

    size: int
    signed: bool
    name: str = ""
    flavour: Flavour = Flavour.PLAIN

    def __str__(self) -> str:
        if self.name:
            return self.name
        if self.flavour is not Flavour.PLAIN:
            return str(self.flavour.value)
        return f"{'s' if self.signed else 'u'}{self.size * 8}"


@dataclass(frozen=True, slots=True)
class EnumType:
    """A C enum; `values` are its (value, name) pairs."""

    name: str
    size: int
    signed: bool
    values: tuple[tuple[int, str], ...]

    def __str__(self) -> str:
        return f"enum {self.name}" if self.name else "enum"


@dataclass(frozen=True, slots=True)
class Pointer:
    """A pointer; `target` is the BTF id of what it points to (0: unknown), `spelling` its C."""

    target: int
    space: Space
    spelling: str

    def __str__(self) -> str:
        return self.spelling


@dataclass(frozen=True, slots=True)
class Struct:
    """A struct or union by its BTF id; `name` is empty for an anonymous one."""

    id: int
    name: str
    size: int
    keyword: str = "struct"

    def __str__(self) -> str:
        return f"{self.keyword} {self.name}" if self.name else f"anonymous {self.keyword}"


@dataclass(frozen=True, slots=True)
class Array:
    """`length` elements; 0 for a flexible array member."""

    element: Type
    length: int
    element_size: int

    def __str__(self) -> str:
        return f"{self.element}[{self.length or ''}]"


@dataclass(frozen=True, slots=True)
class Text:
    """Text of at most `limit` bytes; longer ones are cut, visibly.

    `natural` says that it cannot be longer: the bound is the kernel's own array.
    """

    limit: int
    natural: bool = False

    def __str__(self) -> str:
        return "text"


@dataclass(frozen=True, slots=True)
class Bytes:
    """Exactly `length` bytes, or up to that many where `counted` (a u32 count comes first)."""

    length: int
    counted: bool = False

    def __str__(self) -> str:
        return f"{self.length} bytes"


@dataclass(frozen=True, slots=True)
class Ip:
    """An IP address: 4 bytes (IPv4) or 16 (IPv6, with IPv4 mapped)."""

    size: int

    def __str__(self) -> str:
        return "IPv4 address" if self.size == 4 else "IP address"


@dataclass(frozen=True, slots=True)
class Stack:
    """A call stack, or `single`: one address of a process. Programs hold its number."""

    single: bool = False

    def __str__(self) -> str:
        return "address" if self.single else "call stack"


Type = Int | EnumType | Pointer | Struct | Array | Text | Bytes | Ip | Stack

U8 = Int(1, signed=False)
U16 = Int(2, signed=False)
U32 = Int(4, signed=False)
U64 = Int(8, signed=False)
S32 = Int(4, signed=True)
S64 = Int(8, signed=True)
BOOL = Int(1, signed=False, flavour=Flavour.BOOL)
DURATION = Int(8, signed=False, flavour=Flavour.DURATION)
SIGNED_DURATION = Int(8, signed=True, flavour=Flavour.DURATION)
"""What is computed with durations: a difference may be negative."""
COMM = Text(15, natural=True)
"""A task's name: TASK_COMM_LEN is 16 with its NUL."""
STACK = Stack()
MOST_FRAMES = 127
"""What the kernel takes of a stack, unless `kernel.perf_event_max_stack` says otherwise."""


def is_scalar(type_: Type) -> bool:
    """Tell whether values of the type fit a register."""
    return isinstance(type_, Int | EnumType | Pointer) or (
        isinstance(type_, Ip) and type_.size == 4
    )


def width(type_: Type) -> tuple[int, bool]:
    """Return the bytes and signedness of what fits a register."""
    match type_:
        case Int(size, signed) | EnumType(_, size, signed):
            return size, signed
        case Pointer() | Stack():
            return 8, False
        case Ip(4):
            return 4, False
    raise TypeError(f"{type_} is not a scalar")
