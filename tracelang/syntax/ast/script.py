"""A whole script: its rules, its declarations and its comments."""

from __future__ import annotations

from dataclasses import field
from enum import Enum

from tracelang.dataclass import dataclass
from tracelang.source import SourceFile, Span
from tracelang.syntax.ast.clauses import Clause
from tracelang.syntax.ast.expressions import Duration, Expr
from tracelang.syntax.ast.node import Node
from tracelang.syntax.ast.targets import TargetChoice


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
