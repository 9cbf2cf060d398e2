"""A recording's events in Python: those of the recorded run, or what clauses make of them."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Mapping
from functools import cached_property
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tracelang.api.aggregates import Aggregate
from tracelang.api.errors import public_errors
from tracelang.api.events import Event, EventMaker
from tracelang.api.values import value_columns
from tracelang.recording.reader import open_and_scan
from tracelang.recording.replay import Replay
from tracelang.sinks.protocol import Row

if TYPE_CHECKING:
    from tracelang.sinks.arrow_batches import ArrowRows


class Recorded:
    """The events of a recording, or what clauses make of them.

    It can be iterated over any number of times; each time the file is read, batch by batch. The
    rows of an aggregate come among the events, at the times of its tables.
    """

    def __init__(self, path: str | os.PathLike[str], clauses: str | None) -> None:
        with public_errors():
            self._recording = open_and_scan(Path(path))
        self._clauses = clauses
        self._first = self._open()

    def _open(self) -> Replay:
        with public_errors():
            return Replay(self._recording, self._clauses)

    @property
    def kernel(self) -> str:
        """The kernel it was recorded on, as a person reads it."""
        return self._recording.head.kernel

    @property
    def missing(self) -> str | None:
        """What is missing of the recording, in words; None where nothing is."""
        return self._recording.describe_ending()

    @property
    def accounting(self) -> Mapping[str, int | float] | None:
        """What was counted when it was recorded, by name; None where its end is missing."""
        return self._recording.account

    @cached_property
    def event_types(self) -> tuple[type[Event], ...]:
        """The class of each rule's events, in the order of the rules."""
        return tuple(maker.type for maker in self._makers(self._first).values())

    def __iter__(self) -> Iterator[Event]:
        replay = self._open()
        makers = self._makers(replay)
        for rows in replay.batches():
            for rule, run in groupby(rows, itemgetter(1)):
                yield from makers[rule].make(list(run))

    @property
    def aggregates(self) -> tuple[Aggregate, ...]:
        """The aggregates as they were at the end, in the order of their rules."""
        replay = self._open()
        makers = self._makers(replay)
        summed = [o for o in replay.outputs if o.aggregate is not None]
        tables: dict[int, list[Row]] = {output.rule: [] for output in summed}
        for rows in replay.batches():
            if rows and rows[0][1] in tables:
                tables[rows[0][1]] = rows
        return tuple(
            Aggregate.of(output, makers[output.rule].make(tables[output.rule])) for output in summed
        )

    @property
    def aggregate(self) -> Aggregate:
        """The aggregate of a recording, or of clauses, with one."""
        found = self.aggregates
        if len(found) != 1:
            raise TypeError(f"there are {len(found)} aggregates: see `aggregates`")
        return found[0]

    def batches(self) -> Iterator[Any]:
        """Yield the events as `pyarrow.RecordBatch`es of one schema, those of `-o arrow`."""
        replay = self._open()
        arrow = self._arrow(replay)
        for rows in filter(None, replay.batches()):
            yield arrow.batch(rows)

    def to_arrow(self) -> Any:
        """Return the events as a `pyarrow.Table`."""
        schema = self._arrow(self._first).schema
        import pyarrow as pa  # late: it is optional, and slow

        return pa.Table.from_batches(self.batches(), schema)

    def to_pandas(self) -> Any:
        """Return the events as a `pandas.DataFrame`."""
        return self.to_arrow().to_pandas()

    def to_polars(self) -> Any:
        """Return the events as a `polars.DataFrame`."""
        table = self.to_arrow()
        import polars as pl  # late: it is optional, and slow

        return pl.from_arrow(table)

    @staticmethod
    def _makers(replay: Replay) -> dict[int, EventMaker]:
        contexts = replay.contexts()
        return {
            o.rule: EventMaker(o, value_columns(o, replay.decoders, contexts[o.rule]))
            for o in replay.outputs
        }

    @staticmethod
    def _arrow(replay: Replay) -> ArrowRows:
        """Return what makes Arrow batches. Raises `MachineError` where pyarrow is not installed."""
        from tracelang.sinks.arrow_batches import ArrowRows
        from tracelang.sinks.protocol import SinkSetup

        setup = SinkSetup(replay.outputs, io.StringIO(), replay.decoders, replay.contexts())
        with public_errors():
            return ArrowRows(setup)

    def __repr__(self) -> str:
        return f"<Recorded {str(self._recording.path)!r}: {self._recording.events:,} events>"


def replay(path: str | os.PathLike[str], clauses: str | None = None) -> Recorded:
    """Open what `tracelang record` wrote. Needs no root, and no Linux.

    `clauses` are those of `tracelang replay -e`: `where pid == 42 aggregate count() by comm`.
    Raises `UsageError` for a file that is no recording, `ScriptError` for clauses that are wrong.
    """
    return Recorded(path, clauses)
