"""The recorder: an output that keeps events as they are, for later."""

from __future__ import annotations

import json
import struct
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from tracelang.recording.blocks import CLOCK, DONE, HEAD, NAMES, ROWS, TABLE, first_line, pack_block
from tracelang.recording.clock import RecordedClock
from tracelang.recording.names import NameTaker
from tracelang.recording.schema import Head, row_struct, write_head
from tracelang.recording.values import to_json
from tracelang.sinks.protocol import Row, SinkSetup

_RUN: Final = struct.Struct("<II")
"""Before the rows of one rule: which rule, and how many."""
_FULL: Final = 1 << 18
"""Bytes of rows that are worth a block."""
_LONGEST: Final = 0.25
"""Seconds that rows may wait for a block: what is lost at most when the tracer is killed."""


class Recorder:
    """Writes blocks, each in one write, so that a reader finds them whole."""

    def __init__(self, setup: SinkSetup, head: Head, clock: RecordedClock) -> None:
        self._stream = setup.binary
        self._account = setup.account
        self._clock = clock
        self._names = NameTaker(setup.outputs, setup.decoders, setup.contexts)
        self._head = replace(head, local=tuple(self._names.kinds))
        self._pack: dict[int, Callable[..., bytes]] = {
            o.rule: row_struct(o).pack for o in setup.outputs if o.aggregate is None
        }
        self._pending: list[bytes] = []
        self._size = 0
        self._since = time.monotonic()

    def begin(self) -> None:
        """Write the head."""
        self._stream.write(first_line() + pack_block(HEAD, write_head(self._head)))
        self._stream.flush()

    def events(self, rule: int, rows: Sequence[Row]) -> None:
        """Take the rows of one rule."""
        if not rows:
            return
        names = self._names.take(rule, rows)
        if names:
            self._put(NAMES, json.dumps(names).encode())
        self._clock.cover(rows[0][0], rows[-1][0])
        if rule not in self._pack:
            self._write_rows()
            table = {"rule": rule + 1, "rows": [to_json(row) for row in rows]}
            self._put(TABLE, json.dumps(table).encode())
            return
        pack = self._pack[rule]
        data = b"".join([pack(*row) for row in rows])
        self._pending.append(_RUN.pack(rule + 1, len(rows)) + data)
        self._size += len(data)
        if self._size >= _FULL:
            self._write_rows()

    def flush(self) -> None:
        """Write what has waited long enough."""
        if time.monotonic() - self._since >= _LONGEST:
            self._write_rows()
            self._since = time.monotonic()
        self._stream.flush()

    def end(self) -> None:
        """Write what is left, and what the run counted."""
        self._write_rows()
        counted = self._account()
        self._put(DONE, json.dumps({"accounting": dict(counted or {})}).encode())
        self._stream.flush()

    def _write_rows(self) -> None:
        offsets = self._clock.take()
        if offsets is not None:
            self._put(CLOCK, offsets)
        if self._pending:
            self._put(ROWS, b"".join(self._pending))
            self._pending, self._size = [], 0

    def _put(self, kind: bytes, payload: bytes) -> None:
        self._stream.write(pack_block(kind, payload))
