"""The symbolic names in a tracepoint's `print fmt`: which field reads as which words.

The kernel writes them as `__print_symbolic(REC->field, {1, "A"}, …)` and
`__print_flags(REC->field, "|", {0x1, "A"}, …)`, with values as C constant expressions.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, TypeAlias

from tracelang.kernel.c_constant import Constants, evaluate

Table: TypeAlias = tuple[tuple[int, str], ...]
"""(value, name) pairs in the kernel's order."""

Decodings: TypeAlias = tuple[tuple[str, str, Table], ...]
"""(field, decoder, table); the decoder is `enum` or `flags_table`."""

_CALL: Final = re.compile(r"__print_(symbolic|flags)(?:_u64)?\(")
_CAST: Final = re.compile(r"\(\s*(?:unsigned |signed |const )*\w+\s*\)")
_OPERAND: Final = re.compile(r"REC->(?P<field>\w+)(?:\s*&\s*(?P<mask>.+))?", re.DOTALL)
_PAIR: Final = re.compile(r'^\{(?P<value>.*),\s*"(?P<name>[^"]*)"\s*\}$', re.DOTALL)
_ALTERNATIVE: Final = re.compile(r'\s*:\s*"(?P<name>[^"]*)"')
_DECODERS: Final = {"symbolic": "enum", "flags": "flags_table"}


def read_decodings(
    print_format: str, widths: Mapping[str, tuple[int, bool]], constants: Constants
) -> Decodings:
    """Return the tables of the fields in `widths`: (bytes, signed) of each integer field.

    A value that is no constant is left out, and so is a table left empty by that. Values are as a
    field of that width and sign holds them. A field that is printed twice has its first table.
    """
    found: dict[str, tuple[str, str, Table]] = {}
    for call in _CALL.finditer(print_format):
        arguments, end = _split_arguments(print_format, call.end())
        field, mask = _find_field(arguments[0])
        if field not in widths or field in found:
            continue
        is_flags = call[1] == "flags"
        if mask and not is_flags:
            continue
        pairs = list(_read_pairs(arguments[1 + is_flags :], *widths[field], constants))
        otherwise = _ALTERNATIVE.match(print_format, end)
        if is_flags and otherwise and all(value for value, _ in pairs):
            pairs.append((0, otherwise["name"]))
        if pairs:
            found[field] = (field, _DECODERS[call[1]], tuple(pairs))
    return tuple(found.values())


def _find_field(operand: str) -> tuple[str, bool]:
    """Return the field that is printed, and whether only some of its bits; "" for an expression."""
    text = _unwrap(_CAST.sub("", operand))
    match = _OPERAND.fullmatch(text)
    if match is None:
        return "", False
    return match["field"], match["mask"] is not None


def _unwrap(text: str) -> str:
    """Remove brackets around the whole."""
    text = text.strip()
    while text.startswith("(") and _split_arguments(text, 1)[1] == len(text):
        text = text[1:-1].strip()
    return text


def _read_pairs(arguments: list[str], size: int, signed: bool, constants: Constants) -> Table:
    pairs = []
    bits = size * 8
    for argument in arguments:
        match = _PAIR.match(argument)
        if match is None:
            continue
        value = evaluate(match["value"], constants)
        if value is None:
            continue
        value &= (1 << bits) - 1
        if signed and value >> (bits - 1):
            value -= 1 << bits
        pairs.append((value, match["name"]))
    return tuple(pairs)


def _split_arguments(text: str, start: int) -> tuple[list[str], int]:
    """Split a call's arguments at top-level commas; return them and the offset behind the `)`."""
    arguments, depth, begin = [], 0, start
    position = start
    while position < len(text):
        char = text[position]
        if char == '"':
            position = _skip_text(text, position)
            continue
        if char in "({[":
            depth += 1
        elif char in ")}]":
            if not depth:
                break
            depth -= 1
        elif char == "," and not depth:
            arguments.append(text[begin:position].strip())
            begin = position + 1
        position += 1
    arguments.append(text[begin:position].strip())
    return arguments, position + 1


def _skip_text(text: str, position: int) -> int:
    position += 1
    while position < len(text) and text[position] != '"':
        position += 2 if text[position] == "\\" else 1
    return position + 1
