"""Layout: where each field of a record lies, computed once for C, ctypes and the decoder."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from tracelang.plan.c_types import U32, U64, CType
from tracelang.plan.ir import Record, RecordField

HEADER: Final = (("ts", U64), ("rule", U32), ("target", U32))
"""The fields every record starts with."""

TS_SLOT: Final = 0
TARGET_SLOT: Final = 2

MOST_BYTES: Final = 32_768
"""The largest event: what a ring buffer reservation may ask of the verifier, with room to spare."""


def lay_out(
    name: str,
    fields: Iterable[tuple[str, CType]],
    header: tuple[tuple[str, CType], ...] = HEADER,
    *,
    cut: bool = False,
) -> Record:
    """Return a record with the header and `fields` in order, each at its natural alignment.

    The size is rounded up to 8 bytes, as the ring buffer rounds it anyway. With `cut` only what
    there is of the last field is sent, a text.
    """
    offset = 0
    placed = []
    for field_name, type_ in (*header, *fields):
        offset = _align(offset, type_.alignment)
        placed.append(RecordField(field_name, type_, offset))
        offset += type_.size
    return Record(name, tuple(placed), _align(offset, 8), cut)


def _align(offset: int, alignment: int) -> int:
    return (offset + alignment - 1) // alignment * alignment
