"""The syntax tree: what the text says, before any name has a meaning.

Every node is frozen and carries the span it was read from. Spans take no part in comparison, so two
trees are equal when the scripts say the same.
"""

from __future__ import annotations

from dataclasses import field
from enum import Enum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from tracelang.dataclass import dataclass
from tracelang.source import SourceFile, Span


@dataclass(frozen=True, slots=True)
class Node:
    """What all nodes share: the place in the text."""

    span: Span = field(compare=False, repr=False, kw_only=True)


# --- Expressions ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Name(Node):
    """A bare name."""

    name: str


@dataclass(frozen=True, slots=True)
class Integer(Node):
    """An integer literal; `base` (2, 8, 10 or 16) is how it was written."""

    value: int
    base: int = 10


@dataclass(frozen=True, slots=True)
class Fraction(Node):
    """A decimal literal such as `99.9`, kept as its text so that no digit is lost."""

    text: str


@dataclass(frozen=True, slots=True)
class String(Node):
    """A text literal, with its escapes already replaced."""

    value: str


@dataclass(frozen=True, slots=True)
class Duration(Node):
    """A duration literal: `amount` and `unit` (ns us ms s m h d) as written, and its value."""

    amount: str
    unit: str
    nanoseconds: int


@dataclass(frozen=True, slots=True)
class Size(Node):
    """A size literal: `amount` and `unit` (B, KB, KiB up to TiB) as written, and its value."""

    amount: str
    unit: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Address(Node):
    """An IP address literal."""

    address: IPv4Address | IPv6Address


@dataclass(frozen=True, slots=True)
class AddressRange(Node):
    """An IP network literal such as `10.0.0.0/8`; only the right side of `in` takes one."""

    network: IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class TypeName(Node):
    """A C type as written: `struct tcp_sock`, `u32`, `str`; `pointers` counts the stars after it.

    `keyword` is `struct`, `union`, `enum` or empty.
    """

    keyword: str
    name: str
    pointers: int = 0


@dataclass(frozen=True, slots=True)
class Member(Node):
    """`base.name`; `name_span` is the place of the member's name alone."""

    base: Expr
    name: str
    name_span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Index(Node):
    """`base[index]`."""

    base: Expr
    index: Expr


@dataclass(frozen=True, slots=True)
class Call(Node):
    """`function(arguments)`: a decoder, an aggregate, a table, `cast`, `container_of` and so on."""

    function: str
    arguments: tuple[Expr, ...]
    function_span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Inside(Node):
    """`inside(TARGETS)`: whether the current thread is within one of these calls."""

    targets: tuple[TargetChoice, ...]


@dataclass(frozen=True, slots=True)
class Unary(Node):
    """`-x`, `~x` or `not x`; `operator` is `-`, `~` or `not`."""

    operator: str
    operand: Expr


@dataclass(frozen=True, slots=True)
class Binary(Node):
    """Arithmetic, bit or boolean operation: `| ^ & << >> + - * / % and or`."""

    operator: str
    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True)
class Comparison(Node):
    """`== != < <= > >= contains startswith endswith matches` between two expressions."""

    operator: str
    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True)
class Membership(Node):
    """`left in (a, b)` or `left in 10.0.0.0/8`; `negated` for `not in`."""

    left: Expr
    items: tuple[Expr, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Conditional(Node):
    """`then if condition else otherwise`."""

    condition: Expr
    then: Expr
    otherwise: Expr


Expr = (
    Name
    | Integer
    | Fraction
    | String
    | Duration
    | Size
    | Address
    | AddressRange
    | TypeName
    | Member
    | Index
    | Call
    | Inside
    | Unary
    | Binary
    | Comparison
    | Membership
    | Conditional
)


# --- Targets --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TargetArgument(Node):
    """One declared argument of a target: `path: str`; `name` is `_` for one that is skipped."""

    name: str
    type: TypeName | None = None


@dataclass(frozen=True, slots=True)
class Target(Node):
    """One probe target as written: `parts` are what stands between the colons after the kind.

    Quotes around a part are removed, `+0x10` behind the last part is taken off into `offset`.
    `arguments` is None where the target names none itself, `()` for empty parentheses. Where a
    param stands for targets, `kind` is its name in braces.
    """

    kind: str
    parts: tuple[str, ...]
    offset: int = 0
    arguments: tuple[TargetArgument, ...] | None = None

    @property
    def param(self) -> str:
        """The name of the param that stands for targets here, or nothing."""
        return self.kind[1:-1] if self.kind.startswith("{") else ""

    def __str__(self) -> str:
        suffix = f"+{self.offset:#x}" if self.offset else ""
        return ":".join((self.kind, *self.parts)) + suffix


@dataclass(frozen=True, slots=True)
class TargetChoice(Node):
    """`A or B or …`: the first that the kernel has is taken. One option is the ordinary case."""

    options: tuple[Target, ...]


# --- Clauses --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Field(Node):
    """`expression [as alias]`, a captured column, a key or an aggregate."""

    expression: Expr
    alias: str | None = None


@dataclass(frozen=True, slots=True)
class Where(Node):
    """Keep only the events for which it is true."""

    condition: Expr


@dataclass(frozen=True, slots=True)
class Capture(Node):
    """The fields of the event, in order."""

    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Aggregate(Node):
    """`aggregate FN(…) as NAME, … by KEY, …`; derived columns stand last in `functions`."""

    functions: tuple[Field, ...]
    keys: tuple[Field, ...] = ()


class EveryMode(Enum):
    """What happens to an aggregate after it is shown."""

    RESET = "reset"
    KEEP = "keep"


@dataclass(frozen=True, slots=True)
class Every(Node):
    """Show the aggregate once per period."""

    period: Duration
    mode: EveryMode = EveryMode.RESET


@dataclass(frozen=True, slots=True)
class Top(Node):
    """Show the `count` largest rows, by the aggregate `by` (None: the first)."""

    count: int
    by: str | None = None


@dataclass(frozen=True, slots=True)
class Sample(Node):
    """Keep `keep` of each `of` events."""

    keep: int
    of: int


@dataclass(frozen=True, slots=True)
class Limit(Node):
    """Pass at most this many events a second."""

    per_second: int


@dataclass(frozen=True, slots=True)
class Print(Node):
    """A C-style format and its arguments (empty: the captured fields in order)."""

    format: String
    arguments: tuple[Expr, ...] = ()


Clause = Where | Capture | Aggregate | Every | Top | Sample | Limit | Print


# --- Rules and declarations -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ProbeRule(Node):
    """`probe TARGETS clause*`; clauses in the order they were written, each kind at most once."""

    targets: tuple[TargetChoice, ...]
    clauses: tuple[Clause, ...] = ()


class LegRole(Enum):
    """What an event does to a pending span."""

    FROM = "from"
    TO = "to"
    CANCEL = "cancel"
    VIA = "via"


@dataclass(frozen=True, slots=True)
class Leg(Node):
    """`(from|to|cancel|via LABEL:) TARGETS [when EXPR] [key EXPR, …]`."""

    role: LegRole
    targets: tuple[TargetChoice, ...]
    when: Expr | None = None
    keys: tuple[Expr, ...] = ()
    label: str | None = None


@dataclass(frozen=True, slots=True)
class SpanRule(Node):
    """`span TARGETS clause*` (only `targets` is set) or `span leg leg+ clause*` (only `legs`)."""

    targets: tuple[TargetChoice, ...]
    legs: tuple[Leg, ...] = ()
    clauses: tuple[Clause, ...] = ()


@dataclass(frozen=True, slots=True)
class Param(Node):
    """`param NAME [: TYPE] = DEFAULT ["help"]`.

    `type` is int, str, bool, duration, size, ip or None (inferred); `default` a literal, perhaps
    with a minus sign. `name_span` is the place of the name alone.
    """

    name: str
    type: str | None
    default: Expr
    help: str = ""
    name_span: Span = field(compare=False, repr=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class Let(Node):
    """`let NAME = EXPR`."""

    name: str
    expression: Expr
    name_span: Span = field(compare=False, repr=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class Table(Node):
    """`table NAME { 1: "READ", else: "?" }`; `otherwise` is None without an `else`.

    `entry_spans` are the places of the entries, the `else` last; empty in a tree made by hand.
    """

    name: str
    entries: tuple[tuple[int, str], ...]
    otherwise: str | None = None
    name_span: Span = field(compare=False, repr=False, kw_only=True)
    entry_spans: tuple[Span, ...] = field(default=(), compare=False, repr=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class Stop(Node):
    """`stop after 10s` or `stop after 100 events`: just one of the two is set."""

    after: Duration | None = None
    events: int | None = None


Item = ProbeRule | SpanRule | Param | Let | Table | Stop


@dataclass(frozen=True, slots=True)
class Comment:
    """One `#` comment, for the formatter: its text from the `#` on; `alone` on its line or not."""

    span: Span = field(compare=False, repr=False)
    text: str
    alone: bool


@dataclass(frozen=True, slots=True)
class Script:
    """A whole script: its items in order, its leading comment without `#` as `description`."""

    source: SourceFile = field(compare=False, repr=False)
    items: tuple[Item, ...]
    description: str = ""
    comments: tuple[Comment, ...] = field(default=(), compare=False)
