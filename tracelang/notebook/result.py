"""What a magic's cell gives: the events and aggregates of a trace that has ended."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from tracelang.api.aggregates import Aggregate
from tracelang.api.errors import UsageError
from tracelang.api.events import Event
from tracelang.api.tracing import Trace
from tracelang.api.views import events_html
from tracelang.html.pages import frame
from tracelang.html.style import wrap
from tracelang.html.tables import note
from tracelang.runtime.accounting import Accounting

_FEW: Final = 100
"""Events that a terminal shows."""


class TraceResult:
    """A trace that has ended, as a table or charts. It iterates over its events.

    `events` were streamed, `aggregates` summed up; `dropped` is how many events more there were
    than were to be kept.
    """

    def __init__(self, trace: Trace, events: Sequence[Event], dropped: int, ended: str) -> None:
        self._trace = trace
        self.events = tuple(events)
        self.aggregates: tuple[Aggregate, ...] = trace.aggregates
        self.accounting: Accounting = trace.accounting
        self.dropped = dropped
        self._ended = ended

    def to_pandas(self) -> Any:
        """Return the events, and the rows of the aggregates, as a pandas DataFrame."""
        rows = (row for aggregate in self.aggregates for row in aggregate.rows)
        return self._trace.frame_of([*self.events, *rows])

    def __iter__(self) -> Iterator[Event]:
        return iter(self.events)

    def __len__(self) -> int:
        return len(self.events)

    def _repr_html_(self) -> str:
        parts = self._flames()
        parts += [events_html(self.events)] if self.events else []
        parts += [aggregate.html() for aggregate in self.aggregates]
        parts += [] if parts else [note("no events")]
        return wrap(*parts, *(note(text, warning=loud) for text, loud in self._notes()))

    def __repr__(self) -> str:
        lines = [self._trace.table(self.events[:_FEW]).rstrip("\n")]
        more = len(self.events) - _FEW
        lines += [f"… and {more:,} more"] if more > 0 else []
        return "\n".join([*lines, *(text for text, _ in self._notes())])

    def _flames(self) -> list[str]:
        """Return a flame graph, where there are stacks that something was counted by."""
        if not self.events and not any(self.aggregates):
            return []
        try:
            return [frame(self._trace.flamegraph(self.events))]
        except UsageError:
            return []

    def _notes(self) -> Iterator[tuple[str, bool]]:
        """Yield what is to be said of the numbers, and whether it is a warning."""
        if self.dropped:
            yield f"{self.dropped:,} events more were not kept (`--keep` keeps more)", True
        if self._ended:
            yield self._ended, False
        counted = self.accounting
        yield counted.describe(), bool(counted.lost or counted.missed or counted.full)
