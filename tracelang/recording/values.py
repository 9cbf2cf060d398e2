"""Values of the plan and of events as JSON, and back: nothing of Python's own goes into a file."""

from __future__ import annotations

from typing import Any

from tracelang.decoders.protocol import Decoding
from tracelang.semantic.types import Bytes, EnumType, Flavour, Int, Ip, Pointer, Space, Text, Type


def to_json(value: Any) -> Any:
    """Return a value of an event or a decoder's argument as JSON; bytes become `{"hex": …}`."""
    match value:
        case bytes():
            return {"hex": value.hex()}
        case tuple() | list():
            return [to_json(item) for item in value]
        case dict():
            return {"named": {name: to_json(item) for name, item in value.items()}}
    return value


def from_json(value: Any) -> Any:
    """Return what `to_json` was given; lists come back as tuples."""
    match value:
        case {"hex": str(text)}:
            return bytes.fromhex(text)
        case {"named": dict(items)}:
            return {name: from_json(item) for name, item in items.items()}
        case list():
            return tuple(from_json(item) for item in value)
    return value


def decoding_to_json(decoding: Decoding) -> Any:
    """Return how a value is read, as JSON."""
    return {"decoder": decoding.decoder, "arguments": to_json(decoding.arguments)}


def decoding_from_json(value: Any) -> Decoding:
    """Return how a value is read."""
    return Decoding(str(value["decoder"]), from_json(value["arguments"]))


def type_to_json(type_: Type) -> Any:
    """Return a column's type as JSON; `other` for one that only decoders understand."""
    match type_:
        case Int(size, signed, name, flavour):
            return {"is": "int", "size": size, "signed": signed, "name": name, "of": flavour.value}
        case EnumType(name, size, signed, values):
            pairs = [list(pair) for pair in values]
            return {"is": "enum", "name": name, "size": size, "signed": signed, "values": pairs}
        case Pointer(_, _, spelling):
            return {"is": "pointer", "spelling": spelling}
        case Text(limit, natural):
            return {"is": "text", "limit": limit, "natural": natural}
        case Bytes(length, counted):
            return {"is": "bytes", "length": length, "counted": counted}
        case Ip(size):
            return {"is": "ip", "size": size}
    return {"is": "other"}


def type_from_json(value: Any, *, size: int, signed: bool) -> Type:
    """Return a column's type; one that is not known is the number that it is stored as."""
    match value["is"]:
        case "int":
            flavour = Flavour(value["of"])
            return Int(value["size"], bool(value["signed"]), value["name"], flavour)
        case "enum":
            pairs = tuple((int(n), str(word)) for n, word in value["values"])
            return EnumType(value["name"], value["size"], bool(value["signed"]), pairs)
        case "pointer":
            return Pointer(0, Space.KERNEL, value["spelling"])
        case "text":
            return Text(value["limit"], bool(value["natural"]))
        case "bytes":
            return Bytes(value["length"], bool(value["counted"]))
        case "ip":
            return Ip(value["size"])
    return Int(size, signed)
