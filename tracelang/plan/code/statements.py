"""What a program does, one statement after the other; each is rendered by the macro of its name."""

from __future__ import annotations

from tracelang.dataclass import dataclass
from tracelang.plan.code.values import Buffer, Memory, Value, Variable


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
class Read:
    """A new local variable read from memory; 0 where the address cannot be read."""

    variable: Variable
    address: Value
    memory: Memory


@dataclass(frozen=True, slots=True)
class ReadBytes:
    """Fill `length` bytes of a buffer, from `at` on, from memory."""

    buffer: Buffer
    at: int
    length: int
    address: Value
    memory: Memory


@dataclass(frozen=True, slots=True)
class ReadCounted:
    """Fill a buffer with a u32 count and up to `most` bytes from memory."""

    buffer: Buffer
    most: int
    count: Value
    address: Value
    memory: Memory


@dataclass(frozen=True, slots=True)
class ReadTexts:
    """Fill a buffer with up to `most` texts that an array of pointers leads to, after a u32 head.

    `room` is where the last of them may begin, `each` what one may take with its NUL.
    """

    buffer: Buffer
    room: int
    each: int
    most: int
    address: Value
    memory: Memory


@dataclass(frozen=True, slots=True)
class ReadPath:
    """Fill a buffer with the names from a dentry up to the root, a u32 head in front."""

    buffer: Buffer
    room: int
    dentry: Value
    mount: Value


@dataclass(frozen=True, slots=True)
class ReadText:
    """Fill a buffer with NUL-ended text of at most `capacity` bytes, NUL included.

    `length`, where it is not None, becomes the text's bytes without the NUL.
    """

    buffer: Buffer
    capacity: int
    address: Value
    memory: Memory
    length: Variable | None = None


@dataclass(frozen=True, slots=True)
class CurrentComm:
    """Fill a buffer of 16 bytes with the running task's name."""

    buffer: Buffer


@dataclass(frozen=True, slots=True)
class CopyText:
    """Copy a buffer's text into another; `length` becomes its bytes without the NUL."""

    target: Buffer
    source: Buffer
    length: Variable | None = None


@dataclass(frozen=True, slots=True)
class SetBytes:
    """Put constant bytes into a buffer, from `at` on."""

    buffer: Buffer
    at: int
    data: bytes


@dataclass(frozen=True, slots=True)
class PutWord:
    """Put a 4-byte value into a buffer, at `at`."""

    buffer: Buffer
    at: int
    value: Value


@dataclass(frozen=True, slots=True)
class TextSearch:
    """Set `found` to whether the text matches `segments`: parts of a pattern between `*`.

    `start` and `end` say whether the first is at the start and the last at the end. `?` in a
    segment is any byte, given as None.
    """

    found: Variable
    buffer: Buffer
    length: Variable
    segments: tuple[tuple[int | None, ...], ...]
    start: bool
    end: bool


@dataclass(frozen=True, slots=True)
class TextEqual:
    """Set `found` to whether two texts are equal."""

    found: Variable
    left: Buffer
    right: Buffer


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
    """Get room for the rule's event, or count it as lost and leave the program."""

    record: str
    rule: int
    ts: Value
    target: Value


@dataclass(frozen=True, slots=True)
class Store:
    """Put a value into a field of the event."""

    field: str
    value: Value


@dataclass(frozen=True, slots=True)
class KeyRoom:
    """Declare `key`, zeroed room for a rule's key, with a bucket's number behind it in `bucket`.

    `memory` is the scratch field it lies in, empty for the stack. `keyed` is False where there is
    no key, only buckets.
    """

    name: str
    memory: str
    keyed: bool
    bucketed: bool


@dataclass(frozen=True, slots=True)
class StoreKey:
    """Put a value into a field of the key."""

    field: str
    value: Value


@dataclass(frozen=True, slots=True)
class FindCell:
    """Declare `cell`, this CPU's numbers for the key, new where need be; count the event in it.

    Without a key it is the cell at a `place` of an array. `counted`: also among the rule's events,
    which the reader can look at without reading all keys.
    """

    name: str
    rule: int
    keyed: bool
    counted: bool
    place: Value


@dataclass(frozen=True, slots=True)
class Accumulate:
    """Work a value into slots of the cell: `function` is sum, min, max or last."""

    function: str
    slot: str
    value: Value


@dataclass(frozen=True, slots=True)
class CountBucket:
    """Add one to a bucket of a map; `number` is its bucket, the rest as in `ir.BucketMap`."""

    map: str
    number: Value
    rule: int
    keyed: bool
    bias: int
    together: int


@dataclass(frozen=True, slots=True)
class TakeStack:
    """A new local variable: the number of the stack that is taken into `room`.

    `frames` of it are taken, of which at most `limit` are shown.
    """

    variable: Variable
    room: Buffer
    user: bool
    frames: int
    limit: int


@dataclass(frozen=True, slots=True)
class TakeAddress:
    """A new local variable: the number of a stack of one frame, an address of the process."""

    variable: Variable
    room: Buffer
    address: Value


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


@dataclass(frozen=True, slots=True)
class Submit:
    """Hand the event over."""

    record: str


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
