"""Rules: binding a probe rule's clauses to each place it attaches to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from tracelang.diagnostics import Diagnostic, DiagnosticError, Label, Reporter, Severity, fail
from tracelang.registry import Registry
from tracelang.semantic.columns import column_name, default_fields, displayable, unique_names
from tracelang.semantic.model import (
    BoundTarget,
    CapturedField,
    Expression,
    ResolvedTarget,
    RuleModel,
)
from tracelang.semantic.prints import check_print, conversions_of
from tracelang.semantic.probe_kind import ProbeKind, TargetScope
from tracelang.semantic.resolve import ParseExpression, Resolver
from tracelang.semantic.scope import RuleScope, ScriptScope
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
            _refuse_unsupported(rule)
            places = resolve_targets(rule.targets, self.kinds, self.targets, self.most_probes)
        except DiagnosticError as error:
            self.reporter.add(*error.diagnostics)
            return None
        before = len(self.reporter.errors)
        clauses = take_apart(rule, places)
        bound = self._bind_places(clauses, places)
        if len(self.reporter.errors) > before:
            return None
        if not bound:
            self._warn_never(rule, clauses)
        format_ = clauses.print.format.value if clauses.print is not None else None
        return RuleModel(number, places, bound, format_, clauses.sample, clauses.limit, rule.span)

    def _bind_places(
        self, clauses: Clauses, places: tuple[ResolvedTarget, ...]
    ) -> tuple[BoundTarget, ...]:
        """Bind every place; those that come to the same are kept together and share a program."""
        bound: dict[tuple[object, ...], BoundTarget] = {}
        for index, place in enumerate(places):
            one = _PlaceBinder(self, clauses, place, several=len(places) > 1).bind(index)
            if one is None:
                continue
            key = (
                place.mechanism,
                place.has_task,
                place.selector.source if place.selector is not None else None,
                one.where,
                one.captures,
                one.arguments,
            )
            known = bound.get(key)
            bound[key] = one if known is None else replace(known, targets=(*known.targets, index))
        return tuple(bound.values())

    def _warn_never(self, rule: ast.ProbeRule, clauses: Clauses) -> None:
        span = clauses.where.condition.span if clauses.where is not None else rule.span
        message = "this is never true, so the rule never fires"
        self.reporter.add(Diagnostic("T261", message, Label(span), severity=Severity.WARNING))


def _refuse_unsupported(rule: ast.ProbeRule) -> None:
    for clause in rule.clauses:
        if isinstance(clause, ast.Aggregate | ast.Every | ast.Top):
            raise fail(
                "T260",
                f"`{type(clause).__name__.lower()}` is not supported by this version",
                clause.span,
                help=["capture the values and summarise them outside"],
            )


def take_apart(rule: ast.ProbeRule, places: tuple[ResolvedTarget, ...]) -> Clauses:
    """Return a rule's clauses, with the fields it captures when it does not say."""
    shown = find_clause(rule, ast.Print)
    captured = find_clause(rule, ast.Capture)
    fields: tuple[ast.Field, ...] = ()
    if captured is not None:
        fields = captured.fields
    elif shown is None or (conversions_of(shown) and not shown.arguments):
        fields = default_fields(places, rule.span)
    options = [option for choice in rule.targets for option in choice.options]
    sample, limit = find_clause(rule, ast.Sample), find_clause(rule, ast.Limit)
    return Clauses(
        find_clause(rule, ast.Where),
        fields,
        tuple(unique_names(column_name(f) for f in fields)),
        {f.alias: f.expression for f in fields if f.alias} if captured is not None else {},
        frozenset(a.name for option in options for a in option.arguments or ()),
        shown,
        (sample.keep, sample.of) if sample is not None else None,
        limit.per_second if limit is not None else None,
    )


def find_clause(rule: ast.ProbeRule, kind: type[ClauseT]) -> ClauseT | None:
    """Return the rule's clause of one kind, or None."""
    for clause in rule.clauses:
        if isinstance(clause, kind):
            return clause
    return None


class _PlaceBinder:
    """Binds a rule's clauses to one place, reporting each clause's own mistakes."""

    def __init__(
        self, binder: RuleBinder, clauses: Clauses, place: ResolvedTarget, *, several: bool
    ) -> None:
        self._clauses = clauses
        self._place = place
        self._several = several
        self._script = binder.script
        self._reporter = binder.reporter
        scope = RuleScope(binder.script, place, clauses.aliases, declared=clauses.declared)
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
            return None
        arguments = self._arguments(kept)
        return None if arguments is None else BoundTarget((index,), condition, kept, arguments)

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
            given = [
                self._shown(f"print_{number}", lambda e=expr: self._resolver.resolve(e), expr.span)  # type: ignore[misc]
                for number, expr in enumerate(shown.arguments, 1)
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
            note = (f"while looking at `{self._place.probe}`",) if self._several else ()
            for diagnostic in error.diagnostics:
                if not any(_alike(diagnostic, d) for d in self._reporter.diagnostics):
                    self._reporter.add(replace(diagnostic, notes=(*diagnostic.notes, *note)))
            return None


def _alike(a: Diagnostic, b: Diagnostic) -> bool:
    """Tell whether two messages are about the same place in the same way: one of them is enough."""
    return a.code == b.code and a.primary == b.primary
