"""What machine outputs carry of an event: its members by name, and the type of each.

JSON, its schema, Arrow and Parquet have the same members: `ts`, with several rules `rule`, `probe`,
then each column by its name and, where a person reads something else, as `NAME_text` beside it.
Captured names win over added ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from enum import Enum
from itertools import repeat
from operator import itemgetter
from typing import Any, Final

from tracelang.dataclass import dataclass
from tracelang.decoders.escape import show_bytes
from tracelang.decoders.protocol import Decoding, Shape
from tracelang.plan.ir import RuleOutput
from tracelang.sinks.columns import BoundColumn, bind_output
from tracelang.sinks.protocol import Row, SinkSetup


class Kind(Enum):
    """What a value is to a machine."""

    INTEGER = "integer"
    NUMBER = "number"
    BOOL = "bool"
    TEXT = "text"
    MOMENT = "moment"
    INTEGERS = "integers"
    HISTOGRAM = "histogram"
    STATS = "stats"
    FRAMES = "frames"


@dataclass(frozen=True, slots=True)
class ValueType:
    """A member's type; `size` bytes and sign are those of its integers, `count` how many.

    A `nullable` one may have no value.
    """

    kind: Kind
    size: int = 8
    signed: bool = False
    nullable: bool = False
    count: int = 0


@dataclass(frozen=True, slots=True)
class Member:
    r"""One member: its name, its type, and its values in some rows.

    Moments are nanoseconds since the epoch, and texts are such: bytes that are not UTF-8 appear as
    `\xHH`.
    """

    name: str
    type: ValueType
    values: Callable[[Sequence[Row]], Iterable[Any]]


_SHAPES: Final = {
    Shape.NUMBER: ValueType(Kind.NUMBER),
    Shape.BOOL: ValueType(Kind.BOOL),
    Shape.TEXT: ValueType(Kind.TEXT),
    Shape.MAYBE_TEXT: ValueType(Kind.TEXT, nullable=True),
    Shape.MOMENT: ValueType(Kind.MOMENT),
    Shape.FRAMES: ValueType(Kind.FRAMES),
}
_TEXT: Final = ValueType(Kind.TEXT)
_SIZES: Final = {"b": 1, "h": 2, "i": 4, "q": 8}


def members_of(output: RuleOutput, setup: SinkSetup) -> list[Member]:
    """Return the members of a rule's events, in order."""
    columns = bind_output(output, setup)
    captured = {column.name for column in columns}
    members = [m for m in _added(output, several=len(setup.outputs) > 1) if m.name not in captured]
    decodings = {column.name: column.decoding for column in output.columns}
    for column in columns:
        members.append(_member(column, decodings[column.name], output))
        if column.reading.differs and f"{column.name}_text" not in captured:
            members.append(Member(f"{column.name}_text", _TEXT, column.texts))
    return members


def _added(output: RuleOutput, *, several: bool) -> Iterable[Member]:
    yield Member("ts", ValueType(Kind.INTEGER), lambda rows: map(itemgetter(0), rows))
    if several:
        number = output.rule + 1
        yield Member("rule", ValueType(Kind.INTEGER, 4), lambda rows: repeat(number, len(rows)))
    probes = [probe for probe, _ in output.targets]
    if probes:
        yield Member("probe", _TEXT, lambda rows: [probes[row[2]] for row in rows])


def _member(column: BoundColumn, decoding: Decoding, output: RuleOutput) -> Member:
    type_ = value_type(column, decoding, output)
    if type_.kind is Kind.TEXT:
        return Member(column.name, type_, lambda rows: map(_as_text, column.machine(rows)))
    scaled = column.reading.scaled
    if type_.kind is Kind.MOMENT and scaled is not None:
        return Member(column.name, type_, lambda rows: map(scaled, column.raw(rows)))
    return Member(column.name, type_, column.machine)


def _as_text(value: object) -> object:
    return show_bytes(value) if isinstance(value, bytes) else value


def value_type(column: BoundColumn, decoding: Decoding, output: RuleOutput) -> ValueType:
    """Return the type of what machine outputs carry of a column."""
    shape = column.reading.shape
    if shape in _SHAPES:
        return _SHAPES[shape]
    if shape is Shape.INTEGERS:
        code, count = decoding.arguments
        letter = str(code)
        size = _SIZES[letter.lower()]
        return ValueType(Kind.INTEGERS, size, letter.islower(), count=int(str(count)))
    function, signed = _aggregated(column, output)
    if function:
        return _result_type(function, signed=signed)
    if column.reading.machine is None and column.type.length:
        return _TEXT
    return ValueType(Kind.INTEGER, column.type.size, column.type.code.islower())


def _aggregated(column: BoundColumn, output: RuleOutput) -> tuple[str, bool]:
    """Return which aggregate a column is, and whether of signed numbers; "" for none of them."""
    plan = output.aggregate
    if plan is None or column.slot < len(output.record.fields) - len(plan.order):
        return "", False
    for name, function, _, signed in plan.columns:
        if name == column.name:
            return function, signed
    return "derived", True


def _result_type(function: str, *, signed: bool) -> ValueType:
    match function:
        case "derived":
            return ValueType(Kind.NUMBER, nullable=True)
        case "avg":
            return ValueType(Kind.NUMBER)
        case "stats":
            return ValueType(Kind.STATS, signed=signed)
        case "hist" | "lhist":
            # The bounds of equal steps are signed numbers, whatever is counted between them.
            return ValueType(Kind.HISTOGRAM, signed=signed or function == "lhist")
        case "count" | "distinct":
            return ValueType(Kind.INTEGER)
    return ValueType(Kind.INTEGER, signed=signed, nullable=function == "percentile")
