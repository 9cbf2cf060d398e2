"""Bytes into rows, many at a time.

Owns the decoding of drained memory by the layouts of the Plan. No object is made per field or per
record but the row itself.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeAlias

from tracelang.diagnostics import fail
from tracelang.plan.ir import Record
from tracelang.runtime.frames import DISCARDED, HEADER_SIZE, stride_of
from tracelang.runtime.reader import Drained, Run

Row: TypeAlias = tuple[Any, ...]
"""A record's values in the order of its fields (`ts`, `rule`, `target`, …): integers and bytes."""

_RULE_WORD: Final = (HEADER_SIZE + 8) >> 2


def frame_format(record: Record) -> str:
    """Return the struct format of a record with its ring buffer header, unnamed bytes skipped."""
    parts, position = ["="], -HEADER_SIZE
    for field in record.fields:
        parts.append(f"{field.offset - position}x{field.type.code}")
        position = field.offset + field.type.size
    parts.append(f"{stride_of(record.size) - HEADER_SIZE - position}x")
    return "".join(parts)


class BatchDecoder:
    """Decodes drained records of the rules that share one buffer.

    `records` maps each rule's number to its record.
    """

    def __init__(self, records: Mapping[int, Record]) -> None:
        frames = {rule: struct.Struct(frame_format(r)) for rule, r in records.items()}
        # A header without flags is just the record's size.
        self._frames = {
            (records[rule].size, rule): (frame.size, frame.unpack_from)
            for rule, frame in frames.items()
        }
        # Where just one layout has a length, the length tells it, and no rule need be looked at.
        by_stride: dict[int, set[str]] = {}
        for frame in frames.values():
            by_stride.setdefault(frame.size, set()).add(frame.format)
        self._alike = {
            stride: struct.Struct(formats.pop())
            for stride, formats in by_stride.items()
            if len(formats) == 1
        }

    def decode(self, drained: Drained) -> list[Row]:
        """Return one row for each event, in the order drained.

        Raises `DiagnosticError` T910 for bytes that are no record of these rules (a defect).
        """
        rows: list[Row] = []
        data = memoryview(drained.data)
        for run in drained.runs:
            if run.stride in self._alike:
                records = self._alike[run.stride].iter_unpack(data[run.offset : run.end])
                rows.extend(records)
            else:
                rows.extend(self._decode_mixed(data, run))
        return rows

    def _decode_mixed(self, data: memoryview[int], run: Run) -> Iterator[Row]:
        """Decode records one by one, each by its length and rule."""
        words = data.cast("I")
        position = run.offset
        while position < run.end:
            word = position >> 2
            header, rule = words[word], words[word + _RULE_WORD]
            frame = self._frames.get((header, rule))
            if frame is not None:
                stride, unpack = frame
                yield unpack(data, position)
            elif header & DISCARDED:
                stride = stride_of(header)
            else:
                raise fail("T910", f"a record of {header} bytes says it is of rule {rule}")
            position += stride
