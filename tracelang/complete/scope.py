"""What names mean at a place of a half-written script: its targets, and its own words so far."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from tracelang.complete.machine import Machine
from tracelang.dataclass import dataclass
from tracelang.diagnostics import DiagnosticError, Reporter
from tracelang.mechanism import Mechanism
from tracelang.semantic.expressions import Constant, Expression
from tracelang.semantic.model import Argument, ResolvedTarget
from tracelang.semantic.params import bind_params
from tracelang.semantic.resolve import Resolver
from tracelang.semantic.scope import RuleScope, ScriptScope, Stage
from tracelang.semantic.targets import RETURN_OF
from tracelang.syntax import ast
from tracelang.syntax.parse import parse_expression
from tracelang.syntax.partial import Partial, mask

_NOWHERE: Final = ResolvedTarget("begin", "begin", Mechanism.RUN, "begin")
_DECLARED: Final = re.compile(r"(?<![\w.])(let|param|table|as)\s+([A-Za-z_]\w*)")
_TEXT_LIMIT: Final = 128


@dataclass(frozen=True, slots=True)
class PlaceScope:
    """The places an expression is judged at. `starts` and `ends` are one and none for a `probe`.

    `stages` are the places of a span's `via` legs by their names. `own_names` are those the script
    gives itself, anywhere in it: (word that declares it, name).
    """

    starts: tuple[ResolvedTarget, ...]
    ends: tuple[ResolvedTarget, ...]
    stages: Mapping[str, tuple[ResolvedTarget, ...]]
    own_names: tuple[tuple[str, str], ...]
    is_span: bool
    rule: RuleScope

    def resolve(self, expr: ast.Expr) -> Expression | None:
        """Return the typed value of an expression; None where it has none here."""
        try:
            return Resolver(self.rule, parse_expression).resolve(expr)
        except DiagnosticError:
            return None

    def fields(self) -> Iterator[Argument]:
        """Yield the fields that every target has, and what belongs to a return or a span's end."""
        yield from shared(self.starts)
        yield from (a for a in shared(self.ends) if a.name not in _names(self.starts))
        returning = self.ends or self.starts
        if returning and (returns := returning[0].returns) is not None:
            yield replace(returns, name="retval")


def shared(places: tuple[ResolvedTarget, ...]) -> Iterator[Argument]:
    """Yield the arguments that all of the places have, as the first has them."""
    others = [{a.name for a in place.arguments} for place in places[1:]]
    for argument in places[0].arguments if places else ():
        if all(argument.name in names for names in others):
            yield argument


def _names(places: Iterable[ResolvedTarget]) -> set[str]:
    return {a.name for place in places for a in place.arguments}


def read_scope(partial: Partial, text: str, machine: Machine) -> PlaceScope:
    """Return the scope of what is being written; `text` is the whole script."""
    starts, ends = _sides(partial, machine)
    own = tuple(dict.fromkeys((m[1], m[2]) for m in _DECLARED.finditer(mask(text))))
    start = starts[0] if starts else _NOWHERE
    end = ends[0] if ends else None
    stages = _stages(partial, machine)
    rule = RuleScope(
        _script_scope(partial, machine),
        start,
        _aliases(partial),
        declared=frozenset(_declared(partial)),
        end=end,
        stages={
            label: Stage(number, places[0] if places else _NOWHERE)
            for number, (label, places) in enumerate(stages.items(), 1)
        },
        only_at_end=frozenset(_names(ends) - _names(starts)),
    )
    is_span = partial.head == "span" and partial.leg is None
    return PlaceScope(starts, ends, stages, own, is_span, rule)


def _sides(
    partial: Partial, machine: Machine
) -> tuple[tuple[ResolvedTarget, ...], tuple[ResolvedTarget, ...]]:
    if partial.leg is not None:
        return machine.places(partial.leg), ()
    if partial.head != "span":
        targets = partial.targets or _targets_of_rules(partial)
        return machine.places(targets), ()
    if partial.legs:
        starts, ends = (
            [c for leg in partial.legs if leg.role is role for c in leg.targets]
            for role in (ast.LegRole.FROM, ast.LegRole.TO)
        )
        return machine.places(starts), machine.places(ends)
    return machine.places(partial.targets), machine.places(map(_returning, partial.targets))


def _stages(partial: Partial, machine: Machine) -> dict[str, tuple[ResolvedTarget, ...]]:
    """Return the places of each stage, by its name; those of a leg see none."""
    legs = partial.legs if partial.leg is None else []
    return {leg.label: machine.places(leg.targets) for leg in legs if leg.label}


def _targets_of_rules(partial: Partial) -> list[ast.TargetChoice]:
    """Return the targets a declaration's names may come from: those of the rules before it."""
    return [c for i in partial.items if isinstance(i, ast.ProbeRule) for c in i.targets]


def _returning(choice: ast.TargetChoice) -> ast.TargetChoice:
    """Return the returns of what a span's targets are the entries of."""
    options = tuple(
        replace(option, kind=RETURN_OF.get(option.kind, option.kind), arguments=None)
        for option in choice.options
    )
    return replace(choice, options=options)


def _declared(partial: Partial) -> Iterator[str]:
    for choice in partial.targets if partial.leg is None else partial.leg:
        for option in choice.options:
            yield from (argument.name for argument in option.arguments or ())


def _aliases(partial: Partial) -> dict[str, ast.Expr]:
    fields = list(partial.fields)
    for clause in partial.clauses:
        match clause:
            case ast.Capture():
                fields += clause.fields
            case ast.Aggregate():
                fields += clause.keys
    return {f.alias: f.expression for f in fields if f.alias}


def _script_scope(partial: Partial, machine: Machine) -> ScriptScope:
    params: dict[str, Constant] = {}
    for item in partial.items:
        if isinstance(item, ast.Param):
            params.update(bind_params((item,), {}, Reporter())[1])
    return ScriptScope(
        machine.kernel,
        machine.types,
        machine.decoders,
        _TEXT_LIMIT,
        params,
        {i.name: i for i in partial.items if isinstance(i, ast.Let)},
        {i.name: i for i in partial.items if isinstance(i, ast.Table)},
    )
