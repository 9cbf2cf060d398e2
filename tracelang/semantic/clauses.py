"""A rule's clauses, taken apart once for all the places it attaches to."""

from __future__ import annotations

from typing import TypeVar

from tracelang.dataclass import dataclass
from tracelang.diagnostics import fail
from tracelang.semantic import aggregates
from tracelang.semantic.columns import column_name, default_fields, unique_names
from tracelang.semantic.model import (
    AggregateModel,
    ResolvedTarget,
)
from tracelang.semantic.prints import conversions_of
from tracelang.syntax import ast

ClauseT = TypeVar("ClauseT", bound=ast.Clause)


@dataclass(frozen=True, slots=True)
class Clauses:
    """A rule's clauses, taken apart once for all its places. `names` are the columns' names."""

    where: ast.Where | None
    fields: tuple[ast.Field, ...]
    names: tuple[str, ...]
    aliases: dict[str, ast.Expr]
    declared: frozenset[str]
    print: ast.Print | None
    sample: tuple[int, int] | None
    limit: int | None
    written_aggregate: ast.Aggregate | None = None
    aggregate: AggregateModel | None = None


def span_fields(rule: ast.SpanRule) -> tuple[ast.Field, ...]:
    """Return what a span without `capture` captures beside its start's values."""
    names = ("retval", "duration") if rule.targets else ("duration",)
    stages = tuple(
        ast.Field(
            ast.Member(ast.Name(leg.label, span=leg.span), "duration", leg.span, span=leg.span),
            leg.label,
            span=leg.span,
        )
        for leg in rule.legs
        if leg.label
    )
    own = tuple(ast.Field(ast.Name(n, span=rule.span), span=rule.span) for n in names)
    return (*stages, *own)


def take_apart(rule: ast.ProbeRule | ast.SpanRule, places: tuple[ResolvedTarget, ...]) -> Clauses:
    """Return a rule's clauses, with the fields it captures when it does not say."""
    shown = find_clause(rule, ast.Print)
    captured = find_clause(rule, ast.Capture)
    summary = find_clause(rule, ast.Aggregate)
    fields: tuple[ast.Field, ...] = ()
    if summary is not None:
        _refuse_with_aggregate(rule, captured, shown)
        fields = summary.keys
    elif captured is not None:
        fields = captured.fields
    elif shown is None or (conversions_of(shown) and not shown.arguments):
        fields = default_fields(places, rule.span)
        if isinstance(rule, ast.SpanRule):
            fields += span_fields(rule)
    legs = rule.legs if isinstance(rule, ast.SpanRule) else ()
    choices = (*rule.targets, *(choice for leg in legs for choice in leg.targets))
    options = [option for choice in choices for option in choice.options]
    sample, limit = find_clause(rule, ast.Sample), find_clause(rule, ast.Limit)
    return Clauses(
        find_clause(rule, ast.Where),
        fields,
        tuple(unique_names(column_name(f) for f in fields)),
        _aliases(fields) if captured or summary else {},
        frozenset(a.name for option in options for a in option.arguments or ()),
        shown,
        (sample.keep, sample.of) if sample is not None else None,
        limit.per_second if limit is not None else None,
        summary,
        _aggregate(rule, summary),
    )


def _aliases(fields: tuple[ast.Field, ...]) -> dict[str, ast.Expr]:
    """Return what each `as` name stands for (T254 for a name that stands for two)."""
    aliases: dict[str, ast.Expr] = {}
    for field in fields:
        if field.alias in aliases:
            raise fail(
                "T254",
                f"two columns are called `{field.alias}`",
                field.span,
                help=["give one of them another name"],
            )
        if field.alias:
            aliases[field.alias] = field.expression
    return aliases


def _aggregate(
    rule: ast.ProbeRule | ast.SpanRule, summary: ast.Aggregate | None
) -> AggregateModel | None:
    """Return what a rule summarises; `every` and `top` are about that and nothing else."""
    every, top = find_clause(rule, ast.Every), find_clause(rule, ast.Top)
    if summary is not None:
        return aggregates.take_apart(summary, every, top)
    for clause in (every, top):
        if clause is not None:
            raise fail(
                "T287",
                f"`{type(clause).__name__.lower()}` goes with `aggregate`",
                clause.span,
                help=["summarise something: `aggregate count() by comm`"],
            )
    return None


def _refuse_with_aggregate(
    rule: ast.ProbeRule | ast.SpanRule, captured: ast.Capture | None, shown: ast.Print | None
) -> None:
    """Refuse clauses that are about single events in a rule that summarises them."""
    limit = find_clause(rule, ast.Limit)
    for clause in (captured, shown, limit):
        if clause is not None:
            word = type(clause).__name__.lower()
            raise fail(
                "T288",
                f"`{word}` is about single events; this rule aggregates them",
                clause.span,
                help=["make it two rules, or leave one of the clauses away"],
            )


def find_clause(rule: ast.ProbeRule | ast.SpanRule, kind: type[ClauseT]) -> ClauseT | None:
    """Return the rule's clause of one kind, or None."""
    for clause in rule.clauses:
        if isinstance(clause, kind):
            return clause
    return None
