"""Arrow's IPC stream: typed record batches, read as they come, whole up to the last one at a crash.

Read it with `pyarrow.ipc.open_stream` or `polars.read_ipc_stream`.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Final

from tracelang.dataclass import dataclass
from tracelang.sinks.batch_output import BatchOutput
from tracelang.sinks.protocol import Form, Row, Sink, SinkSetup

_LONGEST: Final = 1.0
"""Seconds that rows wait for others to share a batch with."""


class ArrowSink:
    """Writes record batches, each in one write."""

    def __init__(self, setup: SinkSetup) -> None:
        self._output = BatchOutput(setup)
        self._since = 0.0

    def begin(self) -> None:
        """Write the schema."""
        import pyarrow.ipc as ipc

        self._writer = ipc.new_stream(self._output.spool, self._output.schema)
        self._output.pass_on()

    def events(self, rule: int, rows: Sequence[Row]) -> None:
        """Take rows; they are written when they fill a batch."""
        del rule
        if not self._output.waiting:
            self._since = time.monotonic()
        for batch in self._output.batches(rows):
            self._write(batch)

    def flush(self) -> None:
        """Write what has waited long enough."""
        if self._output.waiting and time.monotonic() - self._since >= _LONGEST:
            self._write(self._output.take_batch())
        self._output.stream.flush()

    def end(self) -> None:
        """Write what is left, what was counted, and the mark at the end."""
        if self._output.waiting:
            self._write(self._output.take_batch())
        metadata = self._output.accounting()
        if metadata is not None:
            # The schema is written before anything is counted: this goes with a batch of no rows.
            self._writer.write_batch(self._output.take_batch(), custom_metadata=metadata)
        self._output.close(self._writer)

    def _write(self, batch: Any) -> None:
        self._writer.write_batch(batch)
        self._output.pass_on()


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
