"""Bytes into rows, many at a time.

Owns the decoding of drained memory by the layouts of the Plan. No object is made per field or per
record but the row itself.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, TypeAlias

from tracelang.diagnostics import fail
from tracelang.plan.ir import Record
from tracelang.runtime.frames import DISCARDED, HEADER_SIZE, stride_of
from tracelang.runtime.reader import Drained, Run

Row: TypeAlias = tuple[Any, ...]
"""A record's values in the order of its fields (`ts`, `rule`, `target`, …): integers and bytes."""

_Frame: TypeAlias = tuple[int, Callable[..., Row]]
_RULE_WORD: Final = (HEADER_SIZE + 8) >> 2


def may_take(record: Record, size: int) -> bool:
    """Tell whether an event of the record may be of that many bytes."""
    if size == record.size:
        return True
    return record.cut and record.fields[-1].offset < size < record.size and size % 8 == 0


def frame_format(record: Record, size: int | None = None) -> str:
    """Return the struct format of an event of `size` bytes with its ring buffer header.

    Unnamed bytes are skipped. Without a size it is one that is not cut.
    """
    end = record.size if size is None else size
    parts, position = ["="], -HEADER_SIZE
    for field in record.fields:
        there = min(field.type.size, end - field.offset)
        code = field.type.code if there == field.type.size else f"{there}s"
        parts.append(f"{field.offset - position}x{code}")
        position = field.offset + there
    parts.append(f"{stride_of(end) - HEADER_SIZE - position}x")
    return "".join(parts)


class BatchDecoder:
    """Decodes drained records of the rules that share one buffer.

    `records` maps each rule's number to its record.
    """

    def __init__(self, records: Mapping[int, Record]) -> None:
        self._records = records
        self._frames: dict[tuple[int, int], _Frame] = {}
        """By size and rule: what a frame takes, and what unpacks it."""
        self._alike: dict[int, struct.Struct | None] = {}
        """By what a frame takes: its struct, if all the rules' records of that size are alike."""

    def decode(self, drained: Drained) -> list[Row]:
        """Return one row for each event, in the order drained.

        Raises `DiagnosticError` T910 for bytes that are no record of these rules (a defect).
        """
        rows: list[Row] = []
        data = memoryview(drained.data)
        for run in drained.runs:
            alike = self._find_alike(run.stride) if run.stride else None
            if alike is not None:
                rows.extend(alike.iter_unpack(data[run.offset : run.end]))
            else:
                rows.extend(self._decode_mixed(data, run))
        return rows

    def _find_alike(self, stride: int) -> struct.Struct | None:
        """Return what unpacks all frames of a run, if their size alone tells the layout."""
        if stride not in self._alike:
            size = stride - HEADER_SIZE
            found = {frame_format(r, size) for r in self._records.values() if may_take(r, size)}
            self._alike[stride] = struct.Struct(found.pop()) if len(found) == 1 else None
        return self._alike[stride]

    def _decode_mixed(self, data: memoryview[int], run: Run) -> Iterator[Row]:
        """Decode records one by one, each by its length and rule."""
        words = data.cast("I")
        frames = self._frames
        position = run.offset
        while position < run.end:
            word = position >> 2
            header, rule = words[word], words[word + _RULE_WORD]
            frame = frames.get((header, rule)) or self._find_frame(header, rule)
            if frame is not None:
                stride, unpack = frame
                yield unpack(data, position)
            elif header & DISCARDED:
                stride = stride_of(header)
            else:
                raise fail("T910", f"a record of {header} bytes says it is of rule {rule}")
            position += stride

    def _find_frame(self, header: int, rule: int) -> _Frame | None:
        """Return how a record is unpacked; a header without flags is just the record's size."""
        record = self._records.get(rule)
        if record is None or not may_take(record, header):
            return None
        frame = struct.Struct(frame_format(record, header))
        return self._frames.setdefault((header, rule), (frame.size, frame.unpack_from))
