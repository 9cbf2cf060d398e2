"""The type of a recorded column: what is known of it from how it is stored and how it is read."""

from __future__ import annotations

from typing import Any

from tracelang.decoders.buffers import COUNTED
from tracelang.decoders.protocol import Decoding
from tracelang.decoders.tables import name_pairs
from tracelang.plan.c_types import CType
from tracelang.semantic.types import (
    Bytes,
    EnumType,
    Flavour,
    Int,
    Ip,
    Pointer,
    Space,
    Text,
    Type,
)


def column_type(stored: CType, decoding: Decoding) -> Type:
    """Return the type of a column."""
    arguments: Any = decoding.arguments
    signed = stored.code.islower()
    match decoding.decoder:
        case "text" if arguments:
            return Text(int(arguments[0]))
        case "text":
            return Text(stored.length - 1, natural=True)
        case "ip":
            return Ip(stored.size)
        case _ if stored.length:
            counted = decoding.decoder in ("join", "path") or COUNTED in arguments
            return Bytes(stored.length - (4 if counted else 0), counted)
        case "bool":
            return Int(stored.size, signed, flavour=Flavour.BOOL)
        case "duration" | "us" | "ms" | "s" if stored.size == 8:
            return Int(stored.size, signed, flavour=Flavour.DURATION)
        case "enum":
            return EnumType("", stored.size, signed, name_pairs(arguments))
        case "pointer":
            return Pointer(0, Space.KERNEL, "void *")
    return Int(stored.size, signed)
