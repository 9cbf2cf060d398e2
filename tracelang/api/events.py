"""Events as objects: a class for each rule, with the rule's columns as attributes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from tracelang.api.values import ValueColumn
from tracelang.plan.ir import RuleOutput
from tracelang.sinks.protocol import Row


class Event:
    """One event, or one row of an aggregate.

    Each column is an attribute; where what a person reads differs, it is beside it under
    `NAME_text`. `event["name"]` reaches columns whose names are no Python names. Like a named
    tuple, an event unpacks to its columns in order, has `_fields` and `_asdict()`, and can be
    matched.
    """

    __slots__ = ("_row", "_values")

    _fields: ClassVar[tuple[str, ...]] = ()
    """The names of the columns, in order."""
    _probes: ClassVar[tuple[str, ...]] = ()
    _columns: ClassVar[tuple[ValueColumn, ...]] = ()
    _summary: ClassVar[bool] = False
    """Whether it is a row of an aggregate."""
    rule: ClassVar[int] = 1
    """The rule of the script it comes from, counted from 1."""

    _row: Row
    _values: tuple[Any, ...]

    def __init__(self, row: Row, values: tuple[Any, ...]) -> None:
        self._row = row
        self._values = values

    @property
    def ts(self) -> int:
        """When it happened, in monotonic nanoseconds."""
        return int(self._row[0])

    @property
    def probe(self) -> str:
        """The probe that fired; empty for a row of an aggregate."""
        return self._probes[self._row[2]] if self._probes else ""

    def _asdict(self) -> dict[str, Any]:
        """Return the columns by name."""
        return dict(zip(self._fields, self._values, strict=True))

    def _astext(self) -> dict[str, str]:
        """Return the columns by name, each as a person reads it."""
        return {c.name: c.text(self._row[c.slot]) for c in self._columns}

    def __getattr__(self, name: str) -> Any:
        has = ", ".join(self._fields)
        message = f"{type(self).__name__} has no column `{name}`; it has: {has}"
        raise AttributeError(message, name=name, obj=self)

    def __getitem__(self, name: str) -> Any:
        if name in self._fields:
            return self._values[self._fields.index(name)]
        for column in self._columns:
            if column.differs and name == f"{column.name}_text":
                return column.text(self._row[column.slot])
        raise KeyError(name)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Event):
            return NotImplemented
        return (self._fields, self._row) == (other._fields, other._row)

    def __hash__(self) -> int:
        return hash(self._row)

    def __repr__(self) -> str:
        shown = ", ".join(f"{n}={v!r}" for n, v in zip(self._fields, self._values, strict=True))
        return f"{type(self).__name__}({shown})"


class EventMaker:
    """Makes events of one rule from its rows. `type` is the class it makes."""

    def __init__(self, output: RuleOutput, columns: Sequence[ValueColumn]) -> None:
        self._columns = columns
        self.type = _event_class(output, columns)

    def make(self, rows: Sequence[Row]) -> list[Event]:
        """Return an event for each row."""
        columns = [column.values(rows) for column in self._columns]
        return list(map(self.type, rows, zip(*columns, strict=True)))

    def make_seen(self, rows: Sequence[Row]) -> list[Event]:
        """Return an event for each row; what is cut in them is counted elsewhere."""
        columns = [column.seen_values(rows) for column in self._columns]
        return list(map(self.type, rows, zip(*columns, strict=True)))


def _event_class(output: RuleOutput, columns: Sequence[ValueColumn]) -> type[Event]:
    names = tuple(column.name for column in columns)
    namespace: dict[str, Any] = {f"{c.name}_text": _text_of(c) for c in columns if c.differs}
    for index, column in enumerate(columns):
        # A name of the class itself that is no column's to have is still reached by `[]`.
        if not column.name.startswith("_"):
            namespace[column.name] = _attribute(index, column.name)
    namespace |= {
        "__slots__": (),
        "__doc__": f"One event of rule {output.rule + 1}: {', '.join(names)}.",
        "__module__": "tracelang",
        "__match_args__": names,
        "_fields": names,
        "_columns": tuple(columns),
        "_summary": output.aggregate is not None,
        "_probes": tuple(probe for probe, _ in output.targets),
    }
    if "rule" not in names:
        namespace["rule"] = output.rule + 1
    return type(_class_name(output), (Event,), namespace)


def _attribute(index: int, name: str) -> property:
    return property(lambda self: self._values[index], doc=f"The column `{name}`.")


def _text_of(column: ValueColumn) -> property:
    text, slot = column.text, column.slot
    return property(lambda self: text(self._row[slot]), doc="The same, as a person reads it.")


def _class_name(output: RuleOutput) -> str:
    """Return the name of what fires, where it can be a class's name."""
    name = output.targets[0][1] if output.targets and output.aggregate is None else ""
    return name if name.isidentifier() else "Row" if output.aggregate is not None else "Event"
