"""Spans: binding a rule's two sides, its keys, and what must be remembered between them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TypeVar

from tracelang.diagnostics import Diagnostic, DiagnosticError, fail
from tracelang.registry import Registry
from tracelang.semantic.expressions import Builtin, Expression
from tracelang.semantic.model import (
    BoundTarget,
    CapturedField,
    ResolvedTarget,
    SpanModel,
    SpanStart,
)
from tracelang.semantic.probe_kind import ProbeKind, TargetScope
from tracelang.semantic.resolve import ParseExpression, Resolver
from tracelang.semantic.scope import RuleScope, ScriptScope
from tracelang.semantic.sides import split
from tracelang.semantic.targets import find_kind, resolve_target, resolve_targets
from tracelang.semantic.types import U32, is_scalar
from tracelang.semantic.unknown_names import RETURN_OF
from tracelang.semantic.values import as_condition, as_text, describe
from tracelang.syntax import ast

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Side:
    """One leg's places, as indexes into the rule's targets, and how it is guarded and keyed."""

    role: ast.LegRole
    places: tuple[int, ...]
    when: ast.Expr | None = None
    keys: tuple[ast.Expr, ...] = ()


@dataclass(frozen=True, slots=True)
class SpanTargets:
    """Every place of a span, its legs, and whether entries pair with returns place by place."""

    places: tuple[ResolvedTarget, ...]
    sides: tuple[Side, ...]
    nested: bool

    def of(self, *roles: ast.LegRole) -> tuple[Side, ...]:
        """Return the legs of some roles."""
        return tuple(side for side in self.sides if side.role in roles)


def find_targets(
    rule: ast.SpanRule, kinds: Registry[ProbeKind], scope: TargetScope, most: int
) -> SpanTargets:
    """Return the places of a span rule."""
    if rule.targets:
        return _entries_and_returns(rule, kinds, scope)
    places: list[ResolvedTarget] = []
    sides = []
    for leg in rule.legs:
        if leg.role is ast.LegRole.VIA:
            raise fail("T290", "`via` is not supported by this version", leg.span)
        found = resolve_targets(leg.targets, kinds, scope, most)
        first = len(places)
        places.extend(found)
        indexes = tuple(range(first, first + len(found)))
        sides.append(Side(leg.role, indexes, leg.when, leg.keys))
    _check_keys(rule)
    return SpanTargets(tuple(places), tuple(sides), nested=False)


def _check_keys(rule: ast.SpanRule) -> None:
    counts = {len(leg.keys) for leg in rule.legs}
    if len(counts) > 1:
        odd = next(leg for leg in rule.legs if len(leg.keys) != len(rule.legs[0].keys))
        raise fail(
            "T291",
            f"this leg has {len(odd.keys)} key{'s' * (len(odd.keys) != 1)}, "
            f"the first has {len(rule.legs[0].keys)}",
            odd.span,
            help=["keys pair up by position: give every leg the same number"],
        )


def _entries_and_returns(
    rule: ast.SpanRule, kinds: Registry[ProbeKind], scope: TargetScope
) -> SpanTargets:
    entries: list[ResolvedTarget] = []
    returns: list[ResolvedTarget] = []
    for choice in rule.targets:
        starts, ends = _first(choice.options, lambda t: _pair(t, kinds, scope))
        entries.extend(starts)
        returns.extend(ends)
    count = len(entries)
    sides = (
        Side(ast.LegRole.FROM, tuple(range(count))),
        Side(ast.LegRole.TO, tuple(range(count, 2 * count))),
    )
    return SpanTargets((*entries, *returns), sides, nested=True)


def _pair(
    target: ast.Target, kinds: Registry[ProbeKind], scope: TargetScope
) -> tuple[tuple[ResolvedTarget, ...], tuple[ResolvedTarget, ...]]:
    """Return a function's or call's entries and the returns that belong to them, in one order."""
    kind = find_kind(target, kinds).name
    if kind not in RETURN_OF:
        raise fail(
            "T292",
            f"`{target}` has no return to span to",
            target.span,
            help=["name two events: `span from A key … to B key …`"],
        )
    entries = resolve_target(target, kinds, scope)
    ending = replace(target, kind=RETURN_OF[kind], arguments=None)
    returns = {p.function: p for p in resolve_target(ending, kinds, scope)}
    paired = [(e, returns[e.function]) for e in entries if e.function in returns]
    return tuple(e for e, _ in paired), tuple(r for _, r in paired)


def _first(options: Iterable[ast.Target], find: Callable[[ast.Target], T]) -> T:
    errors: list[Diagnostic] = []
    for option in options:
        try:
            return find(option)
        except DiagnosticError as error:
            errors.extend(error.diagnostics)
    raise DiagnosticError(*errors[:1])


# --- Binding --------------------------------------------------------------------------------------


class SpanBinder:
    """Binds the legs of one span: their guards and keys, and what the starts remember."""

    def __init__(
        self,
        targets: SpanTargets,
        script: ScriptScope,
        parse: ParseExpression,
        declared: frozenset[str],
    ) -> None:
        self._targets = targets
        self._script = script
        self._parse = parse
        self._declared = declared

    def start_of(self, end: int) -> int:
        """Return the start whose names the end at an index sees."""
        starts = [i for side in self._targets.of(ast.LegRole.FROM) for i in side.places]
        if self._targets.nested:
            return end - len(starts)
        return starts[0]

    def keys(self, side: Side, index: int) -> tuple[Expression, ...]:
        """Return a leg's keys at one of its places: numbers; the thread, where none are given."""
        resolver = self._resolver(index)
        if not side.keys:
            return () if self._targets.nested else (Builtin(U32, "tid"),)
        values = tuple(resolver.resolve(key) for key in side.keys)
        for value, key in zip(values, side.keys, strict=True):
            if not is_scalar(value.type) or as_text(value, self._script) is not None:
                raise fail(
                    "T293",
                    f"a key is a number, this is {describe(value)}",
                    key.span,
                    help=["pair by what both events have: `tid`, a number, a pointer to a struct"],
                )
        return tuple(replace(v, decoding=None) for v in values)

    def when(self, side: Side, index: int) -> Expression | None:
        """Return a leg's guard at one of its places."""
        if side.when is None:
            return None
        return as_condition(self._resolver(index).resolve(side.when))

    def _resolver(self, index: int) -> Resolver:
        place = self._targets.places[index]
        return Resolver(RuleScope(self._script, place, declared=self._declared), self._parse)

    def same_thread(self) -> bool:
        """Tell whether start and end are on one thread by the way they are paired."""
        return self._targets.nested or not any(side.keys for side in self._targets.sides)


def split_bound(
    bound: BoundTarget, *, same_thread: bool
) -> tuple[BoundTarget, tuple[Expression, ...]]:
    """Return an end's expressions with what they take from the start, and that."""
    stored: list[Expression] = []

    def cut(value: Expression) -> Expression:
        return split(value, stored, same_thread=same_thread)

    def cut_field(item: CapturedField) -> CapturedField:
        return CapturedField(item.name, cut(item.value))

    end = replace(
        bound,
        where=None if bound.where is None else cut(bound.where),
        captures=tuple(cut_field(c) for c in bound.captures),
        arguments=tuple(cut_field(a) for a in bound.arguments),
        values=tuple(None if v is None else cut(v) for v in bound.values),
    )
    return end, tuple(stored)


def merge_starts(starts: Iterable[tuple[tuple[object, ...], SpanStart]]) -> tuple[SpanStart, ...]:
    """Put starts of the same shape together, so that they share a program."""
    merged: dict[tuple[object, ...], SpanStart] = {}
    for shape, start in starts:
        key = (shape, start.when, start.keys, start.stored)
        known = merged.get(key)
        if known is None:
            merged[key] = start
        else:
            merged[key] = replace(known, targets=(*known.targets, *start.targets))
    return tuple(merged.values())


def pairing(
    starts: tuple[SpanStart, ...], cancels: tuple[SpanStart, ...], *, nested: bool
) -> SpanModel:
    """Return the model of both sides; every start must remember the same values (T294)."""
    counts = {len(start.stored) for start in starts}
    if len(counts) > 1:
        raise fail("T294", "the starts of this span do not have the same values to remember")
    return SpanModel(starts, cancels, nested)
