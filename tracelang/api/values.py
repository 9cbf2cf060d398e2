"""Columns as Python values: int, str, bytes, bool, float, datetime, and results of aggregates."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeAlias

from tracelang.api.histogram import Histogram, Stats
from tracelang.decoders.protocol import DecodeContext, Decoder, Reading
from tracelang.plan.ir import RuleOutput
from tracelang.registry import Registry
from tracelang.sinks.columns import BoundColumn, bind_columns
from tracelang.sinks.protocol import Row

Convert: TypeAlias = Callable[[Any], Any]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ValueColumn:
    """A column's name and place in a row, and how to read it.

    `text` is what a person reads, and `differs` says whether the value is something else. Reading
    a value counts its cuts, so it is done once; `text` does not count. `right` is for numbers.
    """

    name: str
    slot: int
    decoder: str
    convert: Convert | None
    text: Callable[[Any], str]
    differs: bool
    right: bool

    def values(self, rows: Sequence[Row]) -> Iterable[Any]:
        """Return the values of this column in some rows."""
        slot = self.slot
        raw = [row[slot] for row in rows]
        return raw if self.convert is None else map(self.convert, raw)


def value_columns(
    output: RuleOutput, decoders: Registry[Decoder], context: DecodeContext
) -> tuple[ValueColumn, ...]:
    """Return a rule's columns."""
    quiet = replace(context, on_cut=lambda: None)
    bound = bind_columns(output.columns, output.record, decoders, context)
    silent = bind_columns(output.columns, output.record, decoders, quiet)
    return tuple(map(_value_column, bound, silent))


def _value_column(column: BoundColumn, quiet: BoundColumn) -> ValueColumn:
    decoder, text = column.decoder, quiet.reading.text
    convert, differs = _conversion(column), column.reading.differs
    return ValueColumn(
        column.name, column.slot, decoder.name, convert, text, differs, decoder.right
    )


def _conversion(column: BoundColumn) -> Convert | None:
    """Return what makes a Python value of a raw one, None where they are the same."""
    reading = column.reading
    match column.decoder.name:
        case "time":
            return _moment(reading)
        case "buf":
            return _bytes(reading)
        case "histogram":
            return Histogram
    if reading.frames is not None:
        return reading.frames
    if reading.machine is None and not column.type.length:
        return None
    machine = reading.machine or reading.text
    return lambda raw: _plain(machine(raw))


def _moment(reading: Reading) -> Convert:
    """Read a wall clock time as an aware datetime, which has microseconds; `ts` is exact."""
    nanoseconds = reading.scaled
    assert nanoseconds is not None

    def moment(raw: int) -> datetime:
        return (_EPOCH + timedelta(microseconds=nanoseconds(raw) // 1000)).astimezone()

    return moment


def _bytes(reading: Reading) -> Convert:
    """Read a buffer as bytes."""
    machine = reading.machine
    assert machine is not None

    def read(raw: bytes) -> bytes:
        reading.text(raw)  # this is what counts a cut
        return bytes.fromhex(str(machine(raw)))

    return read


def _plain(value: object) -> object:
    """Return a machine value as a Python one.

    Text that is no UTF-8 keeps its bytes as `os.fsdecode` does, so `os.fsencode` has them back.
    """
    match value:
        case bytes():
            return value.decode(errors="surrogateescape")
        case dict():
            return Stats(**value)
        case list():
            return tuple(value)
    return value
