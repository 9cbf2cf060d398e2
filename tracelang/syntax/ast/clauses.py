"""Clauses: what a rule does with its events."""

from __future__ import annotations

from enum import Enum

from tracelang.dataclass import dataclass
from tracelang.syntax.ast.expressions import Duration, Expr, String
from tracelang.syntax.ast.node import Node


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
