"""What a program does, one statement after the other; each is rendered by the macro of its name."""

from __future__ import annotations

from tracelang.dataclass import dataclass
from tracelang.plan.code.aggregating import (
    Accumulate,
    CountBucket,
    FindCell,
    KeyRoom,
    StoreKey,
    TakeAddress,
    TakeStack,
)
from tracelang.plan.code.reading import (
    CopyBytes,
    CopyText,
    CurrentComm,
    PutWord,
    Read,
    ReadBytes,
    ReadCounted,
    ReadPath,
    ReadText,
    ReadTexts,
    SetBytes,
    TextEqual,
    TextSearch,
)
from tracelang.plan.code.spanning import (
    ClearStart,
    CountSkipped,
    EnterCall,
    FindStart,
    FinishSpan,
    ForgetCalls,
    ForgetStart,
    KeepStart,
    LeaveCall,
    SpanKey,
    StartRoom,
    StoreStart,
)
from tracelang.plan.code.values import Value, Variable


@dataclass(frozen=True, slots=True)
class Line:
    """What follows comes from this line of the script."""

    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Declare:
    """A new local variable and its value."""

    variable: Variable
    value: Value


@dataclass(frozen=True, slots=True)
class Assign:
    """A new value for a local variable."""

    variable: Variable
    value: Value


@dataclass(frozen=True, slots=True)
class If:
    """Statements under a condition."""

    condition: Value
    then: tuple[Statement, ...]
    otherwise: tuple[Statement, ...] = ()


@dataclass(frozen=True, slots=True)
class Guard:
    """Leave the program unless the condition holds."""

    condition: Value


@dataclass(frozen=True, slots=True)
class Select:
    """Set `chosen` to the target that `table` has for a number; leave the program without one."""

    chosen: Variable
    table: str
    number: Value


@dataclass(frozen=True, slots=True)
class Sample:
    """Leave the program for all but `keep` of each `of` events of a rule, counted on each CPU."""

    rule: int
    keep: int
    of: int


@dataclass(frozen=True, slots=True)
class Limit:
    """Leave the program when a rule had its events for this second; they are counted."""

    rule: int
    per_second: int
    ts: Value


@dataclass(frozen=True, slots=True)
class Reserve:
    """Get room for the rule's event, or count it as lost and leave the program.

    With `apart` it is put together in memory of the CPU's own, as its size is known only then.
    """

    record: str
    rule: int
    ts: Value
    target: Value
    apart: bool = False


@dataclass(frozen=True, slots=True)
class Store:
    """Put a value into a field of the event."""

    field: str
    value: Value


@dataclass(frozen=True, slots=True)
class Submit:
    """Hand the event over.

    `last` is the text at its end where only what there is of it is sent, `length` its bytes without
    the NUL.
    """

    record: str
    last: str = ""
    length: Variable | None = None


Statement = (
    Line
    | Declare
    | Assign
    | Read
    | ReadBytes
    | ReadCounted
    | ReadTexts
    | ReadPath
    | ReadText
    | CurrentComm
    | CopyBytes
    | CopyText
    | SetBytes
    | PutWord
    | TextSearch
    | TextEqual
    | If
    | Guard
    | Select
    | Sample
    | Limit
    | Reserve
    | Store
    | KeyRoom
    | StoreKey
    | FindCell
    | Accumulate
    | CountBucket
    | TakeStack
    | TakeAddress
    | SpanKey
    | StartRoom
    | FindStart
    | ClearStart
    | CountSkipped
    | StoreStart
    | KeepStart
    | ForgetStart
    | FinishSpan
    | EnterCall
    | LeaveCall
    | ForgetCalls
    | Submit
)
