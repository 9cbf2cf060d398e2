"""Columns as Python values: int, str, bytes, bool, float, datetime, and results of aggregates."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeAlias

from tracelang.api.histogram import Histogram, Stats
from tracelang.dataclass import dataclass
from tracelang.decoders.definition import remember
from tracelang.decoders.protocol import DecodeContext, Decoder, Reading, Shape
from tracelang.plan.ir import RuleOutput
from tracelang.registry import Registry
from tracelang.sinks.columns import BoundColumn, bind_columns
from tracelang.sinks.protocol import Row

Convert: TypeAlias = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class ValueColumn:
    """A column's name and place in a row, and how to read it.

    `text` is what a person reads, and `differs` says whether the value is something else. Reading
    a value by `convert` counts its cuts, so it is done once; `look` and `text` do not count.
    `right` is for numbers.
    """

    name: str
    slot: int
    shape: Shape
    convert: Convert | None
    look: Convert | None
    text: Callable[[Any], str]
    differs: bool
    right: bool

    def values(self, rows: Sequence[Row]) -> Iterable[Any]:
        """Return the values of this column in some rows."""
        return self._converted(rows, self.convert)

    def seen_values(self, rows: Sequence[Row]) -> Iterable[Any]:
        """Return the values in rows whose cuts are counted elsewhere."""
        return self._converted(rows, self.look)

    def _converted(self, rows: Sequence[Row], convert: Convert | None) -> Iterable[Any]:
        slot = self.slot
        raw = [row[slot] for row in rows]
        return raw if convert is None else map(convert, raw)


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
    convert, look = _conversion(column), _conversion(quiet)
    return ValueColumn(
        name=column.name,
        slot=column.slot,
        shape=column.reading.shape,
        convert=convert,
        look=look,
        text=text,
        differs=column.reading.differs,
        right=decoder.right,
    )


def _conversion(column: BoundColumn) -> Convert | None:
    """Return what makes a Python value of a raw one, None where they are the same."""
    reading = column.reading
    machine = reading.machine or reading.text
    if column.decoder.name == "buf":
        return _bytes(reading)
    match reading.shape:
        case Shape.MOMENT:
            return _moment(reading)
        case Shape.HISTOGRAM:
            return Histogram
        case Shape.FRAMES:
            return reading.frames
        case Shape.TEXT | Shape.MAYBE_TEXT:
            return _text(machine)
        case Shape.RESULT:
            return lambda raw: Stats(**raw) if isinstance(raw, dict) else raw
        case Shape.INTEGERS:
            return lambda raw: tuple(machine(raw))  # type: ignore[arg-type]
    return machine if reading.machine is not None or column.type.length else None


def _moment(reading: Reading) -> Convert:
    """Read a wall clock time as an aware datetime, which has microseconds; `ts` is exact."""
    nanoseconds = reading.scaled
    assert nanoseconds is not None
    start_of = remember(_local_second)

    def moment(raw: int) -> datetime:
        second, rest = divmod(nanoseconds(raw), 1_000_000_000)
        return start_of(second).replace(microsecond=rest // 1000)

    return moment


def _local_second(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC).astimezone()


def _bytes(reading: Reading) -> Convert:
    """Read a buffer as bytes."""
    machine = reading.machine
    assert machine is not None

    def read(raw: bytes) -> bytes:
        reading.text(raw)  # this is what counts a cut
        return bytes.fromhex(str(machine(raw)))

    return read


def _text(machine: Convert) -> Convert:
    """Read text; what is no UTF-8 keeps its bytes, and `os.fsencode` has them back."""

    def read(raw: object) -> object:
        value = machine(raw)
        return value.decode(errors="surrogateescape") if value.__class__ is bytes else value

    return read
