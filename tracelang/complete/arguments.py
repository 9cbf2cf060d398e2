"""Words that only one place takes: sets of flags, types, enums, a param's type, a rate's unit."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from tracelang.complete.candidates import Candidate
from tracelang.complete.machine import Machine
from tracelang.decoders.flag_sets import FLAG_SETS
from tracelang.semantic.type_table import TypeTable
from tracelang.syntax.build_script import PARAM_TYPES
from tracelang.syntax.partial import Partial

_TAKES_TYPE: Final = ("cast", "container_of", "symbol")
_SECOND: Final = 1
# The parser takes the word for a name as long as none stands behind it.
_KEYWORD: Final = re.compile(r"(?<![\w.])(struct|union|enum)\s+\Z")


def own_words(
    partial: Partial, before: str, machine: Machine, typed: str
) -> list[Candidate] | None:
    """Return the words of a place that takes no expression, or None where it takes any."""
    if keyword := _KEYWORD.search(before):
        return list(_types(keyword[1], machine))
    if partial.last == "COLON":
        # A type: of a param, or of an argument that a target names itself.
        return list(_param_types() if partial.head == "param" else _argument_types(typed, machine))
    if partial.head == "param" and partial.last == "EQUAL":
        return [Candidate("true", "value"), Candidate("false", "value")]
    if partial.section == "limit" and partial.last == "SLASH":
        return [Candidate("s", "unit", "events a second")]
    if not partial.calls:
        return None
    call = partial.calls[-1]
    if call.function == "flags" and len(call.arguments) == _SECOND:
        return [Candidate(name, "set", "a set of flags") for name in sorted(FLAG_SETS)]
    if call.function in _TAKES_TYPE and len(call.arguments) == _SECOND:
        return [
            Candidate("struct ", "type", "a struct of the kernel, by its name", complete=False),
            *(Candidate(name, "type") for name in TypeTable.plain_names()),
        ]
    if call.function == "symbol":
        return [Candidate(n, "variable") for n in _variables(machine)] if typed else []
    return None


def _types(keyword: str, machine: Machine) -> Iterator[Candidate]:
    btf = machine.types.btf
    if btf is not None and keyword in ("struct", "union", "enum"):
        yield from (Candidate(name, "type", keyword) for name in btf.names(keyword) if name)


def _variables(machine: Machine) -> Iterator[str]:
    btf = machine.types.btf
    if btf is not None:
        yield from (name for name in btf.names("variable") if name)


def _param_types() -> Iterator[Candidate]:
    return (Candidate(name, "type") for name in PARAM_TYPES)


def _argument_types(typed: str, machine: Machine) -> Iterator[Candidate]:
    yield Candidate("str", "type", "text in memory")
    yield Candidate("struct ", "type", "a struct of the kernel, by its address", complete=False)
    yield from (Candidate(name, "type") for name in TypeTable.plain_names())
    btf = machine.types.btf
    if btf is not None and len(typed) > 1:
        yield from (Candidate(name, "type") for name in btf.names("typedef") if name)
