"""What a decoder is: the part that turns a raw value into what a person reads."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Protocol

from tracelang.dataclass import dataclass
from tracelang.decoders.frames import NO_STACKS, Frames, StackNames


@dataclass(frozen=True, slots=True)
class Decoding:
    """How a raw value becomes what a person reads: a decoder's name and its constant arguments."""

    decoder: str
    arguments: tuple[object, ...] = ()


class Operand(Enum):
    """The kind of raw value a decoder takes."""

    INTEGER = "an integer"
    BYTES = "bytes"
    ADDRESS = "an IPv4 address in 4 bytes or an IPv6 address in 16"


class Parameter(Enum):
    """The kind of constant argument a decoder takes after its operand."""

    WORD = "a bare word"
    INTEGER = "an integer constant"


class Shape(Enum):
    """What machine outputs carry of a value: what `Reading.machine` returns."""

    INTEGER = "the raw integer"
    NUMBER = "an integer or a fraction"
    BOOL = "true or false"
    TEXT = "text"
    MAYBE_TEXT = "text, or nothing"
    MOMENT = "a point in time as text (ISO 8601); `scaled` gives nanoseconds since the epoch"
    INTEGERS = "a list of integers"
    HISTOGRAM = "a list of [lowest or None, first above or None, events]"
    FRAMES = "a list of calls, innermost first, each with `name`, `module` and `offset`"
    RESULT = "what the aggregate gives: a number, several by name, or nothing"


@dataclass(frozen=True, slots=True)
class DecodeContext:
    """What a run knows and a raw value does not.

    `wall_offset(ts)` gives the nanoseconds to add to the monotonic timestamp to get wall-clock time
    since the epoch; `start()` the timestamp of the first event shown, in monotonic nanoseconds (0
    before it); `text_limit` is the most bytes of a text that are shown; `on_cut` is called once for
    each text that was longer. `targets` are the rule's (probe, function) names. `stacks` reads the
    numbers of call stacks, which are shown with offsets and files if `verbose`.
    """

    wall_offset: Callable[[int], int]
    start: Callable[[], int]
    text_limit: int
    on_cut: Callable[[], None]
    targets: tuple[tuple[str, str], ...] = ()
    stacks: StackNames = NO_STACKS
    verbose: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """A decoder bound to its constant arguments and a run.

    `text` gives what a person reads. `number`, where it is not None, gives the value that a numeric
    format (`%d`, `%f`) shows instead of the raw integer: an int or a float. `machine` gives the raw
    value for machine outputs (int, str, float, bool, None, a list of them; bytes for text that is
    no UTF-8); `differs` says whether they should carry `text` beside it. `scaled` gives, where the
    number has a fraction, that number as an integer of units of 10**-`digits`, so that no digit is
    lost on the way through a float. `shape` says what machine outputs carry. `frames` gives the
    calls of a stack, innermost first.
    """

    text: Callable[[object], str]
    number: Callable[[object], int | float] | None = None
    machine: Callable[[object], object] | None = None
    differs: bool = True
    scaled: Callable[[object], int] | None = None
    digits: int = 0
    shape: Shape = Shape.INTEGER
    frames: Callable[[object], Frames] | None = None


class Decoder(Protocol):
    """One decoder. `name` is its word in the language; an internal one is chosen by type instead.

    `width` and `right` are the column's usual width in characters and whether it is aligned right.
    """

    @property
    def name(self) -> str:
        """The word users write, or what a type chooses it by."""
        ...

    @property
    def summary(self) -> str:
        """One line of documentation."""
        ...

    @property
    def example(self) -> str:
        """A script that uses it (empty for an internal one)."""
        ...

    @property
    def local(self) -> bool:
        """Whether what it reads depends on the machine, so that a recording must keep it."""
        ...

    @property
    def operand(self) -> Operand:
        """The kind of raw value it takes."""
        ...

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """The kinds of its constant arguments."""
        ...

    @property
    def width(self) -> int:
        """The usual width of its column, in characters."""
        ...

    @property
    def right(self) -> bool:
        """Whether its column is aligned right."""
        ...

    def check(self, arguments: tuple[object, ...]) -> str | None:
        """Say what is wrong with the constant arguments (a sentence with the fix), or None."""
        ...

    def bind(self, arguments: tuple[object, ...], context: DecodeContext) -> Reading:
        """Return the functions that read a raw value in this run."""
        ...

    def encode(self, text: str, arguments: tuple[object, ...]) -> int | None:
        """Return the raw value that reads as `text`, for comparing in the kernel; else None."""
        ...
