"""From the parser's reductions to rules, clauses and targets.

Each method is named after a rule of the grammar; see build_expressions.py. What the grammar is too
coarse to refuse (a clause written twice, a span that never ends) is refused here.
"""

from __future__ import annotations

from typing import Any, Final, cast

from lark import Token

from tracelang.dataclass import dataclass
from tracelang.diagnostics import Diagnostic, DiagnosticError, Label, fail
from tracelang.source import Span
from tracelang.syntax.amounts import read_count, read_period, read_rate, read_sample
from tracelang.syntax.ast import (
    Aggregate,
    Capture,
    Clause,
    Every,
    EveryMode,
    Expr,
    Field,
    Inside,
    Leg,
    LegRole,
    Limit,
    Print,
    ProbeRule,
    Sample,
    SpanRule,
    String,
    Target,
    TargetArgument,
    TargetChoice,
    Top,
    TypeName,
    Where,
)
from tracelang.syntax.build_expressions import (
    Children,
    ExpressionBuilder,
    Group,
    cover,
    place,
    without_punctuation,
)
from tracelang.syntax.escapes import read_text
from tracelang.syntax.reading import CURRENT
from tracelang.syntax.targets import read_target


@dataclass(frozen=True, slots=True)
class When:
    """The guard of a leg on its way to the leg."""

    span: Span
    condition: Expr


class RuleBuilder(ExpressionBuilder):
    """Makes the nodes of rules."""

    # --- Targets

    def targets(self, children: Children) -> Group:
        """`choice, choice, …`."""
        return Group(cover(children), tuple(without_punctuation(children)))

    def choice(self, children: Children) -> TargetChoice:
        """`target or target …`."""
        options = tuple(child for child in children if isinstance(child, Target))
        return TargetChoice(options, span=cover(children))

    def target(self, children: Children) -> Target:
        """Build a target from its word and perhaps its arguments."""
        arguments = None
        if str(children[0]).startswith("{"):
            return Target(f"{{{str(children[0])[1:-1].strip()}}}", (), span=cover(children))
        if len(children) > 1:
            arguments = tuple(c for c in children if isinstance(c, TargetArgument))
        return read_target(place(children[0]), arguments, cover(children))

    def target_argument(self, children: Children) -> TargetArgument:
        """`NAME [: type]`."""
        declared = children[2] if len(children) > 1 else None
        return TargetArgument(str(children[0]), declared, span=cover(children))

    def declared_type(self, children: Children) -> TypeName:
        """Build the type of a target's argument."""
        return self.type_name(children)

    def inside(self, children: Children) -> Inside:
        """`inside ( targets )`."""
        return Inside(children[2].items, span=cover(children))

    # --- Clauses

    def where(self, children: Children) -> Where:
        """`where EXPR`."""
        return Where(children[1], span=cover(children))

    def capture(self, children: Children) -> Capture:
        """`capture fields`."""
        return Capture(children[1].items, span=cover(children))

    def aggregate(self, children: Children) -> Aggregate:
        """`aggregate fields [by fields]`."""
        keys = children[3].items if len(children) > 2 else ()
        return Aggregate(children[1].items, keys, span=cover(children))

    def fields(self, children: Children) -> Group:
        """`field, field, …`."""
        return Group(cover(children), tuple(without_punctuation(children)))

    def field(self, children: Children) -> Field:
        """`EXPR [as NAME]`."""
        alias = str(children[2]) if len(children) > 1 else None
        return Field(children[0], alias, span=cover(children))

    def every(self, children: Children) -> Every:
        """`every DURATION [reset|keep]`."""
        mode = EveryMode(str(children[2])) if len(children) > 2 else EveryMode.RESET
        return Every(read_period(place(children[1]), "every"), mode, span=cover(children))

    def top(self, children: Children) -> Top:
        """`top N [by NAME]`."""
        by = str(children[3]) if len(children) > 2 else None
        return Top(read_count(place(children[1]), "`top` shows rows"), by, span=cover(children))

    def sample(self, children: Children) -> Sample:
        """`sample N in M`."""
        keep, of = read_sample(place(children[1]), place(children[3]))
        return Sample(keep, of, span=cover(children))

    def limit(self, children: Children) -> Limit:
        """`limit N/s`."""
        unit = children[3] if len(children) > 2 else None
        return Limit(read_rate(place(children[1]), unit, cover(children)), span=cover(children))

    def print(self, children: Children) -> Print:
        """`print "FORMAT" [, EXPR, …]`."""
        span = place(children[1])
        arguments = tuple(without_punctuation(children[2:]))
        return Print(String(read_text(span), span=span), arguments, span=cover(children))

    # --- Rules

    def probe_rule(self, children: Children) -> ProbeRule:
        """`probe targets clause*`."""
        return ProbeRule(children[1].items, _each_once(children[2:]), span=cover(children))

    def bare_rule(self, children: Children) -> ProbeRule:
        """`targets clause*`, of a one-liner."""
        return ProbeRule(children[0].items, _each_once(children[1:]), span=cover(children))

    def span_rule(self, children: Children) -> SpanRule:
        """`span targets clause*` or `span legs clause*`."""
        about: Group = children[1]
        clauses = _each_once(children[2:])
        if isinstance(about.items[0], Leg):
            _check_legs(children[0], about)
            return SpanRule((), about.items, clauses, span=cover(children))
        return SpanRule(about.items, (), clauses, span=cover(children))

    def legs(self, children: Children) -> Group:
        """`leg leg …`."""
        return Group(cover(children), tuple(children))

    def leg(self, children: Children) -> Leg:
        """`role targets [when EXPR] [key EXPR, …]`."""
        role, targets, *rest = children
        whens = [child for child in rest if isinstance(child, When)]
        keys = [child for child in rest if isinstance(child, Group)]
        for repeated, word in ((whens, "when"), (keys, "key")):
            if len(repeated) > 1:
                raise _twice(word, "leg", repeated[0].span, repeated[1].span)
        return Leg(
            role.items[0],
            targets.items,
            whens[0].condition if whens else None,
            keys[0].items if keys else (),
            role.items[1],
            span=cover(children),
        )

    def leg_role(self, children: Children) -> Group:
        """`from`, `to`, `cancel` or `via NAME:`."""
        label = str(children[1]) if len(children) > 1 else None
        return Group(cover(children), (LegRole(str(children[0])), label))

    def when(self, children: Children) -> When:
        """`when EXPR`."""
        return When(cover(children), children[1])

    def keys(self, children: Children) -> Group:
        """`key EXPR, …`."""
        return Group(cover(children), tuple(without_punctuation(children[1:])))


def _each_once(clauses: Children) -> tuple[Clause, ...]:
    seen: dict[type[Any], Clause] = {}
    for clause in clauses:
        first = seen.setdefault(type(clause), clause)
        if first is not clause:
            word = type(clause).__name__.lower()
            raise _twice(word, "rule", first.span, clause.span)
    return cast("tuple[Clause, ...]", tuple(clauses))


_JOIN_CLAUSES: Final = {
    "where": "join the conditions with `and`",
    "when": "join the conditions with `and`",
    "capture": "put all the fields into one list: `capture pid, comm`",
    "key": "put all the keys into one list: `key pid, fd`",
    "aggregate": "put all the aggregates into one list: `aggregate count(), sum(x)`",
}


def _twice(word: str, owner: str, first: Span, second: Span) -> DiagnosticError:
    return DiagnosticError(
        Diagnostic(
            "T110",
            f"this {owner} has `{word}` twice",
            Label(_keyword(second, word), "the second one"),
            (Label(_keyword(first, word), "the first one"),),
            help=(_JOIN_CLAUSES.get(word, "remove one of them"),),
        )
    )


def _keyword(clause: Span, word: str) -> Span:
    return Span(clause.source, clause.start, clause.start + len(word))


def _check_legs(keyword: Token, legs: Group) -> None:
    roles = {leg.role for leg in legs.items}
    for role, what in ((LegRole.FROM, "begins"), (LegRole.TO, "ends")):
        if role not in roles:
            raise fail(
                "T119",
                f"this span has no `{role.value}`: nothing says where it {what}",
                CURRENT.get().span(keyword),
                help=["write `span from TARGET to TARGET`"],
            )
