"""Parquet files: row groups of typed columns, and what the run counted as the file's metadata.

A Parquet file is read from its end, so room for that is reserved before each row group is written:
on a full disk the file ends with the last row group that fits.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from tracelang.dataclass import dataclass
from tracelang.sinks.batch_output import BATCH, BatchOutput
from tracelang.sinks.files import WholeRecords
from tracelang.sinks.protocol import Form, Row, Sink, SinkSetup

_GROUP: Final = 4 * BATCH
"""Rows of a row group."""
_COLUMN_END: Final = 1024
"""Bytes that the file's end has for one column of one row group, at the most."""
_ROOM: Final = 1 << 16


class ParquetSink:
    """Writes row groups, each in one write."""

    def __init__(self, setup: SinkSetup) -> None:
        self._output = BatchOutput(setup)
        self._batches: list[Any] = []
        self._groups = 0

    def begin(self) -> None:
        """Write the mark at the beginning, once its end has room."""
        import pyarrow.parquet as pq

        self._reserve(0)
        output = self._output
        self._writer = pq.ParquetWriter(output.spool, output.schema, compression="zstd")
        output.pass_on()

    def events(self, rule: int, rows: Sequence[Row]) -> None:
        """Take rows; they are written when they fill a row group."""
        del rule
        for batch in self._output.batches(rows):
            self._batches.append(batch)
            if sum(b.num_rows for b in self._batches) >= _GROUP:
                self._write()

    def flush(self) -> None:
        """Do nothing: a file without its end cannot be read yet."""

    def end(self) -> None:
        """Write what is left, what was counted, and the end."""
        if self._output.waiting:
            self._batches.append(self._output.take_batch())
        if self._batches:
            self._write()
        metadata = self._output.accounting()
        if metadata is not None:
            self._writer.add_key_value_metadata(metadata)
        self._output.close(self._writer)

    def _write(self) -> None:
        import pyarrow as pa

        table = pa.Table.from_batches(self._batches, self._output.schema)
        self._batches = []
        try:
            self._reserve(table.nbytes)
        except OSError:
            # The end still fits: room was reserved for it before.
            self._output.close(self._writer)
            raise
        self._groups += 1
        self._writer.write_table(table, row_group_size=_GROUP)
        self._output.pass_on()

    def _reserve(self, content: int) -> None:
        """Make sure that a row group of such content, and then the end, will fit."""
        stream = self._output.stream
        if isinstance(stream, WholeRecords):
            columns = len(self._output.schema) * 3
            end = (self._groups + 1) * columns * _COLUMN_END + _ROOM
            stream.reserve(content + content // 8 + end)


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
