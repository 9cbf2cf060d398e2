"""Legs: the places of a span rule, which of its sides each belongs to, and how they pair."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final, TypeVar

from tracelang.dataclass import dataclass
from tracelang.diagnostics import Diagnostic, DiagnosticError, Label, fail
from tracelang.registry import Registry
from tracelang.semantic.model import ResolvedTarget
from tracelang.semantic.probe_kind import ProbeKind, TargetScope
from tracelang.semantic.targets import (
    RETURN_OF,
    check_number,
    find_kind,
    resolve_target,
    resolve_targets,
)
from tracelang.syntax import ast

T = TypeVar("T")

_TAKEN: Final = ("start", "end", "args", "params")
"""What a stage cannot be called: these words before a dot mean something already."""


@dataclass(frozen=True, slots=True)
class Side:
    """One leg's places, as indexes into the rule's targets, and how it is guarded and keyed."""

    role: ast.LegRole
    places: tuple[int, ...]
    when: ast.Expr | None = None
    keys: tuple[ast.Expr, ...] = ()
    label: str = ""


@dataclass(frozen=True, slots=True)
class SpanTargets:
    """Every place of a span, its legs, and whether entries pair with returns place by place."""

    places: tuple[ResolvedTarget, ...]
    sides: tuple[Side, ...]
    nested: bool

    def of(self, *roles: ast.LegRole) -> tuple[Side, ...]:
        """Return the legs of some roles."""
        return tuple(side for side in self.sides if side.role in roles)

    @property
    def starts(self) -> tuple[int, ...]:
        """The places that start a span."""
        return tuple(i for side in self.of(ast.LegRole.FROM) for i in side.places)


def find_targets(
    rule: ast.SpanRule, kinds: Registry[ProbeKind], scope: TargetScope, most: int
) -> SpanTargets:
    """Return the places of a span rule."""
    if rule.targets:
        entries, returns = entries_and_returns(rule.targets, kinds, scope)
        count = len(entries)
        sides = (
            Side(ast.LegRole.FROM, tuple(range(count))),
            Side(ast.LegRole.TO, tuple(range(count, 2 * count))),
        )
        return SpanTargets((*entries, *returns), sides, nested=True)
    _check_keys(rule)
    _check_labels(rule)
    places: list[ResolvedTarget] = []
    legs = []
    for leg in rule.legs:
        found = resolve_targets(leg.targets, kinds, scope, most)
        first = len(places)
        places.extend(found)
        indexes = tuple(range(first, first + len(found)))
        legs.append(Side(leg.role, indexes, leg.when, leg.keys, leg.label or ""))
    return SpanTargets(tuple(places), tuple(legs), nested=False)


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


def _check_labels(rule: ast.SpanRule) -> None:
    """Refuse a stage's name that is taken, by the language (T271) or by another stage (T272)."""
    seen: dict[str, ast.Leg] = {}
    for leg in rule.legs:
        if leg.label in _TAKEN:
            raise fail(
                "T271",
                f"a stage cannot be called `{leg.label}`: `{leg.label}.x` means something else",
                leg.span,
                help=["give it another name"],
            )
        if leg.label in seen:
            message = f"two stages are called `{leg.label}`"
            first = Label(seen[leg.label].span, "the first")
            help_ = ("give one another name, or name both events in one leg: `via X: A, B`",)
            raise DiagnosticError(
                Diagnostic("T272", message, Label(leg.span), (first,), help=help_)
            )
        if leg.label:
            seen[leg.label] = leg


# --- Entries and returns --------------------------------------------------------------------------


def entries_and_returns(
    choices: Iterable[ast.TargetChoice],
    kinds: Registry[ProbeKind],
    scope: TargetScope,
    what: str = "span to",
) -> tuple[tuple[ResolvedTarget, ...], tuple[ResolvedTarget, ...]]:
    """Return the entries of functions or calls, and the returns that belong to them in one order.

    T292 for what has no return `what` needs.
    """
    entries: list[ResolvedTarget] = []
    returns: list[ResolvedTarget] = []
    choices = tuple(choices)
    for choice in choices:
        starts, ends = _first(choice.options, lambda t: _pair(t, kinds, scope, what))
        entries.extend(starts)
        returns.extend(ends)
    check_number(len(entries), scope.most_probes, choices[0].span.to(choices[-1].span))
    return tuple(entries), tuple(returns)


def _pair(
    target: ast.Target, kinds: Registry[ProbeKind], scope: TargetScope, what: str
) -> tuple[tuple[ResolvedTarget, ...], tuple[ResolvedTarget, ...]]:
    kind = find_kind(target, kinds).name
    if kind not in RETURN_OF:
        raise fail(
            "T292",
            f"`{target}` has no return to {what}",
            target.span,
            help=_INSTEAD.get(what, ()),
        )
    entries = resolve_target(target, kinds, scope)
    ending = replace(target, kind=RETURN_OF[kind], arguments=None)
    returns = {p.function: p for p in resolve_target(ending, kinds, scope)}
    paired = [(e, returns[e.function]) for e in entries if e.function in returns]
    return tuple(e for e, _ in paired), tuple(r for _, r in paired)


_INSTEAD: Final = {
    "span to": ("name two events: `span from A key … to B key …`",),
    "be inside of": ("name a function or a system call: `inside(syscall:read)`",),
}


def _first(options: Iterable[ast.Target], find: Callable[[ast.Target], T]) -> T:
    errors: list[Diagnostic] = []
    for option in options:
        try:
            return find(option)
        except DiagnosticError as error:
            errors.extend(error.diagnostics)
    raise DiagnosticError(*errors[:1])
