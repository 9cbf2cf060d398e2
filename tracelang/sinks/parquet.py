"""Parquet files: row groups of typed columns, and what the run counted as the file's metadata.

A Parquet file is read from its end, so room for that is reserved before each row group is written:
on a full disk the file ends with the last row group that fits.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from tracelang.dataclass import dataclass
from tracelang.sinks.arrow_batches import ArrowRows
from tracelang.sinks.files import WholeRecords
from tracelang.sinks.protocol import Form, Row, Sink, SinkSetup
from tracelang.sinks.spool import Spool

_BATCH: Final = 16_384
"""Rows that are turned into columns at once."""
_GROUP: Final = 4 * _BATCH
"""Rows of a row group."""
_COLUMN_END: Final = 1024
"""Bytes that the file's end has for one column of one row group, at the most."""
_ROOM: Final = 1 << 16


class ParquetSink:
    """Writes row groups, each in one write."""

    def __init__(self, setup: SinkSetup) -> None:
        self._stream = setup.binary
        self._account = setup.account
        self._rows = ArrowRows(setup)
        self._spool = Spool()
        self._pending: list[Row] = []
        self._batches: list[Any] = []
        self._waiting = self._groups = 0

    def begin(self) -> None:
        """Write the mark at the beginning, once its end has room."""
        import pyarrow.parquet as pq

        self._reserve(0)
        self._writer = pq.ParquetWriter(self._spool, self._rows.schema, compression="zstd")
        self._pass_on()

    def events(self, rule: int, rows: Sequence[Row]) -> None:
        """Take rows; they are written when they fill a row group."""
        del rule
        for start in range(0, len(rows), _BATCH):
            self._pending += rows[start : start + _BATCH]
            if len(self._pending) >= _BATCH:
                self._convert()
            if self._waiting >= _GROUP:
                self._write()

    def flush(self) -> None:
        """Do nothing: a file without its end cannot be read yet."""

    def end(self) -> None:
        """Write what is left, what was counted, and the end."""
        if self._pending:
            self._convert()
        if self._batches:
            self._write()
        counted = self._account()
        if counted is not None:
            self._writer.add_key_value_metadata({"tracelang.accounting": json.dumps(dict(counted))})
        self._close()

    def _convert(self) -> None:
        rows, self._pending = self._pending, []
        self._batches.append(self._rows.batch(rows))
        self._waiting += len(rows)

    def _write(self) -> None:
        import pyarrow as pa

        table = pa.Table.from_batches(self._batches, self._rows.schema)
        self._batches, self._waiting = [], 0
        try:
            self._reserve(table.nbytes)
        except OSError:
            # The end still fits: room was reserved for it before.
            self._close()
            raise
        self._groups += 1
        self._writer.write_table(table, row_group_size=_GROUP)
        self._pass_on()

    def _reserve(self, content: int) -> None:
        """Make sure that a row group of such content, and then the end, will fit."""
        if isinstance(self._stream, WholeRecords):
            columns = len(self._rows.schema) * 3
            end = (self._groups + 1) * columns * _COLUMN_END + _ROOM
            self._stream.reserve(content + content // 8 + end)

    def _close(self) -> None:
        self._writer.close()
        self._pass_on()
        self._stream.flush()

    def _pass_on(self) -> None:
        self._stream.write(self._spool.take())


@dataclass(frozen=True, slots=True)
class ParquetKind:
    """`-o parquet`."""

    name: str = "parquet"
    summary: str = "a Parquet file (needs pyarrow)"
    form: Form = Form.BINARY

    def create(self, setup: SinkSetup) -> Sink:
        """Return the sink; T332 without pyarrow."""
        return ParquetSink(setup)


SINKS: Final = (ParquetKind(),)
