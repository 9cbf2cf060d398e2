"""Spans: binding a rule's sides, its keys, and what must be remembered between them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from typing import Any

from tracelang.diagnostics import Reporter, fail
from tracelang.mechanism import Mechanism
from tracelang.semantic.clauses import Clauses
from tracelang.semantic.expressions import Builtin, Expression
from tracelang.semantic.legs import Side, SpanTargets
from tracelang.semantic.model import (
    BoundTarget,
    CapturedField,
    SpanLeg,
    SpanModel,
)
from tracelang.semantic.places import PlaceBinder, shape
from tracelang.semantic.resolve import ParseExpression, Resolver
from tracelang.semantic.scope import RuleScope, ScriptScope, Stage
from tracelang.semantic.sides import Pairing, outline, split, store, unify
from tracelang.semantic.types import U32, Type, is_scalar
from tracelang.semantic.values import as_condition, as_text, describe
from tracelang.syntax import ast


@dataclass(slots=True)
class SpanBinder:
    """Binds one span: its ends, then the starts and stages with what those ask them to remember."""

    targets: SpanTargets
    script: ScriptScope
    reporter: Reporter
    parse: ParseExpression
    clauses: Clauses
    _remembered: dict[int, list[Expression]] = field(default_factory=dict)
    """By start and stage (as an index into the rule's targets) what it must remember."""
    _shared: bool = True
    """Whether a value that is asked for twice is remembered once."""
    _differ: bool = False
    """Whether an end would have to be read differently, by where it started."""

    def ends(self) -> tuple[BoundTarget, ...]:
        """Return the ends; those that come to the same are kept together and share a program.

        What is alike at one start (`first_of`) need not be at another: then each column has a
        place of its own in what is remembered.
        """
        found = self._bind_ends()
        if self._differ or not self._fit():
            self._remembered, self._shared, self._differ = {}, False, False
            found = self._bind_ends()
            if self._differ or not self._fit():
                raise fail(
                    "T294",
                    "the legs of this span do not have the same values to remember",
                    self.targets.places[self.targets.starts[0]].span,
                    help=["write a span for each"],
                )
        return found

    def _bind_ends(self) -> tuple[BoundTarget, ...]:
        bound: dict[tuple[object, ...], BoundTarget] = {}
        for side in self.targets.of(ast.LegRole.TO):
            for index in side.places:
                one = self._bind_end(index)
                if one is None:
                    continue
                one = replace(one, when=self._when(side, index), keys=self._keys(side, index))
                key = (shape(self.targets.places[index]), replace(one, targets=()))
                known = bound.get(key, one)
                more = () if known is one else (index,)
                bound[key] = replace(known, targets=(*known.targets, *more))
        return tuple(bound.values())

    def model(self) -> SpanModel:
        """Return the other sides; to be asked for after the ends."""
        stages = self.targets.of(ast.LegRole.VIA)
        legs: list[SpanLeg] = []
        for number, side in enumerate(stages, 1):
            legs += _merge(self._legs((side,), number))
        starts = _merge(self._legs(self.targets.of(ast.LegRole.FROM)))
        cancels = _merge(self._legs(self.targets.of(ast.LegRole.CANCEL)))
        deep = self.targets.nested and not all(p.exclusive for p in self.targets.places)
        return SpanModel(starts, cancels, self.targets.nested, len(stages), tuple(legs), deep)

    # --- Ends -----------------------------------------------------------------------------------

    def _bind_end(self, index: int) -> BoundTarget | None:
        """Bind an end with each start and stage it may belong to; they all come to the same."""
        one = None
        for start, stages in self._pairs(index):
            found = self._bind_pair(index, start, stages)
            if found is None:
                continue
            memory = [self._remembered.setdefault(i, []) for i in (start, *stages)]
            cut = _split_bound(found, memory, self._pairing(start, index), self._shared)
            one = one or cut
            if _outline(cut) != _outline(one) or not self._fit():
                self._differ = True
            else:
                one = _map(one, unify, cut)
        return one

    def _fit(self) -> bool:
        """Tell whether starts, and events of a stage, remember the same kind in each place."""
        sides = (self.targets.starts, *(s.places for s in self.targets.of(ast.LegRole.VIA)))
        columns = (
            zip_longest(*(self._remembered[i] for i in places if i in self._remembered))
            for places in sides
        )
        return all(
            len({_kind(value.type) for value in values if value is not None}) < 2
            for column in columns
            for values in column
        )

    def _pairs(self, end: int) -> Iterator[tuple[int, tuple[int, ...]]]:
        """Yield a start and a place for each stage, so that each place there is comes up."""
        starts = self.targets.starts
        if self.targets.nested:
            starts = (end - len(starts),)
        stages = [side.places for side in self.targets.of(ast.LegRole.VIA)]
        first = tuple(places[0] for places in stages)
        for start in starts:
            yield start, first
        for number, places in enumerate(stages):
            for other in places[1:]:
                yield starts[0], (*first[:number], other, *first[number + 1 :])

    def _bind_pair(self, index: int, start: int, stages: tuple[int, ...]) -> BoundTarget | None:
        places = self.targets.places
        starts = (start,) if self.targets.nested else self.targets.starts
        return PlaceBinder(
            self.script,
            self.reporter,
            self.parse,
            self.clauses,
            places[start],
            several=len(self.targets.starts) > 1,
            end=places[index],
            starts=tuple(places[i] for i in starts),
            stages=self._stages(stages),
        ).bind(index)

    def _stages(self, stages: tuple[int, ...]) -> Mapping[str, Stage]:
        sides = self.targets.of(ast.LegRole.VIA)
        return {
            side.label: Stage(number, self.targets.places[index])
            for number, (side, index) in enumerate(zip(sides, stages, strict=True), 1)
        }

    def _pairing(self, start: int, end: int) -> Pairing:
        nested = self.targets.nested
        same_thread = nested or not any(side.keys for side in self.targets.sides)
        first, last = self.targets.places[start], self.targets.places[end]
        both = (first.mechanism, last.mechanism) == (Mechanism.FENTRY, Mechanism.FEXIT)
        return Pairing(same_thread, nested and both and first.place == last.place)

    # --- Legs -----------------------------------------------------------------------------------

    def _legs(
        self, sides: Iterable[Side], stage: int = 0
    ) -> Iterator[tuple[tuple[object, ...], SpanLeg]]:
        """Yield each place's leg with its shape; starts of which nothing is asked never count."""
        for side in sides:
            for index in side.places:
                forgets = side.role is ast.LegRole.CANCEL
                if index not in self._remembered and not forgets:
                    continue
                stored = () if forgets else tuple(self._remembered[index])
                when, keys = self._when(side, index), self._keys(side, index)
                leg = SpanLeg((index,), when, keys, stored, stage, side.label)
                yield shape(self.targets.places[index]), leg

    def _keys(self, side: Side, index: int) -> tuple[Expression, ...]:
        """Return a leg's keys at one of its places: numbers; the thread, where none are given."""
        resolver = self._resolver(index)
        if not side.keys:
            return () if self.targets.nested else (Builtin(U32, "tid"),)
        values = tuple(resolver.resolve(key) for key in side.keys)
        for value, key in zip(values, side.keys, strict=True):
            if not is_scalar(value.type) or as_text(value, self.script) is not None:
                raise fail(
                    "T293",
                    f"a key is a number, this is {describe(value)}",
                    key.span,
                    help=["pair by what both events have: `tid`, a number, a pointer to a struct"],
                )
        return tuple(replace(v, decoding=None) for v in values)

    def _when(self, side: Side, index: int) -> Expression | None:
        """Return a leg's guard at one of its places."""
        if side.when is None:
            return None
        return as_condition(self._resolver(index).resolve(side.when))

    def _resolver(self, index: int) -> Resolver:
        place = self.targets.places[index]
        scope = RuleScope(self.script, place, declared=self.clauses.declared)
        return Resolver(scope, self.parse)


def _split_bound(
    bound: BoundTarget, memory: Sequence[list[Expression]], pairing: Pairing, shared: bool
) -> BoundTarget:
    """Return an end's expressions with what they take from the start and the stages."""

    def cut(value: Expression) -> Expression:
        return split(value, memory, pairing) if shared else store(value, memory, pairing)

    return _map(bound, cut)


def _map(
    bound: BoundTarget, change: Callable[..., Expression], *others: BoundTarget
) -> BoundTarget:
    """Return a place's expressions changed, each with those of others in the same position."""

    def changed(*values: Expression | None) -> Expression | None:
        return None if values[0] is None else change(*values)

    def field_of(*fields: CapturedField) -> CapturedField:
        return replace(fields[0], value=change(*(f.value for f in fields)))

    def each(name: str, function: Callable[..., Any]) -> Any:
        return tuple(map(function, *(getattr(b, name) for b in (bound, *others))))

    return replace(
        bound,
        where=changed(bound.where, *(o.where for o in others)),
        captures=each("captures", field_of),
        arguments=each("arguments", field_of),
        values=each("values", changed),
    )


def _merge(legs: Iterable[tuple[tuple[object, ...], SpanLeg]]) -> tuple[SpanLeg, ...]:
    """Put legs of the same shape together, so that they share a program."""
    merged: dict[tuple[object, ...], SpanLeg] = {}
    for place, leg in legs:
        key = (place, replace(leg, targets=()))
        known = merged.get(key, leg)
        more = () if known is leg else leg.targets
        merged[key] = replace(known, targets=(*known.targets, *more))
    return tuple(merged.values())


def _outline(bound: BoundTarget) -> tuple[object, ...]:
    shown = (item.value for item in (*bound.captures, *bound.arguments))
    return tuple(map(outline, (bound.where, *shown, *bound.values)))


def _kind(type_: Type) -> object:
    return "number" if is_scalar(type_) else type(type_)
