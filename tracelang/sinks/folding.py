"""Folding: rows that have stacks as whole stacks with a weight, for flame graphs.

A row's words come first (the keys of an aggregate, the texts of an event), then the calls of the
process and those of the kernel, the outermost first. An event weighs 1, a row of an aggregate what
its first column says.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import Enum
from typing import Any, Final

from tracelang.dataclass import dataclass
from tracelang.decoders.frames import Frames, fold_text
from tracelang.decoders.protocol import Shape
from tracelang.diagnostics import fail
from tracelang.plan.ir import RuleOutput
from tracelang.sinks.columns import BoundColumn, bind_output
from tracelang.sinks.protocol import Row, SinkSetup

_WEIGHTS: Final = frozenset({"count", "sum", "max", "min", "last", "distinct", "avg"})


class Part(Enum):
    """What one level of a flame graph is."""

    KEY = "key"
    USER = "user"
    KERNEL = "kernel"


@dataclass(frozen=True, slots=True)
class Level:
    """One level of a folded stack."""

    name: str
    module: str
    part: Part


Path = tuple[Level, ...]
"""A folded stack, outermost first."""


class Folding:
    """Adds up the rows of a run by their stacks; raises U303, U304 where there is nothing to add.

    `unit` is what the weights are: events or samples, a `duration` (nanoseconds), a `size` (bytes),
    or the name of the column they come from.
    """

    def __init__(self, setup: SinkSetup, output: str) -> None:
        self._rules = {o.rule: _FoldedRule(o, setup, output) for o in setup.outputs}
        units = dict.fromkeys(rule.unit for rule in self._rules.values())
        self.unit = ", ".join(units)
        self._weights: dict[int, dict[Row, int]] = {rule: {} for rule in self._rules}

    def add(self, rule: int, rows: Sequence[Row]) -> None:
        """Take in the rows of a rule; those of an aggregate that carries on replace the last."""
        folded = self._rules[rule]
        weights = {} if folded.replaces else self._weights[rule]
        for row in rows:
            key, weight = folded.key(row), folded.weight(row)
            if weight > 0:
                weights[key] = weights.get(key, 0) + weight
        self._weights[rule] = weights

    def stacks(self) -> dict[Path, int]:
        """Return every stack with its weight, all rules together."""
        total: dict[Path, int] = {}
        for rule, weights in self._weights.items():
            for key, weight in weights.items():
                if path := self._rules[rule].path(key):
                    total[path] = total.get(path, 0) + weight
        return total


class _FoldedRule:
    """How the rows of one rule become stacks.

    They are added up by the raw values that make a stack: names are for the end, once for each.
    """

    def __init__(self, output: RuleOutput, setup: SinkSetup, name: str) -> None:
        columns = bind_output(output, setup)
        summed = output.aggregate
        keys = columns[: len(columns) - len(summed.order)] if summed is not None else columns
        stacks = [column for column in keys if column.reading.frames is not None]
        if not stacks:
            raise fail(
                "U303",
                f"`-o {name}` shows call stacks, and rule {output.rule + 1} takes none",
                help=["add one: `aggregate count() by comm, ustack`, `capture comm, kstack`"],
            )
        # The kernel works for the process: its calls are the inner ones.
        stacks.sort(key=lambda column: column.decoder.name != "ustack")
        words = [column for column in keys if column.reading.frames is None]
        texts = (Shape.TEXT, Shape.MAYBE_TEXT)
        words = [c for c in words if summed is not None or c.reading.shape in texts]
        self._columns = (*words, *stacks)
        self._weight = _weight_column(output, columns, name) if summed is not None else None
        self.unit = _unit(output, self._weight)
        self.replaces = summed is not None and summed.every is not None and not summed.reset

    def key(self, row: Row) -> Row:
        return tuple([row[column.slot] for column in self._columns])

    def path(self, key: Row) -> Path:
        return tuple(self._levels(key))

    def _levels(self, key: Row) -> Iterator[Level]:
        for column, raw in zip(self._columns, key, strict=True):
            if column.reading.frames is None:
                yield Level(fold_text(column.reading.text(raw)), "", Part.KEY)
            else:
                yield from _calls(column.reading.frames(raw))

    def weight(self, row: Row) -> int:
        if self._weight is None:
            return 1
        value: Any = row[self._weight.slot]
        return round(value) if value is not None else 0


def _unit(output: RuleOutput, weight: BoundColumn | None) -> str:
    samples = all(probe.startswith("profile:") for probe, _ in output.targets)
    if weight is None or weight.name == "count":
        return "samples" if samples else "events"
    return weight.decoder.name if weight.decoder.name in ("duration", "size") else weight.name


def _calls(frames: Frames) -> Iterator[Level]:
    for frame in reversed(frames):
        part = Part.KERNEL if frame.is_kernel else Part.USER
        yield Level(fold_text(frame.label), frame.module, part)


def _weight_column(output: RuleOutput, columns: Sequence[BoundColumn], name: str) -> BoundColumn:
    """Return the first column of an aggregate; it must be a number."""
    assert output.aggregate is not None
    first = output.aggregate.order[0]
    functions = {column: function for column, function, *_ in output.aggregate.columns}
    if functions.get(first, "count") not in _WEIGHTS:
        raise fail(
            "U304",
            f"`-o {name}` weighs stacks by the first aggregate, and `{first}` is not one number",
            help=["put a number first: `count()`, `sum(duration)`"],
        )
    return next(c for c in columns[len(columns) - len(output.aggregate.order) :] if c.name == first)
