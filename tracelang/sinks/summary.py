"""Aggregates for people: a table of the rows each time they are shown, histograms below it."""

from __future__ import annotations

import time
from collections.abc import Sequence

from tracelang.decoders.aggregates import histogram_lines
from tracelang.plan.ir import RuleOutput
from tracelang.sinks.columns import BoundColumn, bind_output
from tracelang.sinks.grid import Table
from tracelang.sinks.protocol import Row, SinkSetup


class Summary:
    """Shows one rule's rows. With a period, the time stands above each table."""

    def __init__(self, output: RuleOutput, setup: SinkSetup, label: str) -> None:
        assert output.aggregate is not None
        columns = bind_output(output, setup)
        count = len(output.aggregate.order)
        self._keys = columns[: len(columns) - count]
        self._plain = tuple(c for c in columns if c.decoder.name != "histogram")
        self._histograms = tuple(c for c in columns if c.decoder.name == "histogram")
        self._label = label
        self._timed = output.aggregate.every is not None
        self._shown = False

    def text(self, rows: Sequence[Row]) -> str:
        """Return the rows as text, set apart from what was shown before."""
        heading = time.strftime("%H:%M:%S") if self._timed else ""
        heading = " ".join(filter(None, (heading, self._label)))
        above = "\n" if self._shown else ""
        self._shown = True
        blocks = "".join(self._blocks(row) for row in rows)
        return above + (f"{heading}\n" if heading else "") + self._table(rows) + blocks

    def _table(self, rows: Sequence[Row]) -> str:
        if len(self._plain) == len(self._keys):
            # Nothing but histograms: their headings name the keys.
            return ""
        table = Table(self._plain)
        body = table.lines(self._plain, rows, "")
        return table.header(0) + "\n" + body

    def _blocks(self, row: Row) -> str:
        """Return the row's histograms, each under its name and the row's key."""
        return "".join(self._block(column, row) for column in self._histograms)

    def _block(self, column: BoundColumn, row: Row) -> str:
        key = ", ".join(c.reading.text(row[c.slot]) for c in self._keys)
        title = f"{column.name} {key}".strip() if len(self._histograms) > 1 or not key else key
        lines = histogram_lines(row[column.slot])
        return "\n".join([f"\n{title}", *lines]) + "\n"
