"""The output for people: rules with a `print` by their format, the others as tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tracelang.dataclass import dataclass
from tracelang.sinks.lines import compile_lines
from tracelang.sinks.protocol import Form, Row, Sink, SinkSetup
from tracelang.sinks.table import TableSink


class TextSink:
    """Writes the lines of rules with a format, and hands the other rules to the tables."""

    def __init__(self, setup: SinkSetup) -> None:
        formatted = [o for o in setup.outputs if o.format is not None]
        self._lines = {output.rule: compile_lines(output, setup) for output in formatted}
        self._tables = TableSink(setup, [o for o in setup.outputs if o.format is None])

    def begin(self) -> None:
        """Write nothing: a table's header comes with its first event."""

    def events(self, rule: int, rows: Sequence[Row]) -> None:
        """Write the rows of one rule."""
        render = self._lines.get(rule)
        if render is None:
            self._tables.events(rule, rows)
        elif rows:
            self._tables.write(render(rows))

    def flush(self) -> None:
        """Make everything written so far visible."""
        self._tables.flush()

    def end(self) -> None:
        """End the tables, and flush: text itself has no foot."""
        self._tables.end()


@dataclass(frozen=True, slots=True)
class TextKind:
    """`-o text`, the default."""

    name: str = "text"
    summary: str = "each rule by its `print`, else as a table (the default)"
    form: Form = Form.LINES

    def create(self, setup: SinkSetup) -> Sink:
        """Return the sink."""
        return TextSink(setup)


SINKS: Final = (TextKind(),)
