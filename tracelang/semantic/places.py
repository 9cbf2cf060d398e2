"""Places: binding a rule's clauses to one place, reporting each clause's own mistakes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

from tracelang.diagnostics import Diagnostic, DiagnosticError, Reporter
from tracelang.semantic import aggregates
from tracelang.semantic.clauses import Clauses
from tracelang.semantic.columns import column_name, displayable, unique_names
from tracelang.semantic.expressions import Expression
from tracelang.semantic.model import (
    BoundTarget,
    CapturedField,
    ResolvedTarget,
)
from tracelang.semantic.prints import check_print, conversions_of
from tracelang.semantic.resolve import ParseExpression, Resolver
from tracelang.semantic.scope import RuleScope, ScriptScope, Stage
from tracelang.semantic.values import as_condition, integer_of
from tracelang.source import Span
from tracelang.syntax import ast


class PlaceBinder:
    """Binds a rule's clauses to one place, reporting each clause's own mistakes.

    For a span, `place` is where it starts, `end` where it ends, and `stages` what is between.
    """

    def __init__(
        self,
        script: ScriptScope,
        reporter: Reporter,
        parse: ParseExpression,
        clauses: Clauses,
        place: ResolvedTarget,
        *,
        several: bool,
        end: ResolvedTarget | None = None,
        starts: tuple[ResolvedTarget, ...] = (),
        stages: Mapping[str, Stage] | None = None,
    ) -> None:
        self._clauses = clauses
        self._place = place
        self._several = several
        self._script = script
        self._reporter = reporter
        scope = RuleScope(
            script,
            place,
            clauses.aliases,
            declared=clauses.declared,
            end=end,
            stages=stages or {},
            only_at_end=_only_at_end(end, starts),
        )
        self._resolver = Resolver(scope, parse)

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


def _only_at_end(end: ResolvedTarget | None, starts: tuple[ResolvedTarget, ...]) -> frozenset[str]:
    """Return the fields a span's end has and not every start of it."""
    if end is None:
        return frozenset()
    names = {a.name for a in end.arguments}
    return frozenset(n for n in names if not all(_has(start, n) for start in starts))


def _has(place: ResolvedTarget, name: str) -> bool:
    return any(argument.name == name for argument in place.arguments)


def shape(place: ResolvedTarget) -> tuple[object, ...]:
    """Return what places must share to share a program, beside their expressions."""
    selector = place.selector.source if place.selector is not None else None
    return (place.mechanism, place.has_task, selector)
