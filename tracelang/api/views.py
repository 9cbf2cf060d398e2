"""Events and aggregates as HTML: what notebooks show."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tracelang.api.events import Event
from tracelang.api.values import ValueColumn
from tracelang.decoders.protocol import Shape
from tracelang.html.histograms import bars
from tracelang.html.tables import note, table, title

if TYPE_CHECKING:
    from tracelang.api.aggregates import Aggregate

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


def aggregate_html(aggregate: Aggregate) -> str:
    """Return the rows as a table, and a chart for each histogram below it."""
    if not aggregate.rows:
        return note("no events")
    scale = ""
    if aggregate.sample is not None:
        scale = note("{} of each {} events were counted".format(*aggregate.sample))
    columns = type(aggregate.rows[0])._columns
    histograms = [c for c in columns if c.shape is Shape.HISTOGRAM]
    alone = len(columns) - len(histograms) == aggregate.keys_count
    rows = "" if histograms and alone else _table(aggregate.rows)
    charts = "".join(_charts(aggregate, row) for row in aggregate.rows[:_MOST_ROWS])
    return scale + rows + charts


def _charts(aggregate: Aggregate, row: Event) -> str:
    texts = list(row._astext().values())[: aggregate.keys_count]
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
