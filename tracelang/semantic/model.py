"""The typed model: what a script means on one kernel. Names are gone; every value has a type."""

from __future__ import annotations

from dataclasses import field

from tracelang.dataclass import dataclass
from tracelang.decoders.protocol import Decoding
from tracelang.mechanism import Mechanism, PerfEvent
from tracelang.semantic.expressions import Builtin, Expression, Step
from tracelang.semantic.sources import Source, SyscallNumber, TracingArgument
from tracelang.semantic.types import Space, Struct, Type
from tracelang.source import Span


@dataclass(frozen=True, slots=True)
class Argument:
    """One value a target brings. `decoding` is set where the kernel itself says how it is read."""

    name: str
    type: Type
    source: Source
    decoding: Decoding | None = None


# --- Targets --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Selector:
    """How a target is told from others at the same place: `source` has the value `number` there.

    `unless`, where it is true, says that the number means something else.
    """

    source: TracingArgument | SyscallNumber
    number: int
    unless: Expression | None = None


@dataclass(frozen=True, slots=True)
class ResolvedTarget:
    """One place of this kernel that a rule attaches to.

    `probe` is its full name, `function` what `func` shows; `returns` is None where there is no
    `retval`. `positional` are the function's arguments by position, for those the script names
    itself and for `argN`. `space` is where pointers that say nothing of themselves point.
    `has_task` is False where the running task has nothing to do with the event (`begin`, `end`,
    `interval`): the process filters spare those. `arguments_first`: they hide builtins.
    `exclusive`: a thread is in one such call at a time, as it is with system calls.
    `matched`: a wildcard found it, and the others do without it where the kernel refuses it.
    """

    probe: str
    function: str
    mechanism: Mechanism
    place: str
    arguments: tuple[Argument, ...] = ()
    returns: Argument | None = None
    positional: tuple[Source, ...] = ()
    offset: int = 0
    perf: PerfEvent | None = None
    semaphore: int = 0
    selector: Selector | None = None
    space: Space = Space.KERNEL
    has_task: bool = True
    arguments_first: bool = False
    exclusive: bool = False
    matched: bool = False
    notes: tuple[str, ...] = ()
    span: Span | None = field(default=None, compare=False, repr=False)


# --- Rules ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CapturedField:
    """One column of a rule, for one target."""

    name: str
    value: Expression


@dataclass(frozen=True, slots=True)
class BoundTarget:
    """A rule's expressions as one target (or several of the same shape) gives them.

    `targets` are indexes into the rule's targets. `arguments` are the print arguments. For a rule
    that aggregates, `captures` are the keys, and `values` what each aggregate takes.
    """

    targets: tuple[int, ...]
    where: Expression | None
    captures: tuple[CapturedField, ...]
    arguments: tuple[CapturedField, ...]
    values: tuple[Expression | None, ...] = ()
    when: Expression | None = None
    """Of a span's end: whether this event ends a span at all."""
    keys: tuple[Expression, ...] = ()
    """Of a span's end: which start it belongs to."""


@dataclass(frozen=True, slots=True)
class SpanLeg:
    """Events that start a span, take it to a stage, or (with nothing stored) forget it.

    `targets` are indexes into the rule's targets, `stored` what must be remembered, by number.
    `stage` counts the `via` legs from 1; `label` is what the script calls it.
    """

    targets: tuple[int, ...]
    when: Expression | None
    keys: tuple[Expression, ...]
    stored: tuple[Expression, ...] = ()
    stage: int = 0
    label: str = ""


@dataclass(frozen=True, slots=True)
class SpanModel:
    """The sides of a span rule but for its ends, which are the rule's bound targets.

    `nested` pairs entries and their own returns on each thread; else keys tell. `deep`: by depth,
    since one such call may lead to another. There are legs for each of `stages` stages.
    """

    starts: tuple[SpanLeg, ...]
    cancels: tuple[SpanLeg, ...]
    nested: bool
    stages: int = 0
    legs: tuple[SpanLeg, ...] = ()
    """The `via` legs, by stage."""
    deep: bool = False


@dataclass(frozen=True, slots=True)
class WatchedCall:
    """A function or system call that `inside` asks about: where it is entered, and left."""

    written: str
    entries: tuple[ResolvedTarget, ...]
    returns: tuple[ResolvedTarget, ...]
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class AggregateColumn:
    """One aggregate: `function` as in the language (percentiles are all `percentile`)."""

    name: str
    function: str
    parameters: tuple[int | str, ...]


Formula = tuple[object, ...]
"""Arithmetic as nested tuples: ("number", n), ("name", column), (operator, left, right)."""


@dataclass(frozen=True, slots=True)
class DerivedColumn:
    """A column computed from aggregates when they are shown."""

    name: str
    formula: Formula


@dataclass(frozen=True, slots=True)
class AggregateModel:
    """What a rule summarises. `order` are all columns as written, `every` is in nanoseconds.

    `reset` says whether each period starts afresh. `top` rows are kept, by the column `by`.
    """

    columns: tuple[AggregateColumn, ...]
    derived: tuple[DerivedColumn, ...]
    order: tuple[str, ...]
    every: int | None
    reset: bool
    top: int | None
    by: str | None


@dataclass(frozen=True, slots=True)
class RuleModel:
    """One rule: where it attaches, what it keeps, takes and shows."""

    number: int
    targets: tuple[ResolvedTarget, ...]
    bound: tuple[BoundTarget, ...]
    format: str | None
    sample: tuple[int, int] | None
    limit: int | None
    span: Span
    aggregate: AggregateModel | None = None
    pairing: SpanModel | None = None


@dataclass(frozen=True, slots=True)
class ParamModel:
    """A script's option; `type` is int, str, bool, duration, size or ip, `value` this run's."""

    name: str
    type: str
    default: object
    value: object
    help: str


@dataclass(frozen=True, slots=True)
class Register:
    """One register in `struct pt_regs`: its member path in C, and its offset in bytes."""

    name: str
    offset: int


@dataclass(frozen=True, slots=True)
class Registers:
    """Where a function's and a system call's values are in `struct pt_regs` of `size` bytes.

    `named` are all that a USDT argument may name.
    """

    size: int
    arguments: tuple[Register, ...]
    syscall_arguments: tuple[Register, ...]
    returns: Register
    syscall_number: Register
    named: tuple[Register, ...] = ()


@dataclass(frozen=True, slots=True)
class TypedTask:
    """The running task where programs may read it directly: the pointer, and its name's place.

    `registers`: the registers it saved when it entered the kernel may be read like that as well.
    """

    pointer: Builtin
    struct: Struct
    comm: Step
    registers: bool


@dataclass(frozen=True, slots=True)
class Platform:
    """What generated programs rely on of the architecture and the kernel.

    `typed_task` is None where a helper has to be asked for all that is to be known of the task.
    """

    registers: Registers
    typed_task: TypedTask | None = None


@dataclass(frozen=True, slots=True)
class ScriptModel:
    """A whole script on one kernel."""

    description: str
    params: tuple[ParamModel, ...]
    rules: tuple[RuleModel, ...]
    platform: Platform
    stop_after: int | None = None
    """Nanoseconds."""
    stop_events: int | None = None
    calls: tuple[WatchedCall, ...] = ()
    """What `inside` asks about, by number."""
