"""What the outputs of typed columns share: rows wait to fill a batch, and all is written whole."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, Final

from tracelang.sinks.arrow_batches import ArrowRows
from tracelang.sinks.protocol import Row, SinkSetup
from tracelang.sinks.spool import Spool

BATCH: Final = 16_384
"""Rows that are turned into columns at once."""


class BatchOutput:
    """Turns rows into record batches of one `schema`, and takes to `stream` what becomes of them.

    A writer of pyarrow writes to `spool`, in pieces.
    """

    def __init__(self, setup: SinkSetup) -> None:
        """Find the columns; T332 without pyarrow, U301 where one is of two types."""
        self._rows = ArrowRows(setup)
        self._account = setup.account
        self._waiting: list[Row] = []
        self.schema = self._rows.schema
        self.stream = setup.binary
        self.spool = Spool()

    @property
    def waiting(self) -> int:
        """How many rows are in no batch yet."""
        return len(self._waiting)

    def batches(self, rows: Sequence[Row]) -> Iterator[Any]:
        """Take rows, and yield a `pyarrow.RecordBatch` of those that wait whenever it is full."""
        for start in range(0, len(rows), BATCH):
            self._waiting += rows[start : start + BATCH]
            if len(self._waiting) >= BATCH:
                yield self.take_batch()

    def take_batch(self) -> Any:
        """Return a `pyarrow.RecordBatch` of the rows that wait, if only of none."""
        rows, self._waiting = self._waiting, []
        return self._rows.batch(rows)

    def accounting(self) -> dict[str, str] | None:
        """Return what the run counted, as metadata; None if there is no such thing."""
        counted = self._account()
        return {"tracelang.accounting": json.dumps(dict(counted))} if counted is not None else None

    def pass_on(self) -> None:
        """Write what the writer wrote, in one write."""
        self.stream.write(self.spool.take())

    def close(self, writer: Any) -> None:
        """Let the writer write the end, and flush."""
        writer.close()
        self.pass_on()
        self.stream.flush()
