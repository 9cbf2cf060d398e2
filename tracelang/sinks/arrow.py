"""Arrow's IPC stream: typed record batches, read as they come, whole up to the last one at a crash.

Read it with `pyarrow.ipc.open_stream` or `polars.read_ipc_stream`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import Final

from tracelang.dataclass import dataclass
from tracelang.sinks.arrow_batches import ArrowRows
from tracelang.sinks.protocol import Form, Row, Sink, SinkSetup
from tracelang.sinks.spool import Spool

_MOST_ROWS: Final = 16_384
_LONGEST: Final = 1.0
"""Seconds that rows wait for others to share a batch with."""


class ArrowSink:
    """Writes record batches, each in one write."""

    def __init__(self, setup: SinkSetup) -> None:
        self._stream = setup.binary
        self._account = setup.account
        self._rows = ArrowRows(setup)
        self._spool = Spool()
        self._pending: list[Row] = []
        self._since = 0.0

    def begin(self) -> None:
        """Write the schema."""
        import pyarrow.ipc as ipc

        self._writer = ipc.new_stream(self._spool, self._rows.schema)
        self._pass_on()

    def events(self, rule: int, rows: Sequence[Row]) -> None:
        """Take rows; they are written when they fill a batch."""
        del rule
        if not self._pending:
            self._since = time.monotonic()
        for start in range(0, len(rows), _MOST_ROWS):
            self._pending += rows[start : start + _MOST_ROWS]
            if len(self._pending) >= _MOST_ROWS:
                self._write()

    def flush(self) -> None:
        """Write what has waited long enough."""
        if self._pending and time.monotonic() - self._since >= _LONGEST:
            self._write()
        self._stream.flush()

    def end(self) -> None:
        """Write what is left, what was counted, and the mark at the end."""
        if self._pending:
            self._write()
        counted = self._account()
        if counted is not None:
            # The schema is written before anything is counted: this goes with a batch of no rows.
            metadata = {"tracelang.accounting": json.dumps(dict(counted))}
            self._writer.write_batch(self._rows.batch([]), custom_metadata=metadata)
        self._writer.close()
        self._pass_on()
        self._stream.flush()

    def _write(self) -> None:
        rows, self._pending = self._pending, []
        self._writer.write_batch(self._rows.batch(rows))
        self._pass_on()

    def _pass_on(self) -> None:
        self._stream.write(self._spool.take())


@dataclass(frozen=True, slots=True)
class ArrowKind:
    """`-o arrow`."""

    name: str = "arrow"
    summary: str = "an Arrow IPC stream of record batches (needs pyarrow)"
    form: Form = Form.BINARY

    def create(self, setup: SinkSetup) -> Sink:
        """Return the sink; T332 without pyarrow."""
        return ArrowSink(setup)


SINKS: Final = (ArrowKind(),)
