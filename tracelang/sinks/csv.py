r"""Comma-separated values (RFC 4180) with a header: raw values, decoded ones in `NAME_text`.

Bytes that are not UTF-8 are shown as `\xHH`; on a terminal so are control characters, which
otherwise stand in the file as they are. A value that does not exist is empty.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Sequence
from io import StringIO
from typing import Any, Final

from tracelang.dataclass import dataclass
from tracelang.decoders.escape import show_bytes, show_text
from tracelang.decoders.frames import fold
from tracelang.diagnostics import DiagnosticError, fail
from tracelang.plan.ir import RuleOutput
from tracelang.sinks.columns import BoundColumn, bind_output
from tracelang.sinks.protocol import Form, Row, Sink, SinkSetup

_Cells = Callable[[Sequence[Row]], Iterable[Any]]


def _heading(columns: Sequence[BoundColumn]) -> list[str]:
    names = []
    for column in columns:
        names.append(column.name)
        if column.reading.differs:
            names.append(f"{column.name}_text")
    return names


def _cells(columns: Sequence[BoundColumn], *, terminal: bool) -> list[_Cells]:
    cells: list[_Cells] = []
    show = _show_safely if terminal else _show_value
    for column in columns:
        cells.append(_value_cells(column, show))
        if column.reading.differs:
            cells.append(column.texts)
    return cells


def _value_cells(column: BoundColumn, show: Callable[[object], object]) -> _Cells:
    frames = column.reading.frames
    if frames is not None:
        return lambda rows: (fold(frames(raw)) for raw in column.raw(rows))
    if column.reading.machine is None:
        return column.texts if column.type.length else column.raw
    return lambda rows: map(show, column.machine(rows))


def _show_value(value: object) -> object:
    match value:
        case bytes():
            return show_bytes(value)
        case bool():
            return "true" if value else "false"
        case dict() | [[*_], *_]:
            return json.dumps(value)
        case list():
            return " ".join(map(str, value))
    return value


def _show_safely(value: object) -> object:
    shown = _show_value(value)
    return show_text(shown) if isinstance(shown, str) else shown


class CsvSink:
    """Writes one line for each event; with several rules a first column says which."""

    def __init__(self, setup: SinkSetup) -> None:
        self._stream = setup.stream
        self._above = setup.options.heading
        columns = {output.rule: bind_output(output, setup) for output in setup.outputs}
        headings = {rule: _heading(bound) for rule, bound in columns.items()}
        if len({tuple(heading) for heading in headings.values()}) > 1:
            raise _refuse(setup.outputs)
        self._with_rule = len(headings) > 1
        heading = next(iter(headings.values()), [])
        self._heading = ["rule", *heading] if self._with_rule else heading
        if self._above and self._above.rstrip("\r") != _lines([self._heading]).rstrip("\r\n"):
            raise _refuse_other_columns(self._above, self._heading)
        terminal = setup.options.terminal
        self._cells = {rule: _cells(bound, terminal=terminal) for rule, bound in columns.items()}

    def begin(self) -> None:
        """Write the header, unless the file that is added to has it already."""
        if not self._above:
            self._stream.write(_lines([self._heading]))

    def events(self, rule: int, rows: Sequence[Row]) -> None:
        """Write one line for each row."""
        columns = [cells(rows) for cells in self._cells[rule]]
        if self._with_rule:
            columns.insert(0, [rule + 1] * len(rows))
        self._stream.write(_lines(zip(*columns, strict=True)))

    def flush(self) -> None:
        """Make everything written so far visible."""
        self._stream.flush()

    def end(self) -> None:
        """Flush: there is nothing to close."""
        self._stream.flush()


def _lines(lines: Iterable[Iterable[Any]]) -> str:
    buffer = StringIO(newline="")
    csv.writer(buffer).writerows(lines)
    return buffer.getvalue()


def _refuse_other_columns(above: str, heading: Sequence[str]) -> DiagnosticError:
    return fail(
        "U118",
        "the file that is added to has other columns than this script",
        notes=[f"it has {above.strip()}", f"this script has {','.join(heading)}"],
        help=["write another file"],
    )


def _refuse(outputs: Sequence[RuleOutput]) -> DiagnosticError:
    shapes = [", ".join(c.name for c in output.columns) for output in outputs]
    return fail(
        "U301",
        "csv has one set of columns, and the rules of this script have different ones",
        notes=[f"rule {o.rule + 1} has {shape}" for o, shape in zip(outputs, shapes, strict=True)],
        help=["use `-o json`", "give every rule the same names: `capture … as NAME`"],
    )


@dataclass(frozen=True, slots=True)
class CsvKind:
    """`-o csv`."""

    name: str = "csv"
    summary: str = "comma-separated values with a header"
    form: Form = Form.QUOTED_LINES

    def create(self, setup: SinkSetup) -> Sink:
        """Return the sink; rules with different columns are refused (U301)."""
        return CsvSink(setup)


SINKS: Final = (CsvKind(),)
