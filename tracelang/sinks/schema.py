"""The JSON Schema (2020-12) of what a script writes with `-o json`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from tracelang.decoders.protocol import Shape
from tracelang.sinks.columns import bind_output
from tracelang.sinks.members import Kind, Member, ValueType, members_of
from tracelang.sinks.protocol import SinkSetup

Schema = dict[str, Any]

_COUNT: Final[Schema] = {"type": "integer", "minimum": 0}
_NUMBER: Final[Schema] = {"type": "number"}
_FRAME: Final[Schema] = {
    "type": "object",
    "description": "a call: `offset` is into the function, without a name into the module",
    "properties": {"name": {"type": "string"}, "module": {"type": "string"}, "offset": _COUNT},
    "required": ["offset"],
    "additionalProperties": False,
}
_BOUND: Final[Schema] = {"type": ["integer", "null"]}


def schema_of(setup: SinkSetup, account: Mapping[str, int | float]) -> Schema:
    """Return the schema of one line: an event of any of the rules, or the account at the end."""
    definitions = {f"rule{o.rule + 1}": _event(setup, o.rule) for o in setup.outputs}
    definitions["accounting"] = _accounting(account)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "One line of the output of a tracelang script with `-o json`",
        "anyOf": [{"$ref": f"#/$defs/{name}"} for name in definitions],
        "$defs": definitions,
    }


def _event(setup: SinkSetup, rule: int) -> Schema:
    output = next(o for o in setup.outputs if o.rule == rule)
    members = members_of(output, setup)
    properties = {member.name: _property(member) for member in members}
    if "rule" in properties and "rule" not in {c.name for c in output.columns}:
        properties["rule"] = {"const": rule + 1}
    required = list(properties)
    # Text that is no UTF-8 has its exact bytes beside it.
    for column in bind_output(output, setup):
        if column.reading.shape is Shape.TEXT:
            hexadecimal = {"type": "string", "pattern": "^([0-9a-f]{2})*$"}
            properties.setdefault(f"{column.name}_hex", hexadecimal)
    probes = " or ".join(f"`{probe}`" for probe, _ in output.targets[:4])
    more = " …" if len(output.targets) > 4 else ""
    return {
        "type": "object",
        "description": f"an event of {probes}{more}" if probes else "an event",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def _accounting(account: Mapping[str, int | float]) -> Schema:
    counts = {n: _NUMBER if isinstance(v, float) else _COUNT for n, v in account.items()}
    return {
        "type": "object",
        "description": "the last line: what became of every event",
        "properties": {
            "accounting": {
                "type": "object",
                "properties": counts,
                "required": list(counts),
            }
        },
        "required": ["accounting"],
        "additionalProperties": False,
    }


def _property(member: Member) -> Schema:
    schema = _typed(member.type)
    if member.name == "ts":
        schema["description"] = "monotonic nanoseconds"
    if member.type.nullable:
        schema["type"] = [schema["type"], "null"]
    return schema


def _typed(type_: ValueType) -> Schema:
    match type_.kind:
        case Kind.INTEGER:
            return _integer(type_.size, signed=type_.signed)
        case Kind.NUMBER:
            return {"type": "number"}
        case Kind.BOOL:
            return {"type": "boolean"}
        case Kind.TEXT:
            return {"type": "string"}
        case Kind.MOMENT:
            return {"type": "string", "format": "date-time"}
        case Kind.INTEGERS:
            items = _integer(type_.size, signed=type_.signed)
            return {"type": "array", "items": items, "maxItems": type_.count}
        case Kind.HISTOGRAM:
            return {"type": "array", "items": _tuple((_BOUND, _BOUND, _COUNT))}
        case Kind.FRAMES:
            return {"type": "array", "description": "innermost call first", "items": _FRAME}
        case Kind.STATS:
            names = ("count", "avg", "min", "max", "sum")
            properties = {n: _NUMBER if n == "avg" else {"type": "integer"} for n in names}
            return {"type": "object", "properties": properties, "required": list(names)}


def _integer(size: int, *, signed: bool) -> Schema:
    bits = size * 8 - (1 if signed else 0)
    low = -(1 << bits) if signed else 0
    return {"type": "integer", "minimum": low, "maximum": (1 << bits) - 1}


def _tuple(items: Sequence[Schema]) -> Schema:
    return {
        "type": "array",
        "description": "lowest value or null, first value above or null, events",
        "prefixItems": list(items),
        "items": False,
        "minItems": len(items),
    }
