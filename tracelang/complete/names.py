"""Names that can stand in an expression: fields, builtins, functions, constants and more."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tracelang.complete.candidates import Candidate, fit
from tracelang.complete.machine import Machine
from tracelang.complete.scope import PlaceScope, shared
from tracelang.complete.words import function_words
from tracelang.semantic import aggregates
from tracelang.semantic.members import struct_of
from tracelang.semantic.names import BUILTINS
from tracelang.semantic.words import WORDS
from tracelang.source import SourceFile, Span
from tracelang.syntax import ast
from tracelang.syntax.partial import Partial

_OWN: Final = {"let": "let", "param": "param", "as": "column"}
_SUMMING: Final = ("aggregate", "by")
_BEGINS_A_WORD: Final = 2
_FEWEST_LETTERS: Final = 2
"""Constants are offered from so many letters on: there are thousands."""


def names_at(
    partial: Partial, scope: PlaceScope, machine: Machine, typed: str
) -> Iterator[Candidate]:
    """Yield what an expression can go on with, in the order a name is looked up."""
    if partial.section == "aggregate" and not partial.calls:
        yield from function_words(aggregates.FUNCTIONS, "aggregate")
        yield from (Candidate(f.alias, "column") for f in partial.fields if f.alias)
    yield from _own_names(partial, scope)
    for argument in scope.fields():
        yield Candidate(argument.name, "field", str(argument.type))
    yield from _builtins(scope, machine)
    if scope.is_span:
        yield Candidate("duration", "builtin", f"duration · {WORDS['duration'].summary}")
    for word, what in sides_of(scope).items():
        yield Candidate(f"{word}.", "side", what, complete=False)
    yield from _functions(machine)
    if len(typed) >= _FEWEST_LETTERS and typed[0].isupper():
        known = (name for name in machine.constants if fit(typed, name) <= _BEGINS_A_WORD)
        yield from (Candidate(name, "constant") for name in known)


def sides_of(scope: PlaceScope) -> dict[str, str]:
    """Return the words whose `.` leads to what an event has, and whose."""
    args = {"args": "the target's own fields"}
    if not scope.is_span:
        return args
    stages = {label: f"what the stage `{label}` has" for label in scope.stages}
    return {
        **stages,
        "start": "what the span's beginning has",
        "end": "what the span's end has",
        **args,
    }


def columns_at(partial: Partial) -> Iterator[Candidate]:
    """Yield the columns that `top N by` may name."""
    for clause in partial.clauses:
        if isinstance(clause, ast.Aggregate):
            yield from (Candidate(f.alias, "column") for f in clause.functions if f.alias)


def members_at(base: ast.Expr, scope: PlaceScope, machine: Machine) -> Iterator[Candidate]:
    """Yield what may follow the `.` behind a value, with its type."""
    if (
        isinstance(base, ast.Name)
        and (own := _fields_of_word(base.name, scope, machine)) is not None
    ):
        yield from own
        return
    value = scope.resolve(base)
    if value is None:
        return
    found = struct_of(value, machine.types)
    if found is None:
        return
    struct, space = found
    for name in dict.fromkeys(machine.types.member_names(struct)):
        member = machine.types.member(struct, name, space)
        detail = str(member.type) if member is not None else ""
        if member is not None and member.bits is not None:
            detail += f", {member.bits[1]} bits"
        yield Candidate(name, "member", detail)


def type_of(name: str, scope: PlaceScope) -> str:
    """Return the type of a bare name, an empty text where it has none."""
    span = Span(SourceFile("", name), 0, len(name))
    value = scope.resolve(ast.Name(name, span=span))
    return str(value.type) if value is not None else ""


def _fields_of_word(word: str, scope: PlaceScope, machine: Machine) -> list[Candidate] | None:
    """Return what `args.`, `params.`, `start.`, `end.` and a stage lead to; None otherwise."""
    places = scope.starts
    found: list[Candidate] = []
    match word:
        case "params":
            return [Candidate(n, "param") for what, n in scope.own_names if what == "param"]
        case "end" if scope.is_span:
            places = scope.ends
        case "start" if scope.is_span:
            pass
        case label if label in scope.stages:
            places = scope.stages[label]
            found = [Candidate("duration", "builtin", "duration · the time from the start to it")]
        case "args":
            pass
        case _:
            return None
    found += [Candidate(a.name, "field", str(a.type)) for a in shared(places)]
    if word == "args":
        return found
    if places and places[0].returns is not None:
        found.append(Candidate("retval", "field", str(places[0].returns.type)))
    return [*found, *_builtins(scope, machine)]


def _own_names(partial: Partial, scope: PlaceScope) -> Iterator[Candidate]:
    # What an aggregate is called is no name of a single event.
    names = [n for n in scope.own_names if n[0] != "as" or partial.section not in _SUMMING]
    for what, name in names:
        if what == "table":
            yield Candidate(f"{name}(", "table", "a table of this script", complete=False)
        else:
            yield Candidate(name, _OWN[what], type_of(name, scope) if what != "as" else "")


def _builtins(scope: PlaceScope, machine: Machine) -> Iterator[Candidate]:
    for name in BUILTINS:
        if name not in machine.builtin_types:
            machine.builtin_types[name] = type_of(name, scope)
        summary = WORDS[name].summary if name in WORDS else ""
        detail = " · ".join(filter(None, (machine.builtin_types[name], summary)))
        yield Candidate(name, "builtin", detail)


def _functions(machine: Machine) -> Iterator[Candidate]:
    summing = aggregates.FUNCTIONS
    decoders = [d for d in machine.decoders if d.example]
    yield from function_words(
        [n for n, word in WORDS.items() if word.form.startswith(f"{n}(") and n not in summing],
        "function",
    )
    for decoder in decoders:
        yield Candidate(f"{decoder.name}(", "function", decoder.summary, complete=False)
