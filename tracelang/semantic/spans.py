"""Spans: binding a rule's sides, its keys, and what must be remembered between them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

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
from tracelang.semantic.sides import Pairing, split
from tracelang.semantic.types import U32, is_scalar
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

    def ends(self) -> tuple[BoundTarget, ...]:
        """Return the ends; those that come to the same are kept together and share a program."""
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
        for number in range(len(stages) + 1):
            _check_alike([*starts, *legs], number)
        return SpanModel(starts, cancels, self.targets.nested, len(stages), tuple(legs))

    # --- Ends -----------------------------------------------------------------------------------

    def _bind_end(self, index: int) -> BoundTarget | None:
        """Bind an end with each start and stage it may belong to; they all come to the same."""
        one = None
        for start, stages in self._pairs(index):
            found = self._bind_pair(index, start, stages)
            if found is None:
                continue
            memory = [self._remembered.setdefault(i, []) for i in (start, *stages)]
            cut = _split_bound(found, memory, self._pairing(start, index))
            one = one or cut
        return one

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
    bound: BoundTarget, memory: Sequence[list[Expression]], pairing: Pairing
) -> BoundTarget:
    """Return an end's expressions with what they take from the start and the stages."""

    def cut(value: Expression) -> Expression:
        return split(value, memory, pairing)

    def cut_field(item: CapturedField) -> CapturedField:
        return CapturedField(item.name, cut(item.value))

    return replace(
        bound,
        where=None if bound.where is None else cut(bound.where),
        captures=tuple(cut_field(c) for c in bound.captures),
        arguments=tuple(cut_field(a) for a in bound.arguments),
        values=tuple(None if v is None else cut(v) for v in bound.values),
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


def _check_alike(legs: Iterable[SpanLeg], stage: int) -> None:
    """Refuse starts, or events of one stage, that do not remember the same values (T294)."""
    own = [leg for leg in legs if leg.stage == stage]
    if len({len(leg.stored) for leg in own}) > 1:
        what = f"the events of `{own[0].label}`" if stage else "the starts of this span"
        raise fail("T294", f"{what} do not have the same values to remember")
