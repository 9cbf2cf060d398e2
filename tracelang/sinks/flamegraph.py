"""A flame graph: one page that needs nothing else, to be opened, kept or sent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from tracelang.dataclass import dataclass
from tracelang.diagnostics import fail
from tracelang.sinks.folding import Folding
from tracelang.sinks.protocol import Form, Row, Sink, SinkSetup

_NOTES: Final = {
    "lost": "events lost",
    "full": "events not counted as the maps were full",
    "stacks_broken": "stacks of processes incomplete: code without frame pointers",
    "stacks_cut": "stacks cut at the depth limit",
}
"""What the account says of a graph, and how it is put."""


class FlameGraphSink:
    """Adds up stacks, and writes the page when the run is over."""

    def __init__(self, setup: SinkSetup) -> None:
        self._stream = setup.stream
        self._script = setup.script
        self._outputs = setup.outputs
        self._account = setup.account
        self._folding = Folding(setup, "flamegraph")

    def begin(self) -> None:
        """Write nothing: the page is written whole."""

    def events(self, rule: int, rows: Sequence[Row]) -> None:
        """Take in the rows of one rule."""
        self._folding.add(rule, rows)

    def flush(self) -> None:
        """Write nothing before everything is added up."""

    def end(self) -> None:
        """Write the page."""
        from tracelang.sinks.flame_page import Words, render_page  # only when there is one

        words = Words(self._title(), self._script, self._folding.unit, tuple(self._notes()))
        self._stream.write(render_page(self._folding.stacks(), words))
        self._stream.flush()

    def _notes(self) -> Iterator[str]:
        """Say what a reader must know of stacks that are not whole."""
        counts = self._account() or {}
        for name, what in _NOTES.items():
            if count := counts.get(name):
                yield f"{count:,} {what}"

    def _title(self) -> str:
        probes = dict.fromkeys(probe for output in self._outputs for probe, _ in output.targets)
        first, *more = probes or {"nothing": None}
        return f"{first} and {len(more)} more" if more else first


@dataclass(frozen=True, slots=True)
class FlameGraphKind:
    """`-o flamegraph`."""

    name: str = "flamegraph"
    summary: str = "call stacks as a flame graph, one HTML page: `--out cpu.html`"
    form: Form = Form.DOCUMENT

    def create(self, setup: SinkSetup) -> Sink:
        """Return the sink; rules without a stack (U303, U304) and terminals (U305) are refused."""
        if setup.options.terminal:
            raise fail(
                "U305",
                "a flame graph is a page for a browser, not for a terminal",
                help=["write it to a file: `--out flames.html`", "`-o folded` is text"],
            )
        return FlameGraphSink(setup)


SINKS: Final = (FlameGraphKind(),)
