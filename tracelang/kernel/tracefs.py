"""Tracepoint format files: the fields of a record, and how the kernel itself prints them.

The format is that of `events/CATEGORY/EVENT/format` in tracefs (Documentation/trace/events.rst).
"""

from __future__ import annotations

import re
from enum import Enum
from typing import Final

from tracelang.dataclass import dataclass
from tracelang.kernel.c_constant import Constants, no_constants
from tracelang.kernel.print_format import Decodings, read_decodings

_FIELD: Final = re.compile(
    r"^\s*field:(?P<text>[^;]*);\s*offset:(?P<offset>\d+);\s*size:(?P<size>\d+);"
    r"(?:\s*signed:(?P<signed>\d+);)?",
    re.MULTILINE,
)
_HEAD: Final = re.compile(r"^name:\s*(?P<name>\S+)\s*\nID:\s*(?P<id>\d+)", re.MULTILINE)
_DECLARATION: Final = re.compile(
    r"^(?P<type>.*?[\s*])(?P<name>\w+)\s*(?P<array>\[(?P<count>\d*)\])?$", re.DOTALL
)
_PRINT: Final = "\nprint fmt:"
_POINTER_SIZE: Final = 8
_ELEMENT_SIZES: Final = {"char": 1, "u8": 1, "__u8": 1, "unsigned char": 1, "u16": 2, "u32": 4}


class FieldKind(Enum):
    """What lies at a field's offset."""

    INTEGER = "integer"
    CHAR_ARRAY = "char array"
    ARRAY = "array"
    DATA_LOC = "__data_loc"
    """4 bytes: length << 16 | offset from the start of the record."""
    REL_LOC = "__rel_loc"
    """4 bytes: length << 16 | offset from the end of this field."""
    POINTER = "pointer"
    STRUCT = "struct"


@dataclass(frozen=True, slots=True)
class TracepointField:
    """One field of a record: `size` bytes from `offset`.

    `type_text` is its type in C, without name and array brackets. For arrays, also dynamic ones,
    `element_type` is that of one element; `count` is how many a fixed array has. `common` fields
    are the same in every tracepoint.
    """

    name: str
    type_text: str
    offset: int
    size: int
    signed: bool
    kind: FieldKind
    element_type: str = ""
    count: int = 0

    @property
    def common(self) -> bool:
        """Whether every tracepoint has this field."""
        return self.name.startswith("common_")


@dataclass(frozen=True, slots=True)
class TracepointFormat:
    """A tracepoint's record.

    `decodings` are (field, decoder, table): the decoder is `enum` or `flags_table`, and the table
    has (value, name) pairs in the kernel's order.
    """

    category: str
    name: str
    id: int
    fields: tuple[TracepointField, ...]
    print_format: str
    decodings: Decodings

    def field(self, name: str) -> TracepointField | None:
        """Return the field of that name, or None."""
        return next((f for f in self.fields if f.name == name), None)


def parse_format(category: str, text: str, constants: Constants = no_constants) -> TracepointFormat:
    """Parse the text of a format file; raises `ValueError` where it is none.

    `constants` gives the values of enum constants that the kernel left as names in the text.
    """
    head = _HEAD.search(text)
    if head is None:
        raise ValueError(f"not a tracepoint format: {text[:40]!r}")
    body, _, print_format = text.partition(_PRINT)
    fields = tuple(_parse_field(m) for m in _FIELD.finditer(body))
    widths = {f.name: (f.size, f.signed) for f in fields if f.kind is FieldKind.INTEGER}
    print_format = print_format.strip()
    return TracepointFormat(
        category,
        head["name"],
        int(head["id"]),
        fields,
        print_format,
        read_decodings(print_format, widths, constants),
    )


def _parse_field(match: re.Match[str]) -> TracepointField:
    text = " ".join(match["text"].split())
    offset, size, signed = int(match["offset"]), int(match["size"]), match["signed"] == "1"
    for prefix, kind in (("__data_loc ", FieldKind.DATA_LOC), ("__rel_loc ", FieldKind.REL_LOC)):
        if text.startswith(prefix):
            type_text, _, name = text.removeprefix(prefix).rpartition(" ")
            element = type_text.removesuffix("[]").strip()
            return TracepointField(name, element, offset, size, signed, kind, element)
    declaration = _DECLARATION.match(text)
    if declaration is None:
        return TracepointField(text, "", offset, size, signed, FieldKind.STRUCT)
    type_text, name = declaration["type"].strip(), declaration["name"]
    if declaration["array"]:
        return _parse_array(name, type_text, offset, size, signed, declaration["count"])
    kind = _scalar_kind(type_text, size)
    return TracepointField(name, type_text, offset, size, signed, kind)


def _parse_array(
    name: str, type_text: str, offset: int, size: int, signed: bool, written: str
) -> TracepointField:
    if type_text in ("char", "const char"):
        return TracepointField(
            name, type_text, offset, size, signed, FieldKind.CHAR_ARRAY, "char", size
        )
    # Some formats write a count that the kernel has not worked out, or none: the size tells.
    count = int(written) if written else size // _ELEMENT_SIZES.get(type_text, _POINTER_SIZE)
    if not count or size % count:
        return TracepointField(name, type_text, offset, size, signed, FieldKind.STRUCT)
    return TracepointField(name, type_text, offset, size, signed, FieldKind.ARRAY, type_text, count)


def _scalar_kind(type_text: str, size: int) -> FieldKind:
    if "*" in type_text:
        return FieldKind.POINTER
    if type_text.startswith(("struct ", "union ")) or size not in (1, 2, 4, 8):
        return FieldKind.STRUCT
    return FieldKind.INTEGER
