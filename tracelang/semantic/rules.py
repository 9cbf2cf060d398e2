"""Rules: binding a rule's clauses to each place it attaches to."""

from __future__ import annotations

import re
from dataclasses import replace

from tracelang.dataclass import dataclass
from tracelang.diagnostics import Diagnostic, DiagnosticError, Label, Reporter, Severity
from tracelang.registry import Registry
from tracelang.semantic.clauses import Clauses, take_apart
from tracelang.semantic.legs import find_targets
from tracelang.semantic.model import (
    BoundTarget,
    ResolvedTarget,
    RuleModel,
)
from tracelang.semantic.places import PlaceBinder, shape
from tracelang.semantic.probe_kind import ProbeKind, TargetScope
from tracelang.semantic.resolve import ParseExpression
from tracelang.semantic.scope import ScriptScope
from tracelang.semantic.spans import SpanBinder
from tracelang.semantic.targets import resolve_targets
from tracelang.syntax import ast


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
        if not bound and len(self.reporter.errors) == before:
            self._warn_never(rule, clauses)
            self._check_rest(clauses, places)
        if len(self.reporter.errors) > before:
            return None
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
            one = PlaceBinder(
                self.script, self.reporter, self.parse, clauses, place, several=len(places) > 1
            ).bind(index)
            if one is None:
                continue
            key = (shape(place), replace(one, targets=()))
            known = bound.get(key)
            bound[key] = one if known is None else replace(known, targets=(*known.targets, index))
        return tuple(bound.values())

    def _check_rest(self, clauses: Clauses, places: tuple[ResolvedTarget, ...]) -> None:
        """Report mistakes in a rule that never fires, unless it is right for some place."""
        rest = replace(clauses, where=None)
        found: list[Reporter] = []
        for place in places:
            reporter = Reporter()
            several = len(places) > 1
            PlaceBinder(self.script, reporter, self.parse, rest, place, several=several).bind(0)
            if not reporter.errors:
                return
            found.append(reporter)
        self.reporter.add(*found[0].errors)

    def bind_span(self, rule: ast.SpanRule, number: int) -> RuleModel | None:
        """Return a span rule's model, or None after reporting what is wrong with it."""
        before = len(self.reporter.errors)
        try:
            targets = find_targets(rule, self.kinds, self.targets, self.most_probes)
            clauses = take_apart(rule, tuple(targets.places[i] for i in targets.starts))
            binder = SpanBinder(targets, self.script, self.reporter, self.parse, clauses)
            ends, model = binder.ends(), binder.model()
            if not ends and len(self.reporter.errors) == before:
                self._warn_never(rule, clauses)
                replace(binder, clauses=replace(clauses, where=None)).ends()
        except DiagnosticError as error:
            self.reporter.add(*error.diagnostics)
            return None
        if len(self.reporter.errors) > before:
            return None
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

    def _warn_never(self, rule: ast.ProbeRule | ast.SpanRule, clauses: Clauses) -> None:
        span = clauses.where.condition.span if clauses.where is not None else rule.span
        if self.script.params.keys() & set(re.findall(r"\w+", span.text)):
            return  # an option turns the rule off, which is what options are for
        message = "this is never true, so the rule never fires"
        self.reporter.add(Diagnostic("T261", message, Label(span), severity=Severity.WARNING))
