"""Aggregates for people: a table of the rows each time they are shown, histograms below it."""

from __future__ import annotations

import time
from collections.abc import Sequence

from tracelang.decoders.aggregates import histogram_lines
from tracelang.plan.ir import RuleOutput
from tracelang.sinks.columns import BoundColumn, bind_output
from tracelang.sinks.grid import Table, stack_blocks
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
        self._scale = _describe_scale(output.aggregate.sample)
        self._timed = output.aggregate.every is not None
        self._wall_offset = setup.contexts[output.rule].wall_offset
        self.shown = False
        """Whether there was anything to show."""

    def text(self, rows: Sequence[Row], *, first: bool) -> str:
        """Return the rows as text, set apart from what was shown before unless it is the first."""
        heading = self._heading(rows)
        blocks = self._table(rows) + "".join(self._blocks(row) for row in rows)
        self.shown = True
        # A histogram sets itself apart, from the heading too: but not twice, and not from nothing.
        text = f"\n{heading}\n{blocks}" if heading else "\n" + blocks.removeprefix("\n")
        return text.removeprefix("\n") if first else text

    def silence(self) -> str:
        """Return what is said of a period without events."""
        return f"{self._heading()}: no events\n"

    def _heading(self, rows: Sequence[Row] = ()) -> str:
        moment = self._clock(rows) if self._timed else ""
        return " ".join(filter(None, (moment, self._label, self._scale)))

    def _clock(self, rows: Sequence[Row]) -> str:
        """Return the local time at which the rows were read; now where there are none."""
        if not rows:
            return time.strftime("%H:%M:%S")
        ts = rows[0][0]
        return time.strftime("%H:%M:%S", time.localtime((ts + self._wall_offset(ts)) // 10**9))

    def nothing(self) -> str:
        """Return what is said when a whole run had no event."""
        return f"{self._label}: no events\n" if self._label else "no events\n"

    def _table(self, rows: Sequence[Row]) -> str:
        if len(self._plain) == len(self._keys):
            # Nothing but histograms: their headings name the keys.
            return ""
        table = Table(self._plain)
        body = table.lines(self._plain, rows, "")
        return table.header(0) + body

    def _blocks(self, row: Row) -> str:
        """Return the row's histograms, each under its name and the row's key."""
        return "".join(self._block(column, row) for column in self._histograms)

    def _block(self, column: BoundColumn, row: Row) -> str:
        words = (c for c in self._keys if c.reading.frames is None)
        key = ", ".join(f"{c.name} {c.reading.text(row[c.slot])}" for c in words)
        named = column.name if len(self._histograms) > 1 or not key else ""
        title = ": ".join(filter(None, (named, key)))
        stacks = [c for c in self._keys if c.reading.frames is not None]
        below = "".join(b for c in stacks for b in stack_blocks(c, [row], named=len(stacks) > 1))
        lines = histogram_lines(row[column.slot])
        return f"\n{title}\n{below}" + "\n".join(lines) + "\n"


def _describe_scale(sample: tuple[int, int] | None) -> str:
    """Return what a reader must know to judge counts and sums of a sample."""
    if sample is None or sample[0] >= sample[1]:
        return ""
    keep, of = sample
    return f"sampled {keep} in {of}: for all events multiply counts and sums by {of / keep:.4g}"
