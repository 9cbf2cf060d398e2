"""Targets as candidates: the kinds, then names by a few letters of any part."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tracelang.complete.candidates import LOOSE, Candidate, best, fit
from tracelang.complete.machine import Machine
from tracelang.semantic.probe_kind import ProbeKind
from tracelang.source import SourceFile, Span
from tracelang.syntax import ast
from tracelang.syntax.partial import Partial

_MOST: Final = 300
_FEWEST_LETTERS: Final = 2
_WITH_DETAIL: Final = 40
"""So many names get their arguments shown: as many as are ever on the screen at once."""


def wants_target(partial: Partial, typed: str) -> bool:
    """Tell whether a target is being written where `partial` ends."""
    if "TARGET" not in partial.accepts:
        return False
    # A further rule may begin with a target by the grammar, but not by the language.
    return ":" in typed or "WHERE" not in partial.accepts


def targets_at(typed: str, machine: Machine, *, by_steps: bool) -> tuple[Candidate, ...]:
    """Return the targets that what is typed can become, best first.

    `by_steps` goes on to the next `:` only, as suits a shell.
    """
    if by_steps:
        return tuple(_steps(typed, machine))
    if ":" not in typed:
        kinds = best(typed, _kinds(machine))
        names = machine.names.find(typed, _MOST) if len(typed) >= _FEWEST_LETTERS else []
        # Letters in their order are a poor reason for a kind where a name has them together.
        kinds = tuple(k for k in kinds if fit(typed, k.text) < LOOSE)
        return (*kinds, *_named(names, machine))
    return tuple(_named(machine.names.find(typed, _MOST), machine))


def _kinds(machine: Machine) -> Iterator[Candidate]:
    for kind in machine.names.offered:
        form = f"{kind.name}:" if ":" in kind.form else kind.name
        yield Candidate(form, "kind", kind.summary, complete=":" not in kind.form)


def _steps(typed: str, machine: Machine) -> Iterator[Candidate]:
    kind = machine.names.kind_of(typed.partition(":")[0]) if ":" in typed else None
    whole = f"{kind.name}:{typed.partition(':')[2]}" if kind is not None else typed
    summaries = {c.text: c.detail for c in _kinds(machine)}
    for step in machine.names.steps(typed):
        if step.startswith(whole):
            yield Candidate(step, "target", summaries.get(step, ""), not step.endswith(":"))


def _named(names: list[str], machine: Machine) -> Iterator[Candidate]:
    for number, name in enumerate(names):
        kind = machine.names.kind_of(name.partition(":")[0])
        shown = number < _WITH_DETAIL and kind is not None
        detail = arguments_of(name, kind, machine) if shown and kind is not None else ""
        yield Candidate(name, "target", detail, not name.endswith(":"))


def arguments_of(name: str, kind: ProbeKind, machine: Machine) -> str:
    """Return the names of a target's fields, in brackets."""
    word, *parts = name.split(":")
    if not all(parts):
        return ""
    span = Span(SourceFile("", name), 0, len(name))
    target = ast.Target(word, tuple(parts), span=span)
    places = machine.places([ast.TargetChoice((target,), span=span)])
    if not places:
        return ""
    names = [argument.name for argument in places[0].arguments]
    names += ["→ retval"] if places[0].returns is not None else []
    return f"({', '.join(names)})" if names else kind.summary
