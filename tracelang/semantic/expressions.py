"""Typed expressions: what a script's expressions mean at one place of one kernel."""

from __future__ import annotations

from dataclasses import field

from tracelang.dataclass import dataclass
from tracelang.decoders.protocol import Decoding
from tracelang.semantic.sources import DynamicField, EmbeddedField, Source
from tracelang.semantic.types import Space, Struct, Type
from tracelang.source import Span


@dataclass(frozen=True, slots=True)
class Typed:
    """What typed expressions share; `decoding` is how the value is shown (None: by its type).

    `at_end` marks what a span reads at its end, `stage` the number of the `via` leg it reads at; it
    remembers everything else from its start.
    """

    type: Type
    decoding: Decoding | None = field(default=None, kw_only=True)
    at_end: bool = field(default=False, kw_only=True)
    stage: int = field(default=0, kw_only=True)
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
    """What a span remembered from its start, or its `stage`, by the number of the value."""

    index: int


@dataclass(frozen=True, slots=True)
class Inside(Typed):
    """Whether the current thread is within a call, by the call's number in the script."""

    call: int


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
class StackTaken(Typed):
    """The calls that led here, at most `depth`: the kernel's, or those of the process."""

    user: bool
    depth: int


@dataclass(frozen=True, slots=True)
class UserAddress(Typed):
    """An address of the running process, which means nothing without it."""

    address: Expression


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
    | Inside
    | TextsAt
    | PathAt
    | StackTaken
    | UserAddress
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
