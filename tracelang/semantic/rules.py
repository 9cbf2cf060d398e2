"""Rules: binding a rule's clauses to each place it attaches to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from tracelang.diagnostics import Diagnostic, DiagnosticError, Label, Reporter, Severity
from tracelang.registry import Registry
from tracelang.semantic.clauses import Clauses, take_apart
from tracelang.semantic.expressions import Expression
from tracelang.semantic.model import (
    BoundTarget,
    ResolvedTarget,
    RuleModel,
    SpanModel,
    SpanStart,
)
from tracelang.semantic.places import PlaceBinder
from tracelang.semantic.probe_kind import ProbeKind, TargetScope
from tracelang.semantic.resolve import ParseExpression
from tracelang.semantic.scope import ScriptScope
from tracelang.semantic.spans import (
    SpanBinder,
    SpanTargets,
    find_targets,
    merge_starts,
    pairing,
    split_bound,
)
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
            one = PlaceBinder(
                self.script, self.reporter, self.parse, clauses, place, several=len(places) > 1
            ).bind(index)
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
                    binder = PlaceBinder(
                        self.script,
                        self.reporter,
                        self.parse,
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


def _shape(place: ResolvedTarget) -> tuple[object, ...]:
    """Return what places must share to share a program, beside their expressions."""
    selector = place.selector.source if place.selector is not None else None
    return (place.mechanism, place.has_task, selector)
