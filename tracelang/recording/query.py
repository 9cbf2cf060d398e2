"""A query over a recording: what to take of each event, and what is shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from tracelang.decoders.protocol import Decoder
from tracelang.diagnostics import Diagnostic, DiagnosticError, Reporter
from tracelang.plan.aggregates import AggregateFields, plan_aggregate
from tracelang.plan.c_types import CType
from tracelang.plan.events import EventFields
from tracelang.plan.ir import RuleOutput
from tracelang.recording.evaluate import Evaluate, compile_expression, not_recorded, wrapper
from tracelang.recording.names import stacks_alike
from tracelang.recording.no_kernel import NoKernel
from tracelang.recording.rewrite import Asked, parse_query, rewrite
from tracelang.recording.schema import Head
from tracelang.recording.summing import Alike, Summed, compile_adding
from tracelang.recording.targets import RecordedKind
from tracelang.registry import Registry
from tracelang.semantic.model import BoundTarget, CapturedField, RuleModel
from tracelang.semantic.options import BindOptions
from tracelang.semantic.probe_kind import ProbeKind
from tracelang.semantic.script import Vocabulary, bind_script
from tracelang.semantic.types import Int, Text
from tracelang.sinks.protocol import Row
from tracelang.syntax.parse import parse_expression

_NO_LIMIT: Final = 1 << 30
"""A replay attaches nothing, so any number of targets will do."""

Take = Callable[[Row], Row | None]
"""What a rule makes of an event: a row, or None."""


@dataclass(slots=True)
class QueryRule:
    """One rule of a query: `source` is the recorded rule it is about, `summed` what it counts.

    `where` and `make` are by the target of the recorded event; one that has none never matches.
    """

    source: int
    output: RuleOutput
    where: dict[int, Evaluate | None]
    make: dict[int, Callable[[Row], Row]]
    summed: Summed | None = None
    add: dict[int, Callable[[Summed, Row], None]] | None = None
    sample: tuple[int, int] | None = None
    limit: int | None = None
    every: int | None = None


@dataclass(frozen=True, slots=True)
class Query:
    """All rules of a query, and when it ends by itself."""

    rules: tuple[QueryRule, ...]
    stop_after: int | None
    stop_events: int | None
    warnings: tuple[Diagnostic, ...]


def bind_query(text: str, head: Head, decoders: Registry[Decoder]) -> Query:
    """Return what a query means on a recording; raises `DiagnosticError` for what it cannot."""
    script, asked = rewrite(parse_query(text), head)
    kinds: Registry[ProbeKind] = Registry("target")
    kinds.register(RecordedKind(head))
    reporter = Reporter()
    kernel = NoKernel(head.kernel, head.architecture)
    vocabulary = Vocabulary(kinds, decoders, parse_expression)
    options = BindOptions(head.text_limit, most_probes=_NO_LIMIT)
    try:
        model = bind_script(script, kernel, vocabulary, options, reporter)
    except DiagnosticError as error:
        raise DiagnosticError(*map(_without_kernel, error.diagnostics)) from None
    alike = stacks_alike(decoders)
    pairs = zip(model.rules, asked, strict=True)
    rules = tuple(_rule(rule, about, alike) for rule, about in pairs)
    return Query(rules, model.stop_after, model.stop_events, tuple(reporter.diagnostics))


def _without_kernel(diagnostic: Diagnostic) -> Diagnostic:
    """Return what is said of something that only the types of a kernel would explain."""
    if diagnostic.code != "T301" or diagnostic.primary is None:
        return diagnostic
    (found,) = not_recorded(diagnostic.primary.span.text, diagnostic.primary.span).diagnostics
    return found


def _rule(rule: RuleModel, asked: Asked, alike: Alike) -> QueryRule:
    where = _by_target(rule, lambda bound: bound.where and compile_expression(bound.where))
    if rule.aggregate is not None:
        return _summing(rule, asked, where, alike)
    found = _plain(rule, asked, where) if asked.plain else _making(rule, asked, where)
    found.sample, found.limit = rule.sample, rule.limit
    return found


def _by_target(rule: RuleModel, compile_: Callable[[BoundTarget], Any]) -> dict[int, Any]:
    found = {}
    for bound in rule.bound:
        compiled = compile_(bound)
        found.update(dict.fromkeys(bound.targets, compiled))
    return found


def _plain(rule: RuleModel, asked: Asked, where: dict[int, Evaluate | None]) -> QueryRule:
    """Return a rule that shows what was recorded as it was shown."""
    number = rule.number
    output = replace(asked.rule.output, rule=number)

    def make(row: Row) -> Row:
        return (row[0], number, *row[2:])

    return QueryRule(asked.rule.output.rule, output, where, dict.fromkeys(where, make))


def _making(rule: RuleModel, asked: Asked, where: dict[int, Evaluate | None]) -> QueryRule:
    fields = EventFields.of(rule)
    make = _by_target(rule, lambda bound: _row_maker(rule.number, fields, bound))
    return QueryRule(asked.rule.output.rule, fields.output(rule), where, make)


def _row_maker(number: int, fields: EventFields, bound: BoundTarget) -> Callable[[Row], Row]:
    shown = (*bound.captures, *bound.arguments)
    values = [_stored(shown[position], type_) for position, _, type_ in fields.stored]

    def make(row: Row) -> Row:
        return (row[0], number, row[2], *[value(row) for value in values])

    return make


def _stored(field: CapturedField, type_: CType) -> Evaluate:
    """Return a value as it would lie in an event of that type."""
    evaluate = compile_expression(field.value)
    if isinstance(field.value.type, Text):
        return lambda row: evaluate(row) + b"\0"
    if type_.length:
        return evaluate
    fit = wrapper(Int(type_.size, type_.code.islower()))
    return lambda row: fit(evaluate(row))


def _summing(
    rule: RuleModel, asked: Asked, where: dict[int, Evaluate | None], alike: Alike
) -> QueryRule:
    assert rule.aggregate is not None
    fields: AggregateFields = plan_aggregate(rule)
    return QueryRule(
        asked.rule.output.rule,
        fields.output,
        where,
        {},
        Summed(fields),
        _by_target(rule, lambda bound: compile_adding(fields, bound, alike)),
        rule.sample,
        None,
        rule.aggregate.every,
    )


def outputs_of(query: Query) -> Sequence[RuleOutput]:
    """Return how the rules of a query are shown."""
    return tuple(rule.output for rule in query.rules)
