"""The typed model: what a script means on one kernel. Names are gone; every value has a type."""

from __future__ import annotations

from dataclasses import dataclass, field

from tracelang.decoders.protocol import Decoding
from tracelang.mechanism import Mechanism, PerfEvent
from tracelang.semantic.types import Space, Struct, Type
from tracelang.source import Span

# --- Where a target's values come from ------------------------------------------------------------


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
)


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
    `interval`): the process filters spare those.
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
    notes: tuple[str, ...] = ()
    span: Span | None = field(default=None, compare=False, repr=False)


# --- Typed expressions ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Typed:
    """What typed expressions share; `decoding` is how the value is shown (None: by its type).

    `at_end` marks what a span reads at its end; it remembers everything else from its start.
    """

    type: Type
    decoding: Decoding | None = field(default=None, kw_only=True)
    at_end: bool = field(default=False, kw_only=True)
    span: Span | None = field(default=None, compare=False, repr=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class Constant(Typed):
    """A value known when the code is generated: an integer, text, or packed address bytes."""

    value: int | str | bytes


@dataclass(frozen=True, slots=True)
class ArgumentValue(Typed):
    """A scalar argument of the target; `name` is for the reader of generated code."""

    source: Source
    name: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Builtin(Typed):
    """A value every target has, such as `pid`, `comm`, `ts` and `task`."""

    name: str


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a path: member `name` at `offset` of its parent, or element `[i]`; its type."""

    name: str
    offset: int
    type: Type


@dataclass(frozen=True, slots=True)
class Place(Typed):
    """Something in memory, `path` (members and elements) from the `struct` at address `base`.

    `offset` is in bytes from `base`; for a bit-field `bits` is (first bit from `offset`, number of
    bits). `struct` is None when `base` points straight at the value. `space` is where `base`
    points.
    """

    base: Expression
    struct: Struct | None
    path: tuple[Step, ...]
    offset: int
    space: Space
    bits: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class ContextPlace(Typed):
    """Bytes inside the program's context: a tracepoint's array, or its dynamic text."""

    source: EmbeddedField | DynamicField


@dataclass(frozen=True, slots=True)
class AddressOf(Typed):
    """The address of a place, plus `index` elements of `stride` bytes where there is one."""

    place: Place
    index: Expression | None = None
    stride: int = 0


@dataclass(frozen=True, slots=True)
class Offset(Typed):
    """The pointer `base` moved by `index` elements of `stride` bytes (either may be negative)."""

    base: Expression
    index: Expression
    stride: int


@dataclass(frozen=True, slots=True)
class TextAt(Typed):
    """The NUL-ended text that `pointer` points to; its type is Text."""

    pointer: Expression
    space: Space


@dataclass(frozen=True, slots=True)
class BytesAt(Typed):
    """`count` bytes that `pointer` points to (None: as many as the type says)."""

    pointer: Expression
    space: Space
    count: Expression | None = None


@dataclass(frozen=True, slots=True)
class Stored(Typed):
    """What a span remembered from its start, by the number of the value."""

    index: int


@dataclass(frozen=True, slots=True)
class TextsAt(Typed):
    """Up to `most` texts of up to `each` bytes that the NULL-ended array at `pointer` points to."""

    pointer: Expression
    space: Space
    each: int
    most: int


@dataclass(frozen=True, slots=True)
class PathAt(Typed):
    """The names from `dentry` up to the root.

    `mount` is its `struct vfsmount *`, None to stay in its own file system; `layout` holds the
    members the walk needs, as places from a null pointer.
    """

    dentry: Expression
    mount: Expression | None
    layout: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Arithmetic(Typed):
    """`+ - * / % & | ^ << >>` on 64-bit values; `signed` as the type says."""

    operator: str
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Negated(Typed):
    """`-x` or `~x`."""

    operator: str
    operand: Expression


@dataclass(frozen=True, slots=True)
class Cast(Typed):
    """The operand cut or extended to the type's width and sign."""

    operand: Expression


@dataclass(frozen=True, slots=True)
class Swap(Typed):
    """The operand with its bytes in the other order (network to host)."""

    operand: Expression


@dataclass(frozen=True, slots=True)
class Compare(Typed):
    """`== != < <= > >=` of two scalars, as numbers: a negative one is below any unsigned one."""

    operator: str
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class TextMatch(Typed):
    """A test on text: `operator` is `==`, `startswith`, `endswith`, `contains` or `matches`."""

    operator: str
    text: Expression
    pattern: str


@dataclass(frozen=True, slots=True)
class TextSame(Typed):
    """Whether two texts are equal, up to the shorter limit."""

    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class InRange(Typed):
    """Whether an address lies in `network` (packed) of `prefix` bits."""

    address: Expression
    network: bytes
    prefix: int


@dataclass(frozen=True, slots=True)
class Logical(Typed):
    """`and` or `or`, evaluated only as far as needed."""

    operator: str
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Not(Typed):
    """Boolean negation."""

    operand: Expression


@dataclass(frozen=True, slots=True)
class Choice(Typed):
    """`then if condition else otherwise`."""

    condition: Expression
    then: Expression
    otherwise: Expression


Expression = (
    Constant
    | ArgumentValue
    | Builtin
    | Place
    | ContextPlace
    | AddressOf
    | Offset
    | TextAt
    | BytesAt
    | Stored
    | TextsAt
    | PathAt
    | Arithmetic
    | Negated
    | Cast
    | Swap
    | Compare
    | TextMatch
    | TextSame
    | InRange
    | Logical
    | Not
    | Choice
)


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
class SpanStart:
    """Events that start a span (or, with nothing stored, forget one).

    `targets` are indexes into the rule's targets, `stored` what must be remembered, by number.
    """

    targets: tuple[int, ...]
    when: Expression | None
    keys: tuple[Expression, ...]
    stored: tuple[Expression, ...] = ()


@dataclass(frozen=True, slots=True)
class SpanModel:
    """The two sides of a span rule; its ends are the rule's bound targets.

    `nested` pairs entries and returns on each thread by depth; else keys tell.
    """

    starts: tuple[SpanStart, ...]
    cancels: tuple[SpanStart, ...]
    nested: bool


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
class ScriptModel:
    """A whole script on one kernel."""

    description: str
    params: tuple[ParamModel, ...]
    rules: tuple[RuleModel, ...]
    registers: Registers
    stop_after: int | None = None
    """Nanoseconds."""
    stop_events: int | None = None
