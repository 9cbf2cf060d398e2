"""Aggregates over recorded events: the same cells and buckets as in the kernel, the same rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from tracelang.decoders.protocol import Decoding
from tracelang.plan.aggregates import AggregateFields
from tracelang.plan.ir import RuleOutput
from tracelang.recording.buckets import linear_bucket, log_linear_bucket, power_bucket
from tracelang.recording.evaluate import Evaluate, compile_expression, wrapper
from tracelang.runtime.aggregates.rows import Group, rows_of
from tracelang.semantic.model import BoundTarget
from tracelang.semantic.types import S64, U64, Text, is_scalar
from tracelang.sinks.protocol import Row

Add = Callable[[Group, int], None]
Alike = Callable[[Decoding | None], Callable[[int], int] | None]
"""For the decoding of a key, which one value stands for all that read the same; None: each."""

_SLOTS: Final = {
    "sum": ("sum",),
    "avg": ("sum",),
    "min": ("min",),
    "max": ("max",),
    "stats": ("sum", "min", "max"),
    "last": ("last",),
}


class Summed:
    """What one rule has counted so far."""

    def __init__(self, fields: AggregateFields) -> None:
        assert fields.output.aggregate is not None
        self.output: RuleOutput = fields.output
        self.reset = fields.output.aggregate.reset
        self.groups: dict[Row, Group] = {}
        self.events = 0

    def rows(self, ts: int) -> list[Row]:
        """Return the rows as they stand; a period that starts afresh is closed by that."""
        rows = rows_of(self.output, self.groups, ts)
        if self.reset:
            self.groups = {}
        return rows


def compile_adding(
    fields: AggregateFields, bound: BoundTarget, alike: Alike
) -> Callable[[Summed, Row], None]:
    """Return the function that works one event of a target into what a rule has counted.

    `alike` says how keys that only their decoder tells apart are put together.
    """
    assert fields.output.aggregate is not None
    keys = [_key(bound, position, type_.length, alike) for position, _, type_ in fields.stored]
    adders: list[tuple[Evaluate, Add]] = []
    for index, ((_, function, parameters, signed), value) in enumerate(
        zip(fields.output.aggregate.columns, bound.values, strict=True)
    ):
        if value is None:
            continue
        wide = wrapper(S64 if signed else U64)
        evaluate = compile_expression(value)
        adders += [
            (lambda row, f=evaluate, w=wide: w(f(row)), add)  # type: ignore[misc]
            for add in _adders(index, function, parameters)
        ]

    def add(summed: Summed, row: Row) -> None:
        key = tuple([k(row) for k in keys])
        group = summed.groups.get(key)
        if group is None:
            group = summed.groups[key] = Group({"n": 0})
        group.cell["n"] += 1
        summed.events += 1
        for evaluate, add_one in adders:
            add_one(group, evaluate(row))

    return add


def _key(bound: BoundTarget, position: int, length: int, alike: Alike) -> Evaluate:
    value = bound.captures[position].value
    evaluate = compile_expression(value)
    same = alike(value.decoding)
    if same is not None:
        return lambda row: same(evaluate(row))
    if isinstance(value.type, Text):
        # As in the kernel's keys: what follows a text is nothing.
        return lambda row: evaluate(row).ljust(length, b"\0")
    if length and is_scalar(value.type):
        return lambda row: evaluate(row).to_bytes(4, "little").rjust(length, b"\0")
    return evaluate


def _adders(index: int, function: str, parameters: tuple[int | str, ...]) -> list[Add]:
    if function in _SLOTS:
        return [_slot(slot, f"{slot}_{index}") for slot in _SLOTS[function]]
    bucket: Callable[[int], int]
    match function:
        case "hist":
            bucket = power_bucket
        case "percentile":
            bucket = log_linear_bucket
        case "lhist":
            low, high, step = (int(p) for p in parameters)

            def bucket(value: int) -> int:
                return linear_bucket(value, low, high, step)

        case _:
            bucket = wrapper(S64)
    return [_bucket(index, bucket)]


def _slot(kind: str, name: str) -> Add:
    def add_sum(group: Group, value: int) -> None:
        group.cell[name] = group.cell.get(name, 0) + value

    def keep_least(group: Group, value: int) -> None:
        group.cell[name] = min(group.cell.get(name, value), value)

    def keep_most(group: Group, value: int) -> None:
        group.cell[name] = max(group.cell.get(name, value), value)

    def keep_last(group: Group, value: int) -> None:
        group.cell[name] = value

    return {"sum": add_sum, "min": keep_least, "max": keep_most, "last": keep_last}[kind]


def _bucket(index: int, number: Callable[[int], int]) -> Add:
    def count(group: Group, value: Any) -> None:
        buckets = group.buckets.setdefault(index, {})
        place = number(value)
        buckets[place] = buckets.get(place, 0) + 1

    return count
