"""Reading a recording: first its head, its names and how it ended; its events when asked for."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from tracelang.diagnostics import fail
from tracelang.recording import blocks
from tracelang.recording.blocks import Ending, open_recording, read_blocks
from tracelang.recording.clock import RecordedClock
from tracelang.recording.names import Names
from tracelang.recording.schema import Head, read_head, row_struct
from tracelang.recording.values import from_json
from tracelang.sinks.protocol import Row

_RUN: Final = struct.Struct("<II")


@dataclass(slots=True)
class Recording:
    """A recording that was looked through once. `events` and `tables` are those that are whole.

    `account` is None where the recording has no end.
    """

    path: Path
    head: Head
    names: Names
    clock: RecordedClock
    ending: Ending
    account: Mapping[str, int | float] | None = None
    events: int = 0
    tables: int = 0
    _start: int = field(default=0, repr=False)

    def batches(self) -> Iterator[list[Row]]:
        """Yield rows in the order in which they were recorded; a table is a batch of its own."""
        unpack = {r.output.rule: row_struct(r.output) for r in self.head.rules if r.streams}
        with self.path.open("rb") as file:
            file.seek(self._start)
            for block in read_blocks(file, Ending()):
                if block.offset >= self.ending.offset:
                    return
                if block.kind == blocks.ROWS:
                    yield from _rows(block.payload, unpack)
                elif block.kind == blocks.TABLE:
                    yield [from_json(row) for row in json.loads(block.payload)["rows"]]

    def describe_ending(self) -> str | None:
        """Say what is missing of the recording, None where nothing is."""
        if self.account is not None and self.ending.is_whole:
            return None
        counted = f"{self.events:,} event{'s' * (self.events != 1)}"
        whole = f"the {counted} up to there are whole"
        if self.ending.damaged:
            return f"`{self.path}` is damaged from byte {self.ending.offset:,} on; {whole}"
        if self.ending.is_whole:
            return f"`{self.path}` has no end, so nothing is known of what was lost; {whole}"
        return f"`{self.path}` is cut off after byte {self.ending.offset:,}; {whole}"


def _rows(payload: bytes, unpack: Mapping[int, struct.Struct]) -> Iterator[list[Row]]:
    view = memoryview(payload)
    position = 0
    batch: list[Row] = []
    while position < len(view):
        number, count = _RUN.unpack_from(view, position)
        position += _RUN.size
        layout = unpack[number - 1]
        end = position + count * layout.size
        batch.extend(layout.iter_unpack(view[position:end]))
        position = end
    yield batch


def open_and_scan(path: Path) -> Recording:
    """Look a recording through; U120 to U122 for what is none."""
    with open_recording(path) as file:
        start = file.tell()
        ending = Ending()
        found = read_blocks(file, ending)
        first = next(found, None)
        if first is None or first.kind != blocks.HEAD:
            raise fail("U122", f"`{path}` ends before its head does")
        head = read_head(first.payload)
        recording = Recording(path, head, Names(head.local), RecordedClock(), ending)
        recording._start = start
        for block in found:
            _take(recording, block.kind, block.payload)
    return recording


def _take(recording: Recording, kind: bytes, payload: bytes) -> None:
    if kind == blocks.NAMES:
        recording.names.add(payload)
    elif kind == blocks.CLOCK:
        recording.clock.add(payload)
    elif kind == blocks.TABLE:
        recording.tables += 1
    elif kind == blocks.ROWS:
        recording.events += _count(payload, recording)
    elif kind == blocks.DONE:
        value: Any = json.loads(payload)
        recording.account = value["accounting"]


def _count(payload: bytes, recording: Recording) -> int:
    sizes = {r.output.rule: row_struct(r.output).size for r in recording.head.rules}
    position = total = 0
    while position < len(payload):
        number, count = _RUN.unpack_from(payload, position)
        position += _RUN.size + count * sizes[number - 1]
        total += count
    return total
