"""Compiled scripts as bytes: values of known classes in the terms of `marshal`, and back.

Reading makes objects of the classes named here and of no others, so what is in a file decides
nothing but their contents.
"""

from __future__ import annotations

import marshal
from dataclasses import fields
from enum import Enum
from typing import Any, Final

from tracelang.build.object import (
    BuiltObject,
    ConstantReference,
    MapDefinition,
    MapReference,
    ProgramObject,
)
from tracelang.dataclass import dataclass
from tracelang.decoders.protocol import Decoding
from tracelang.diagnostics import Diagnostic, Label, Severity
from tracelang.mechanism import Mechanism, PerfEvent
from tracelang.plan import ir
from tracelang.plan.c_types import CType
from tracelang.semantic.observed import (
    AddressesSeen,
    FileSeen,
    NameSeen,
    NumberSeen,
    Observation,
)
from tracelang.source import SourceFile, Span

_CLASSES: Final[tuple[type[Any], ...]] = (
    *(ir.Plan, ir.Program, ir.Record, ir.RecordField, ir.Attachment, ir.Column, ir.BucketMap),
    *(ir.AggregatePlan, ir.RuleOutput, ir.Selection, ir.SpanPlan, ir.FollowPlan),
    *(CType, Decoding, PerfEvent, Mechanism, Severity, Diagnostic, Label, Span),
    *(BuiltObject, ProgramObject, MapDefinition, MapReference, ConstantReference),
    *(FileSeen, NameSeen, NumberSeen, AddressesSeen),
)
"""A class's number is its place here; the order may change freely, as sources are in the key."""

_PLAIN: Final = frozenset({int, str, bytes, bool, float, type(None)})


@dataclass(frozen=True, slots=True)
class StoredScript:
    """What a script compiled to. `built` is None where it was only checked.

    `spans` are the rule each program was generated from; `plan` has no code (`Plan.without_code`).
    """

    plan: ir.Plan
    built: BuiltObject | None
    warnings: tuple[Diagnostic, ...]
    spans: dict[str, Span]
    observed: tuple[Observation, ...]


def pack_script(script: StoredScript, sources: tuple[SourceFile, ...]) -> bytes:
    """Return a script as bytes; raises TypeError for a value of a class that cannot be stored."""
    numbers = {class_: number for number, class_ in enumerate(_CLASSES)}
    places = {source: number for number, source in enumerate(sources)}

    def pack(value: Any) -> Any:
        kind = type(value)
        if kind in _PLAIN:
            return value
        if kind is tuple:
            return tuple(map(pack, value))
        if kind is dict:
            return {key: pack(item) for key, item in value.items()}
        if kind is SourceFile:
            return [-1, places[value]] if value in places else [-2, value.name, value.text]
        if kind not in numbers:
            raise TypeError(f"a value of {kind.__name__} cannot be stored")
        if isinstance(value, Enum):
            return [numbers[kind], value.value]
        return [numbers[kind], *(pack(getattr(value, f.name)) for f in fields(value))]

    return marshal.dumps([pack(getattr(script, f.name)) for f in fields(script)])


def unpack_script(data: bytes, sources: tuple[SourceFile, ...]) -> StoredScript:
    """Return the script that `pack_script` made bytes of; raises ValueError for any others."""

    def unpack(value: Any) -> Any:
        kind = type(value)
        if kind is list:
            return make(value)
        if kind is tuple:
            return tuple(map(unpack, value))
        if kind is dict:
            return {key: unpack(item) for key, item in value.items()}
        return value

    def make(value: list[Any]) -> Any:
        number, *parts = value
        if number == -1:
            return sources[parts[0]]
        if number == -2:
            return SourceFile(*parts)
        return _CLASSES[number](*map(unpack, parts))

    try:
        return StoredScript(*map(unpack, marshal.loads(data)))
    except (ValueError, TypeError, LookupError, EOFError, AttributeError) as error:
        raise ValueError(str(error)) from error
