"""Rows as Arrow record batches: exact integers, nested histograms, one schema for all rules.

With several rules the schema is the union of theirs: `rule` says which a row is of, and it has
nothing in the columns that its rule does not have.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any, Final

from tracelang.diagnostics import DiagnosticError, fail
from tracelang.sinks.members import Kind, Member, ValueType, members_of
from tracelang.sinks.protocol import Row, SinkSetup

_LIMITS: Final = {False: (0, (1 << 64) - 1), True: (-(1 << 63), (1 << 63) - 1)}


def load_pyarrow() -> Any:
    """Return the module `pyarrow`; raises T332 where it is not installed.

    The import is late: it takes a tenth of a second, and only these outputs need it.
    """
    try:
        import pyarrow as pa
    except ImportError:
        raise fail(
            "T332",
            "this output needs pyarrow, which is not installed",
            help=[f"run `{sys.executable} -m pip install pyarrow`"],
        ) from None
    return pa


class ArrowRows:
    """Turns rows of one or several rules into record batches of one `schema`."""

    def __init__(self, setup: SinkSetup) -> None:
        """Find the columns; T332 without pyarrow, U301 where one is of two types."""
        self._pa = load_pyarrow()
        self._members = {o.rule: {m.name: m for m in members_of(o, setup)} for o in setup.outputs}
        types: dict[str, ValueType] = {}
        for members in self._members.values():
            for member in members.values():
                known = types.setdefault(member.name, member.type)
                if known != member.type:
                    raise _refuse(member, known)
        self._types = types
        fields = [self._pa.field(name, self._arrow_type(t)) for name, t in types.items()]
        self.schema = self._pa.schema(fields)

    def batch(self, rows: Sequence[Row]) -> Any:
        """Return a `pyarrow.RecordBatch` of rows, in their order, whatever rules they are of."""
        by_rule: dict[int, list[int]] = {}
        for index, row in enumerate(rows):
            by_rule.setdefault(row[1], []).append(index)
        if len(by_rule) <= 1:
            return self._batch_of(next(iter(by_rule), None), rows)
        parts = [
            self._batch_of(rule, [rows[i] for i in places]) for rule, places in by_rule.items()
        ]
        order = [0] * len(rows)
        for at, place in enumerate(i for places in by_rule.values() for i in places):
            order[place] = at
        table = self._pa.Table.from_batches(parts, self.schema).take(order).combine_chunks()
        return table.to_batches()[0]

    def _batch_of(self, rule: int | None, rows: Sequence[Row]) -> Any:
        members = self._members[rule] if rule is not None else {}
        arrays = []
        for field in self.schema:
            member = members.get(field.name)
            if member is None:
                arrays.append(self._pa.nulls(len(rows), field.type))
            else:
                arrays.append(self._pa.array(_values(member, rows), field.type))
        return self._pa.record_batch(arrays, schema=self.schema)

    def _arrow_type(self, type_: ValueType) -> Any:
        pa = self._pa
        match type_.kind:
            case Kind.INTEGER:
                return self._integer(type_)
            case Kind.NUMBER:
                return pa.float64()
            case Kind.BOOL:
                return pa.bool_()
            case Kind.TEXT:
                return pa.string()
            case Kind.MOMENT:
                return pa.timestamp("ns", tz="UTC")
            case Kind.INTEGERS:
                return pa.list_(self._integer(type_))
            case Kind.HISTOGRAM:
                bound = self._integer(type_)
                fields = [("low", bound), ("above", bound), ("count", pa.uint64())]
                return pa.list_(pa.struct(fields))
            case Kind.FRAMES:
                names = [("name", pa.string()), ("module", pa.string())]
                return pa.list_(pa.struct([*names, ("offset", pa.uint64())]))
            case Kind.STATS:
                number = self._integer(type_)
                fields = [("count", pa.uint64()), ("avg", pa.float64())]
                return pa.struct([*fields, *((n, number) for n in ("min", "max", "sum"))])

    def _integer(self, type_: ValueType) -> Any:
        return getattr(self._pa, f"{'' if type_.signed else 'u'}int{type_.size * 8}")()


def _values(member: Member, rows: Sequence[Row]) -> list[Any]:
    values = list(member.values(rows))
    match member.type.kind:
        case Kind.INTEGER if member.type.size == 8:
            return _within(values, signed=member.type.signed)
        case Kind.NUMBER:
            return [None if v is None else float(v) for v in values]
        case Kind.HISTOGRAM:
            return [_histogram(v, signed=member.type.signed) for v in values]
        case Kind.STATS:
            return [v | {"avg": float(v["avg"])} for v in values]
    return values


def _within(values: list[Any], *, signed: bool) -> list[Any]:
    """Return the values, nothing for sums over all processors that 64 bits do not hold."""
    low, high = _LIMITS[signed]
    return [v if v is not None and low <= v <= high else None for v in values]


def _histogram(buckets: Sequence[Sequence[Any]], *, signed: bool) -> list[dict[str, Any]]:
    """Return a histogram as structs; a bound that is none, or beyond 64 bits, is null."""
    low, high = _LIMITS[signed]

    def bound(value: int | None) -> int | None:
        return value if value is not None and low <= value <= high else None

    return [{"low": bound(b[0]), "above": bound(b[1]), "count": b[2]} for b in buckets]


def _refuse(member: Member, known: ValueType) -> DiagnosticError:
    return fail(
        "U301",
        f"two rules have a column `{member.name}`, of different types",
        notes=[f"one is {known.kind.value}, the other {member.type.kind.value}"]
        if known.kind is not member.type.kind
        else ["their integers differ in size or sign"],
        help=["give one of them another name: `capture … as NAME`"],
    )
