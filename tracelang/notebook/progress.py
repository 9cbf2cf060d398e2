"""What a notebook shows while a trace runs."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Final

from tracelang.api.events import Event
from tracelang.api.tracing import Trace
from tracelang.api.views import events_html
from tracelang.html.style import wrap
from tracelang.html.tables import note

_FIRST: Final = 1.0
"""Seconds before anything is shown: a short trace shows its result only."""
_PERIOD: Final = 0.5
_LATEST: Final = 12


class Progress:
    """The latest events and the aggregates so far, in a place that the result takes over."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._next = time.monotonic() + _FIRST
        self._handle: Any = None

    def show(self, events: Sequence[Event], trace: Trace) -> None:
        """Bring what is shown up to date, where it is due."""
        if self._quiet or time.monotonic() < self._next:
            return
        self._next = time.monotonic() + _PERIOD
        self._display(_Page(_latest(events, trace)))

    def clear(self) -> None:
        """Show nothing any more."""
        if self._handle is not None:
            self._handle.update(_Page(""))

    def _display(self, page: _Page) -> None:
        from IPython.display import display

        if self._handle is None:
            self._handle = display(page, display_id=True)
        else:
            self._handle.update(page)


class _Page:
    """HTML, and nothing for front ends that show text only."""

    def __init__(self, html: str) -> None:
        self._html = html

    def _repr_html_(self) -> str:
        return self._html

    def __repr__(self) -> str:
        return ""


def _latest(events: Sequence[Event], trace: Trace) -> str:
    parts = [events_html(events[-_LATEST:])] if events else []
    parts += [aggregate.html() for aggregate in trace.aggregates]
    count = trace.accounting.events
    state = f"tracing: {count:,} events so far; interrupt the kernel to end it"
    return wrap(*parts, note(state))
