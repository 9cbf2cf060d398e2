"""Statements of spans and of watched calls: what begins, waits and ends."""

from __future__ import annotations

from tracelang.dataclass import dataclass
from tracelang.plan.code.values import Buffer, Value


@dataclass(frozen=True, slots=True)
class SpanKey:
    """Declare `pending`, the key of a span: `values`, or the thread and its depth where `deep`.

    A start goes one deeper, an end one back; an end without a start is counted where `counted`.
    """

    name: str
    values: tuple[Value, ...]
    deep: bool
    starting: bool
    rule: int
    counted: bool


@dataclass(frozen=True, slots=True)
class StartRoom:
    """Declare `start`, zeroed room for what a span remembers, in the scratch field `memory`."""

    name: str
    memory: str


@dataclass(frozen=True, slots=True)
class FindStart:
    """Declare `start`, what is pending; leave the program where nothing is."""

    name: str


@dataclass(frozen=True, slots=True)
class ClearStart:
    """Empty a field of bytes in what a span remembers; a text by its first byte."""

    buffer: Buffer
    text: bool


@dataclass(frozen=True, slots=True)
class CountSkipped:
    """Count a span in which one of these times never came."""

    times: tuple[str, ...]
    rule: int


@dataclass(frozen=True, slots=True)
class StoreStart:
    """Put a value into what a span remembers."""

    field: str
    value: Value


@dataclass(frozen=True, slots=True)
class KeepStart:
    """Put `start` away under `pending`; one that was there already is counted."""

    name: str
    rule: int


@dataclass(frozen=True, slots=True)
class ForgetStart:
    """Drop what is pending."""

    name: str
    rule: int


@dataclass(frozen=True, slots=True)
class FinishSpan:
    """Find the start of a span, hand it to the function that finishes it, and drop it.

    A return belongs to the `entry` it is the return of, and to no other start. `deep`: it may have
    to be looked for below others.
    """

    name: str
    program: str
    rule: int
    counted: bool
    entry: Value | None = None
    deep: bool = False


@dataclass(frozen=True, slots=True)
class EnterCall:
    """The current thread is one level deeper within a watched call."""

    call: int
    rule: int


@dataclass(frozen=True, slots=True)
class LeaveCall:
    """The current thread is one level less deep within a watched call."""

    call: int
    rule: int


@dataclass(frozen=True, slots=True)
class ForgetCalls:
    """The current thread ends: it is within none of the watched calls any more."""

    calls: int
    rule: int
