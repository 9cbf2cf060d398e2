"""Aligned tables: rules without a `print`, or every rule with `-o table`.

A column starts as wide as its decoder says and grows with what it shows, so that rows stay aligned.
With several rules each line begins with its rule's name, and a header that is no longer in sight is
repeated.
"""

from __future__ import annotations

from collections.abc import Sequence
from os.path import commonprefix
from typing import Final

from tracelang.dataclass import dataclass
from tracelang.plan.ir import RuleOutput
from tracelang.sinks.columns import BoundColumn, bind_output
from tracelang.sinks.grid import Table
from tracelang.sinks.protocol import Form, Row, Sink, SinkSetup
from tracelang.sinks.refreshed import RefreshedTables, are_refreshed
from tracelang.sinks.summary import Summary

_SCREEN: Final = 40
"""Lines after which a header is taken to be out of sight."""
_FEW: Final = 8
"""Targets of which the first may stand for all in a rule's name."""
_BOLD, _PLAIN = "\x1b[1m", "\x1b[0m"


@dataclass(frozen=True, slots=True)
class _Shown:
    """One rule's part in a table: its own readings, and what its lines begin with."""

    table: Table
    columns: tuple[BoundColumn, ...]
    label: str


class TableSink:
    """Writes tables, one for each shape of rows, into one stream."""

    def __init__(self, setup: SinkSetup, outputs: Sequence[RuleOutput]) -> None:
        self._stream = setup.stream
        self._options = setup.options
        summed = [output for output in outputs if output.aggregate is not None]
        outputs = [output for output in outputs if output.aggregate is None]
        several = len(outputs) + len(summed) > 1
        self._summaries = {
            output.rule: Summary(output, setup, _label(output) if several else "")
            for output in summed
        }
        labels = rule_labels(outputs) if len(outputs) > 1 else {}
        self._margin = max((len(label) + 1 for label in labels.values()), default=0)
        tables: dict[tuple[tuple[str, str], ...], Table] = {}
        self._shown: dict[int, _Shown] = {}
        for output in outputs:
            columns = bind_output(output, setup)
            table = tables.setdefault(
                tuple((c.name, c.decoder.name) for c in columns), Table(columns)
            )
            label = labels.get(output.rule, "").ljust(self._margin)
            self._shown[output.rule] = _Shown(table, columns, label)
        self._line = 0
        self._last: Table | None = None
        self._refreshed: RefreshedTables | None = None
        if are_refreshed(setup):
            self._refreshed = RefreshedTables(setup.stream, summed, self._summaries)

    def begin(self) -> None:
        """Write nothing: a header comes with the first event, so that its columns fit."""

    def events(self, rule: int, rows: Sequence[Row]) -> None:
        """Write the rows, after the header when it is due."""
        if not rows:
            return
        if self._refreshed is not None and self._refreshed.takes(rule):
            self._refreshed.show(rule, rows)
            return
        if rule in self._summaries:
            self.write(self._summaries[rule].text(rows, first=self._is_first()))
            return
        shown = self._shown[rule]
        text = shown.table.lines(shown.columns, rows, shown.label)
        if self._is_header_due(shown.table):
            text = self._header(shown.table) + text
        self._line += len(rows)
        self._last = shown.table
        self.write(text)

    def write(self, text: str) -> None:
        """Write text that belongs to no table; not in the middle of one that is refreshed."""
        if self._refreshed is not None:
            self._refreshed.write_aside(text)
        else:
            self._stream.write(text)

    def flush(self) -> None:
        """Make the rows written so far visible."""
        self._stream.flush()
        if self._refreshed is not None:
            self._refreshed.refresh()

    def end(self) -> None:
        """Say which aggregates had no events, and flush."""
        if self._refreshed is not None:
            self._refreshed.end()
        silent = [summary.nothing() for summary in self._summaries.values() if not summary.shown]
        if silent and not self._is_first():
            silent.insert(0, "\n")
        self._stream.write("".join(silent))
        self._stream.flush()

    def _is_first(self) -> bool:
        return not self._line and not any(s.shown for s in self._summaries.values())

    def _is_header_due(self, table: Table) -> bool:
        if table.header_at < 0:
            return True
        changed = table is not self._last
        return self._options.terminal and changed and self._line - table.header_at > _SCREEN

    def _header(self, table: Table) -> str:
        table.header_at = self._line
        self._line += 1
        header = table.header(self._margin)
        return f"{_BOLD}{header[:-1]}{_PLAIN}\n" if header and self._options.color else header


def rule_labels(outputs: Sequence[RuleOutput]) -> dict[int, str]:
    """Return a short name for each rule, from its targets; numbered if not unique."""
    names = {output.rule: _label(output) for output in outputs}
    taken = list(names.values())
    return {
        rule: name if taken.count(name) == 1 else f"{name}#{rule + 1}"
        for rule, name in names.items()
    }


def _label(output: RuleOutput) -> str:
    if not output.targets:
        return f"rule {output.rule + 1}"
    probe, function = output.targets[0]
    if len(output.targets) > _FEW:
        # One of so many would say little: what they have in common says what was meant.
        shared = commonprefix([probe for probe, _ in output.targets])  # noqa: RUF071 - characters
        return f"{shared}…"
    return (function or probe) + ("…" if len(output.targets) > 1 else "")


@dataclass(frozen=True, slots=True)
class TableKind:
    """`-o table`: every rule as a table, whatever its `print` says."""

    name: str = "table"
    summary: str = "aligned columns for every rule, also for those with a `print`"
    form: Form = Form.LINES

    def create(self, setup: SinkSetup) -> Sink:
        """Return the sink."""
        return TableSink(setup, setup.outputs)


SINKS: Final = (TableKind(),)
