"""Rules: binding a probe rule's clauses to each place it attaches to."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

from tracelang.diagnostics import Diagnostic, DiagnosticError, Label, Reporter, Severity, fail
from tracelang.registry import Registry
from tracelang.semantic import aggregates
from tracelang.semantic.columns import column_name, default_fields, displayable, unique_names
from tracelang.semantic.model import (
    AggregateModel,
    BoundTarget,
    CapturedField,
    Expression,
    ResolvedTarget,
    RuleModel,
    SpanModel,
    SpanStart,
)
from tracelang.semantic.prints import check_print, conversions_of
from tracelang.semantic.probe_kind import ProbeKind, TargetScope
from tracelang.semantic.resolve import ParseExpression, Resolver
from tracelang.semantic.scope import RuleScope, ScriptScope
from tracelang.semantic.spans import (
    SpanBinder,
    SpanTargets,
    find_targets,
    merge_starts,
    pairing,
    split_bound,
)
from tracelang.semantic.targets import resolve_targets
from tracelang.semantic.values import as_condition, integer_of
from tracelang.source import Span
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


@dataclass(frozen=True, slots=True)
class RuleBinder:
    """Binds rules in one script's scope."""

    script: ScriptScope
    targets: TargetScope
    kinds: Registry[ProbeKind]
    parse: ParseExpression
    reporter: Reporter
    most_probes: int

    def bind(self, rule: ast.ProbeRule, number: int) -> RuleModel | None:
        """Return the rule's model, or None after reporting what is wrong with it."""
        try:
            places = resolve_targets(rule.targets, self.kinds, self.targets, self.most_probes)
        except DiagnosticError as error:
            self.reporter.add(*error.diagnostics)
            return None
        before = len(self.reporter.errors)
        try:
            clauses = take_apart(rule, places)
        except DiagnosticError as error:
            self.reporter.add(*error.diagnostics)
            return None
        bound = self._bind_places(clauses, places)
        if len(self.reporter.errors) > before:
            return None
        if not bound:
            self._warn_never(rule, clauses)
        format_ = clauses.print.format.value if clauses.print is not None else None
        return RuleModel(
            number,
            places,
            bound,
            format_,
            clauses.sample,
            clauses.limit,
            rule.span,
            clauses.aggregate,
        )

    def _bind_places(
        self, clauses: Clauses, places: tuple[ResolvedTarget, ...]
    ) -> tuple[BoundTarget, ...]:
        """Bind every place; those that come to the same are kept together and share a program."""
        bound: dict[tuple[object, ...], BoundTarget] = {}
        for index, place in enumerate(places):
            one = _PlaceBinder(self, clauses, place, several=len(places) > 1).bind(index)
            if one is None:
                continue
            key = (_shape(place), replace(one, targets=()))
            known = bound.get(key)
            bound[key] = one if known is None else replace(known, targets=(*known.targets, index))
        return tuple(bound.values())

    def bind_span(self, rule: ast.SpanRule, number: int) -> RuleModel | None:
        """Return a span rule's model, or None after reporting what is wrong with it."""
        before = len(self.reporter.errors)
        try:
            targets = find_targets(rule, self.kinds, self.targets, self.most_probes)
            starts = [i for side in targets.of(ast.LegRole.FROM) for i in side.places]
            clauses = take_apart(rule, tuple(targets.places[i] for i in starts))
            legs = SpanBinder(targets, self.script, self.parse, clauses.declared)
            ends, remembered = self._bind_ends(clauses, targets, legs)
            model = self._bind_starts(targets, legs, remembered)
        except DiagnosticError as error:
            self.reporter.add(*error.diagnostics)
            return None
        if len(self.reporter.errors) > before:
            return None
        if not ends:
            self._warn_never(rule, clauses)
        format_ = clauses.print.format.value if clauses.print is not None else None
        return RuleModel(
            number,
            targets.places,
            ends,
            format_,
            clauses.sample,
            clauses.limit,
            rule.span,
            clauses.aggregate,
            model,
        )

    def _bind_ends(
        self, clauses: Clauses, targets: SpanTargets, legs: SpanBinder
    ) -> tuple[tuple[BoundTarget, ...], dict[int, tuple[Expression, ...]]]:
        """Return the ends, and by start what each must remember."""
        bound: dict[tuple[object, ...], BoundTarget] = {}
        remembered: dict[int, tuple[Expression, ...]] = {}
        starts = [i for side in targets.of(ast.LegRole.FROM) for i in side.places]
        for side in targets.of(ast.LegRole.TO):
            for index in side.places:
                end = targets.places[index]
                pairs = [legs.start_of(index)] if targets.nested else starts
                one = None
                for start in pairs:
                    binder = _PlaceBinder(
                        self,
                        clauses,
                        targets.places[start],
                        several=len(starts) > 1,
                        end=end,
                        starts=tuple(targets.places[i] for i in pairs),
                    )
                    found = binder.bind(index)
                    if found is None:
                        continue
                    cut, stored = split_bound(found, same_thread=legs.same_thread())
                    one = one or cut
                    remembered[start] = stored
                if one is None:
                    continue
                one = replace(one, when=legs.when(side, index), keys=legs.keys(side, index))
                key = (_shape(end), replace(one, targets=()))
                known = bound.get(key)
                bound[key] = (
                    one if known is None else replace(known, targets=(*known.targets, index))
                )
        return tuple(bound.values()), remembered

    def _bind_starts(
        self, targets: SpanTargets, legs: SpanBinder, remembered: dict[int, tuple[Expression, ...]]
    ) -> SpanModel:
        def sides(role: ast.LegRole) -> Iterator[tuple[tuple[object, ...], SpanStart]]:
            for side in targets.of(role):
                for index in side.places:
                    stored = remembered.get(index, ()) if role is ast.LegRole.FROM else ()
                    if role is ast.LegRole.FROM and index not in remembered:
                        continue
                    when, keys = legs.when(side, index), legs.keys(side, index)
                    yield _shape(targets.places[index]), SpanStart((index,), when, keys, stored)

        starts = merge_starts(sides(ast.LegRole.FROM))
        cancels = merge_starts(sides(ast.LegRole.CANCEL))
        return pairing(starts, cancels, nested=targets.nested)

    def _warn_never(self, rule: ast.ProbeRule | ast.SpanRule, clauses: Clauses) -> None:
        span = clauses.where.condition.span if clauses.where is not None else rule.span
        if self.script.params.keys() & set(re.findall(r"\w+", span.text)):
            return  # an option turns the rule off, which is what options are for
        message = "this is never true, so the rule never fires"
        self.reporter.add(Diagnostic("T261", message, Label(span), severity=Severity.WARNING))


def _only_at_end(end: ResolvedTarget | None, starts: tuple[ResolvedTarget, ...]) -> frozenset[str]:
    """Return the fields a span's end has and not every start of it."""
    if end is None:
        return frozenset()
    names = {a.name for a in end.arguments}
    return frozenset(n for n in names if not all(_has(start, n) for start in starts))


def _has(place: ResolvedTarget, name: str) -> bool:
    return any(argument.name == name for argument in place.arguments)


def _shape(place: ResolvedTarget) -> tuple[object, ...]:
    """Return what places must share to share a program, beside their expressions."""
    selector = place.selector.source if place.selector is not None else None
    return (place.mechanism, place.has_task, selector)


def span_fields(rule: ast.SpanRule) -> tuple[ast.Field, ...]:
    """Return what a span without `capture` captures beside its start's values."""
    names = ("retval", "duration") if rule.targets else ("duration",)
    return tuple(ast.Field(ast.Name(n, span=rule.span), span=rule.span) for n in names)


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


class _PlaceBinder:
    """Binds a rule's clauses to one place, reporting each clause's own mistakes.

    For a span, `place` is where it starts and `end` where it ends.
    """

    def __init__(
        self,
        binder: RuleBinder,
        clauses: Clauses,
        place: ResolvedTarget,
        *,
        several: bool,
        end: ResolvedTarget | None = None,
        starts: tuple[ResolvedTarget, ...] = (),
    ) -> None:
        self._clauses = clauses
        self._place = place
        self._several = several
        self._script = binder.script
        self._reporter = binder.reporter
        scope = RuleScope(
            binder.script,
            place,
            clauses.aliases,
            declared=clauses.declared,
            end=end,
            only_at_end=_only_at_end(end, starts),
        )
        self._resolver = Resolver(scope, binder.parse)

    def bind(self, index: int) -> BoundTarget | None:
        """Return the place's expressions; None when one is wrong or the rule never fires there."""
        condition = None
        if self._clauses.where is not None:
            written = self._clauses.where.condition
            condition = self._try(lambda: as_condition(self._resolver.resolve(written)))
            if condition is not None and (known := integer_of(condition)) is not None:
                if not known:
                    return None
                condition = None
        captures = [
            self._field(name, field)
            for name, field in zip(self._clauses.names, self._clauses.fields, strict=True)
        ]
        kept = tuple(c for c in captures if c is not None)
        if len(kept) < len(captures):
            if self._clauses.print is not None and self._clauses.print.arguments:
                self._arguments(kept)  # their mistakes are told as well
            return None
        arguments = self._arguments(kept)
        values = self._values()
        if arguments is None or values is None:
            return None
        return BoundTarget((index,), condition, kept, arguments, values)

    def _values(self) -> tuple[Expression | None, ...] | None:
        """Return what the rule's aggregates take here, or None after reporting what is wrong."""
        clause, model = self._clauses.written_aggregate, self._clauses.aggregate
        if clause is None or model is None:
            return ()
        try:
            return aggregates.bind_values(clause, model, self._resolver)
        except DiagnosticError as error:
            self._report(error)
            return None

    def _field(self, name: str, field: ast.Field) -> CapturedField | None:
        def resolve() -> Expression:
            if field.alias:
                return self._resolver.resolve_within(field.expression, field.alias)
            return self._resolver.resolve(field.expression)

        return self._shown(name, resolve, field.expression.span)

    def _shown(
        self, name: str, resolve: Callable[[], Expression], span: Span
    ) -> CapturedField | None:
        value = self._try(lambda: displayable(resolve(), span, self._script))
        return None if value is None else CapturedField(name, value)

    def _arguments(self, captures: tuple[CapturedField, ...]) -> tuple[CapturedField, ...] | None:
        """Return the values the print format shows; None after reporting that they do not fit."""
        shown = self._clauses.print
        if shown is None:
            return ()
        if not shown.arguments:
            values = captures if conversions_of(shown) else ()
        else:
            names = unique_names(column_name(ast.Field(e, span=e.span)) for e in shown.arguments)
            given = [
                self._shown(name, partial(self._resolver.resolve, expr), expr.span)
                for name, expr in zip(names, shown.arguments, strict=True)
            ]
            values = tuple(v for v in given if v is not None)
            if len(values) < len(given):
                return None
        return values if check_print(shown, values, self._reporter) else None

    def _try(self, resolve: Callable[[], Expression]) -> Expression | None:
        """Return the value, or None after reporting; one of several places is named with it."""
        try:
            return resolve()
        except DiagnosticError as error:
            self._report(error)
            return None

    def _names(self, diagnostic: Diagnostic) -> bool:
        """Tell whether a message has to name the place: it has siblings, or is shown in a `let`."""
        if diagnostic.primary is None:
            return self._several
        span = diagnostic.primary.span
        lets = (let.span for let in self._script.lets.values())
        return self._several or any(s.start <= span.start and span.end <= s.end for s in lets)

    def _report(self, error: DiagnosticError) -> None:
        for diagnostic in error.diagnostics:
            note = (f"while looking at `{self._place.probe}`",) if self._names(diagnostic) else ()
            if not any(_alike(diagnostic, d) for d in self._reporter.diagnostics):
                self._reporter.add(replace(diagnostic, notes=(*diagnostic.notes, *note)))


def _alike(a: Diagnostic, b: Diagnostic) -> bool:
    """Tell whether two messages are about the same place in the same way: one of them is enough."""
    return a.code == b.code and a.primary == b.primary
