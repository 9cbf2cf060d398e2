"""Where a target's values come from: its context, its registers, the memory they point to."""

from __future__ import annotations

from tracelang.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class ContextField:
    """A value in the program's context, at `offset` (a tracepoint's fields)."""

    offset: int
    size: int
    signed: bool
    name: str


@dataclass(frozen=True, slots=True)
class DynamicField:
    """A tracepoint's `__data_loc` field: the u32 at `offset` holds the place (low half) and length.

    `relative` for `__rel_loc`, whose place counts from the end of that u32.
    """

    offset: int
    name: str
    relative: bool = False


@dataclass(frozen=True, slots=True)
class EmbeddedField:
    """An array or struct inside the context, at `offset`, of `size` bytes."""

    offset: int
    size: int
    name: str


@dataclass(frozen=True, slots=True)
class FunctionArgument:
    """Argument `index` of a function, from the registers of its entry."""

    index: int


@dataclass(frozen=True, slots=True)
class FunctionReturn:
    """The return value, from the registers of the return."""


@dataclass(frozen=True, slots=True)
class TracingArgument:
    """The u64 at `index` of the context (fentry, fexit, raw tracepoints)."""

    index: int


@dataclass(frozen=True, slots=True)
class WrappedSyscallArgument:
    """Argument `index` of a system call whose entry function gets a `struct pt_regs *`.

    `registers` says where that pointer comes from.
    """

    index: int
    registers: FunctionArgument | TracingArgument


@dataclass(frozen=True, slots=True)
class SyscallNumber:
    """The number of a system call, in the registers that `registers` points to."""

    registers: TracingArgument


@dataclass(frozen=True, slots=True)
class UsdtArgument:
    """An argument of a static user probe, where the compiler happened to put it.

    The value is `constant` plus `register` (a member of `struct pt_regs`: `di`, `regs[3]`, or none)
    plus `index` (another, or none) times `scale`, modulo 2^64. Where `dereference`, that is the
    address in the process's memory where the value lies. Of it count `size` bytes, with its sign.
    """

    size: int
    signed: bool
    constant: int = 0
    register: str = ""
    index: str = ""
    scale: int = 1
    dereference: bool = False


@dataclass(frozen=True, slots=True)
class RecordedField:
    """A value of a recorded event, at `slot` of its row."""

    slot: int


Source = (
    ContextField
    | DynamicField
    | EmbeddedField
    | FunctionArgument
    | FunctionReturn
    | TracingArgument
    | WrappedSyscallArgument
    | SyscallNumber
    | UsdtArgument
    | RecordedField
)
