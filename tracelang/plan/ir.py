"""The Plan: all that is needed to generate, load, attach and show a script, and nothing else.

A Plan stands alone: it holds no syntax and asks no kernel. It has three parts: what is generated
(`Program`, `Record`, `MapPlan`, `StructDeclaration`), what is attached (`Attachment`) and what is
shown (`RuleOutput`).
"""

from __future__ import annotations

from dataclasses import replace
from enum import Enum
from typing import TYPE_CHECKING, Final

from tracelang.dataclass import dataclass
from tracelang.decoders.protocol import Decoding
from tracelang.mechanism import Mechanism, PerfEvent
from tracelang.plan.c_types import CType

if TYPE_CHECKING:  # a start from the cache has no statements
    from tracelang.plan.code.statements import Statement

# --- Records --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RecordField:
    """One member of a record: its place is `offset` bytes from the start."""

    name: str
    type: CType
    offset: int


@dataclass(frozen=True, slots=True)
class Record:
    """The bytes of one event of a rule, the same in C, ctypes and the batch decoder.

    Every record starts with `ts` (u64, monotonic nanoseconds), `rule` (u32) and `target` (u32, an
    index into the rule's targets), so that records of several rules can share one buffer. `size` is
    a multiple of 8. With `cut`, the last field is a text of which only what there is of it is sent,
    up to its NUL and the next multiple of 8: `size` is the most an event may take.
    """

    name: str
    fields: tuple[RecordField, ...]
    size: int
    cut: bool = False


# --- What is attached -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Attachment:
    """One program at one place.

    `place` is the function (kprobe, fentry), `category:event` (tracepoint), the event (raw
    tracepoint), the absolute path of the binary (uprobe), `begin` or `end` (run). `offset` is into
    the function, or the file offset in the binary; `semaphore` the file offset of a USDT semaphore,
    0 for none. `target` is the value the program's target constant is patched with.
    """

    program: str
    mechanism: Mechanism
    place: str
    target: int
    offset: int = 0
    perf: PerfEvent | None = None
    semaphore: int = 0
    by_cookie: bool = False
    """Whether the program can do without that constant: each attachment tells it its target."""
    matched: bool = False
    """Whether a wildcard found the place: the others do without it where the kernel refuses it."""


# --- What is shown --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Column:
    """One shown value: `slot` is its index in a row, `decoding` how to read it."""

    name: str
    slot: int
    decoding: Decoding


@dataclass(frozen=True, slots=True)
class BucketMap:
    """The map of one column's buckets, or of its distinct values.

    `keyed` maps are hashes by the rule's key and the bucket; else it is an array, whose elements
    stand for the buckets from `-bias` on. `together` neighbouring buckets share an entry of a hash,
    found by the number of the first divided by it; 1: an entry only says that there is a value.
    """

    name: str
    column: int
    keyed: bool
    size: int
    bias: int
    together: int = 1


@dataclass(frozen=True, slots=True)
class AggregatePlan:
    """What a rule keeps in the kernel instead of sending events, and how it becomes rows.

    `key` is None where there is one row only; its first field is `epoch` where `reset`. `cell` is
    kept on each CPU: `n` events, and each column's slots. `columns` are (name, function,
    parameters, signed), `order` the shown names. `every` is in nanoseconds; `sample` is (N, M)
    where N of each M events are counted.
    """

    cells: str
    key: Record | None
    cell: Record
    buckets: tuple[BucketMap, ...]
    columns: tuple[tuple[str, str, tuple[int | str, ...], bool], ...]
    derived: tuple[tuple[str, tuple[object, ...]], ...]
    order: tuple[str, ...]
    every: int | None
    reset: bool
    top: int | None
    by: str | None
    sample: tuple[int, int] | None = None
    stacks: tuple[int, ...] = ()
    """Which of the key's values are call stacks: those that read the same are put together."""
    places: int = 0
    """Where the key is the target alone, how many there are: cells are an array by its number."""


@dataclass(frozen=True, slots=True)
class RuleOutput:
    """How one rule's events are shown.

    A row is the tuple that the record's fields unpack to, in order: `ts`, `rule`, `target`, then
    the captured values (integers, or bytes for byte arrays). `targets` names the places, by
    `target`: (probe as written, function or event). `format` is None for a table; else `arguments`
    are its values in order.
    """

    rule: int
    record: Record
    columns: tuple[Column, ...]
    targets: tuple[tuple[str, str], ...]
    format: str | None = None
    arguments: tuple[Column, ...] = ()
    aggregate: AggregatePlan | None = None


# --- What is generated ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StructMember:
    """One used member: `type` is its C type, `count` its elements (0: not an array)."""

    name: str
    type: str
    offset: int
    count: int = 0


@dataclass(frozen=True, slots=True)
class StructDeclaration:
    """A kernel type with only the members that are used, each at its place on this kernel."""

    keyword: str
    name: str
    size: int
    members: tuple[StructMember, ...]


@dataclass(frozen=True, slots=True)
class ScratchField:
    """A buffer too large for the stack."""

    name: str
    size: int


@dataclass(frozen=True, slots=True)
class Program:
    """One BPF program; `context` is the C type its argument points to, `origin` what it is for."""

    name: str
    context: str
    origin: str
    body: tuple[Statement, ...]
    scratch: tuple[ScratchField, ...]
    rule: int
    file: str
    line: int
    finish: tuple[Statement, ...] = ()
    """Of a span's end: what happens once its start is found; `start` points to it."""
    watching: bool = False
    """Whether it only keeps what `inside` asks about: its targets are none of its rule's."""


@dataclass(frozen=True, slots=True)
class Selection:
    """A table of `size` numbers in the kernel: which target each (number, target) pair means."""

    name: str
    size: int
    targets: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class SpanPlan:
    """The starts a span rule keeps: by `keys` u64s, or by thread and depth where `deep`."""

    rule: int
    keys: int
    deep: bool
    start: Record


@dataclass(frozen=True, slots=True)
class FollowPlan:
    """The programs that keep the set of followed processes: they learn of new and gone ones.

    The offsets are of `child_pid` in sched_process_fork's record and `pid` in sched_process_free's.
    """

    child_pid_offset: int
    pid_offset: int


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole script, ready to be generated, attached and shown.

    `transport` is `ring` or `perf`; `buffer_size` its bytes (all CPUs together for a ring).
    """

    name: str
    programs: tuple[Program, ...]
    records: tuple[Record, ...]
    structs: tuple[StructDeclaration, ...]
    attachments: tuple[Attachment, ...]
    outputs: tuple[RuleOutput, ...]
    follow: FollowPlan | None
    transport: str
    stop_after: int | None
    stop_events: int | None
    limits: tuple[int | None, ...]
    samples: tuple[tuple[int, int] | None, ...]
    selections: tuple[Selection, ...] = ()
    spans: tuple[SpanPlan, ...] = ()
    watches: bool = False
    """Whether there are programs that know which threads are within a call."""

    @property
    def shown(self) -> tuple[RuleOutput, ...]:
        """How the rules that can fire are shown, not those that a param turns off; else all."""
        firing = {program.rule for program in self.programs}
        return tuple(output for output in self.outputs if output.rule in firing) or self.outputs

    def without_code(self) -> Plan:
        """Return the plan without what is generated from it: all that running and showing need."""
        programs = tuple(replace(p, body=(), finish=(), scratch=()) for p in self.programs)
        return replace(self, programs=programs, records=(), structs=())


COUNTERS_PER_RULE: Final = 17
"""How many counters each rule has: see `Counter`."""


class Counter(Enum):
    """What a rule counts besides its events, as an index into its counters."""

    LOST = 0
    SAMPLED_OUT = 1
    LIMITED = 2
    UNREADABLE = 3
    FULL = 4
    UNMATCHED = 5
    OVERWRITTEN = 6
    STARTED = 7
    ENDED = 8
    CANCELLED = 9
    NOT_TAKEN = 10
    NOT_SENT = 11
    SKIPPED = 12
    ENTERED = 13
    LEFT = 14
    UNPLACED = 15
    SUMMED = 16
