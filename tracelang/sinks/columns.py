"""A rule's columns bound to a run: where each value is in a row, and the functions that read it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import Any

from tracelang.dataclass import dataclass
from tracelang.decoders.protocol import DecodeContext, Decoder, Reading
from tracelang.diagnostics import fail
from tracelang.plan.c_types import CType
from tracelang.plan.ir import Column, Record, RuleOutput
from tracelang.registry import Registry
from tracelang.sinks.protocol import Row, SinkSetup


@dataclass(frozen=True, slots=True)
class BoundColumn:
    """One shown value: its name, its place in a row, its C type, and how it is read."""

    name: str
    slot: int
    type: CType
    decoder: Decoder
    reading: Reading

    def raw(self, rows: Sequence[Row]) -> Iterable[Any]:
        """Return the raw values of the rows."""
        return map(itemgetter(self.slot), rows)

    def texts(self, rows: Sequence[Row]) -> Iterable[str]:
        """Return what a person reads of the rows."""
        return map(self.reading.text, self.raw(rows))

    def machine(self, rows: Sequence[Row]) -> Iterable[object]:
        """Return the values of the rows for machine outputs."""
        raw = self.raw(rows)
        return raw if self.reading.machine is None else map(self.reading.machine, raw)


def bind_columns(
    columns: Sequence[Column], record: Record, decoders: Registry[Decoder], context: DecodeContext
) -> tuple[BoundColumn, ...]:
    """Return the columns with their readings; an unknown decoder is a defect (T902)."""
    return tuple(_bind(column, record, decoders, context) for column in columns)


def _bind(
    column: Column, record: Record, decoders: Registry[Decoder], context: DecodeContext
) -> BoundColumn:
    decoder = decoders.get(column.decoding.decoder)
    if decoder is None:
        raise fail("T902", f"column {column.name} has no decoder `{column.decoding.decoder}`")
    reading = decoder.bind(column.decoding.arguments, context)
    return BoundColumn(column.name, column.slot, record.fields[column.slot].type, decoder, reading)


def bind_output(output: RuleOutput, setup: SinkSetup) -> tuple[BoundColumn, ...]:
    """Return the columns of a rule's output."""
    context = setup.contexts[output.rule]
    return bind_columns(output.columns, output.record, setup.decoders, context)


def bind_arguments(output: RuleOutput, setup: SinkSetup) -> tuple[BoundColumn, ...]:
    """Return the arguments of a rule's format."""
    context = setup.contexts[output.rule]
    return bind_columns(output.arguments, output.record, setup.decoders, context)
