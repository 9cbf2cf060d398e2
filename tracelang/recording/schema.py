"""The head of a recording: what was recorded, on what, and how its bytes are read."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from tracelang.diagnostics import fail
from tracelang.plan.c_types import CType, byte_array, integer
from tracelang.plan.ir import AggregatePlan, Column, Record, RecordField, RuleOutput
from tracelang.recording.column_types import column_type
from tracelang.recording.values import (
    decoding_from_json,
    decoding_to_json,
    from_json,
    to_json,
    type_from_json,
    type_to_json,
)
from tracelang.semantic.types import Type

_INTEGERS: Final = {
    code: integer(size, signed=code.islower())
    for size, codes in ((1, "Bb"), (2, "Hh"), (4, "Ii"), (8, "Qq"))
    for code in codes
}
_NOTHING: Final = Record("", (), 0)


@dataclass(frozen=True, slots=True)
class RecordedRule:
    """One rule of a recording: how it was shown, and the types of its columns by name."""

    output: RuleOutput
    types: Mapping[str, Type]

    @property
    def streams(self) -> bool:
        """Tell whether it has events rather than an aggregate's tables."""
        return self.output.aggregate is None


@dataclass(frozen=True, slots=True)
class Head:
    """What is known before the first event. Times are in nanoseconds.

    `started` is on the monotonic clock. `local` are the decoders that read values as the recording
    machine does, with the shape and whether the text differs.
    """

    tracelang: str
    kernel: str
    architecture: str
    started: int
    text_limit: int
    scripts: tuple[tuple[str, str], ...]
    rules: tuple[RecordedRule, ...]
    local: tuple[Mapping[str, Any], ...] = field(default=())


def row_struct(output: RuleOutput) -> struct.Struct:
    """Return how a rule's rows lie in a recording: little-endian, one after the other."""
    return struct.Struct("<" + "".join(f.type.code for f in output.record.fields))


# --- Writing --------------------------------------------------------------------------------------


def column_types(output: RuleOutput) -> dict[str, Type]:
    """Return the types of a rule's columns, by how they are stored and read."""
    count = len(output.columns)
    if output.aggregate is not None:
        count -= len(output.aggregate.order)
    fields = output.record.fields
    return {c.name: column_type(fields[c.slot].type, c.decoding) for c in output.columns[:count]}


def write_head(head: Head) -> bytes:
    """Return the head as JSON."""
    value = {
        "tracelang": head.tracelang,
        "kernel": head.kernel,
        "architecture": head.architecture,
        "started": head.started,
        "text_limit": head.text_limit,
        "scripts": [{"name": name, "text": text} for name, text in head.scripts],
        "rules": [_rule_to_json(rule) for rule in head.rules],
        "local": list(head.local),
    }
    return json.dumps(value).encode()


def _rule_to_json(rule: RecordedRule) -> Any:
    output = rule.output
    return {
        "rule": output.rule + 1,
        "targets": [{"probe": probe, "function": name} for probe, name in output.targets],
        "fields": [{"name": f.name, "code": f.type.code} for f in output.record.fields],
        "columns": [
            _column_to_json(c)
            | ({"type": type_to_json(rule.types[c.name])} if c.name in rule.types else {})
            for c in output.columns
        ],
        "print": output.format,
        "arguments": [_column_to_json(c) for c in output.arguments],
        "aggregate": None if output.aggregate is None else _aggregate_to_json(output.aggregate),
    }


def _column_to_json(column: Column) -> Any:
    return {"name": column.name, "slot": column.slot, **decoding_to_json(column.decoding)}


def _aggregate_to_json(plan: AggregatePlan) -> Any:
    return {
        "columns": [
            {"name": n, "function": f, "parameters": list(p), "signed": s}
            for n, f, p, s in plan.columns
        ],
        "derived": [{"name": name, "formula": to_json(formula)} for name, formula in plan.derived],
        "order": list(plan.order),
        "every": plan.every,
        "reset": plan.reset,
        "top": plan.top,
        "by": plan.by,
        "sample": None if plan.sample is None else list(plan.sample),
    }


# --- Reading --------------------------------------------------------------------------------------


def read_head(payload: bytes) -> Head:
    """Return the head; U122 for one that this tracelang does not understand."""
    try:
        value = json.loads(payload)
        return Head(
            value["tracelang"],
            value["kernel"],
            value["architecture"],
            value["started"],
            value["text_limit"],
            tuple((s["name"], s["text"]) for s in value["scripts"]),
            tuple(_rule_from_json(rule) for rule in value["rules"]),
            tuple(value["local"]),
        )
    except (ValueError, KeyError, TypeError) as error:
        message = f"the recording's head cannot be understood: {error!r}"
        raise fail("U122", message, help=["was it written by a newer tracelang?"]) from None


def _rule_from_json(value: Any) -> RecordedRule:
    rule = value["rule"] - 1
    fields = []
    offset = 0
    for item in value["fields"]:
        type_ = _c_type(item["code"])
        fields.append(RecordField(item["name"], type_, offset))
        offset += type_.size
    output = RuleOutput(
        rule,
        Record(f"rule_{rule + 1}_event", tuple(fields), offset),
        _columns(value["columns"]),
        tuple((t["probe"], t["function"]) for t in value["targets"]),
        value["print"],
        _columns(value["arguments"]),
        None if value["aggregate"] is None else _aggregate_from_json(value["aggregate"]),
    )
    return RecordedRule(output, _types(value["columns"], fields))


def _types(columns: Sequence[Any], fields: Sequence[RecordField]) -> dict[str, Type]:
    types = {}
    for column in columns:
        if "type" in column:
            stored = fields[column["slot"]].type
            signed = stored.code.islower()
            types[column["name"]] = type_from_json(column["type"], size=stored.size, signed=signed)
    return types


def _c_type(code: str) -> CType:
    return _INTEGERS[code] if code in _INTEGERS else byte_array(int(code[:-1]), text=False)


def _columns(values: Sequence[Any]) -> tuple[Column, ...]:
    return tuple(Column(v["name"], v["slot"], decoding_from_json(v)) for v in values)


def _aggregate_from_json(value: Any) -> AggregatePlan:
    return AggregatePlan(
        "",
        None,
        _NOTHING,
        (),
        tuple(
            (c["name"], c["function"], tuple(c["parameters"]), c["signed"])
            for c in value["columns"]
        ),
        tuple((d["name"], from_json(d["formula"])) for d in value["derived"]),
        tuple(value["order"]),
        value["every"],
        value["reset"],
        value["top"],
        value["by"],
        None if value["sample"] is None else (value["sample"][0], value["sample"][1]),
    )
