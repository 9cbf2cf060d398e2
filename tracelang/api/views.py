"""Events and aggregates as HTML: what notebooks show."""

from __future__ import annotations

from collections.abc import Sequence

from tracelang.api.events import Event
from tracelang.api.values import ValueColumn
from tracelang.decoders.protocol import Shape
from tracelang.html.histograms import bars
from tracelang.html.tables import note, table, title

_MOST_ROWS = 1000
"""Rows of one table that a page shows; the object behind it has them all."""


def events_html(events: Sequence[Event]) -> str:
    """Return a table for each kind of event, in the order of the rules."""
    kinds = sorted({type(event) for event in events}, key=lambda kind: kind.rule)
    several = len(kinds) > 1
    parts = []
    for kind in kinds:
        own = [event for event in events if type(event) is kind]
        parts.append((title(kind.__name__) if several else "") + _table(own))
    return "".join(parts)


def aggregate_html(rows: Sequence[Event], keys: int, sample: tuple[int, int] | None) -> str:
    """Return an aggregate's rows as a table, and a chart for each histogram below it.

    The first `keys` columns are the key; `sample` is (N, M) where N of each M events were counted.
    """
    if not rows:
        return note("no events")
    scale = ""
    if sample is not None:
        scale = note("{} of each {} events were counted".format(*sample))
    columns = type(rows[0])._columns
    histograms = [c for c in columns if c.shape is Shape.HISTOGRAM]
    alone = len(columns) - len(histograms) == keys
    listed = "" if histograms and alone else _table(rows)
    charts = "".join(_charts(row, keys) for row in rows[:_MOST_ROWS])
    return scale + listed + charts


def _charts(row: Event, keys: int) -> str:
    texts = list(row._astext().values())[:keys]
    where = ", ".join(f"{n} {t}" for n, t in zip(row._fields, texts, strict=False))
    return "".join(
        title(f"{column.name} · {where}" if where else column.name) + bars(row[column.name])
        for column in row._columns
        if column.shape is Shape.HISTOGRAM
    )


def _cell(column: ValueColumn, row: Event) -> str:
    if column.shape is Shape.FRAMES:
        return "\n".join(frame.label for frame in row[column.name])
    return column.text(row._row[column.slot])


def _table(rows: Sequence[Event]) -> str:
    columns = [c for c in type(rows[0])._columns if c.shape is not Shape.HISTOGRAM]
    names = [column.name for column in columns]
    cells = ([_cell(c, row) for c in columns] for row in rows[:_MOST_ROWS])
    text = table(names, [column.right for column in columns], cells)
    if len(rows) > _MOST_ROWS:
        text += note(f"the first {_MOST_ROWS:,} of {len(rows):,} rows")
    return text
