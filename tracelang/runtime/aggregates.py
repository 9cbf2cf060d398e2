"""Aggregates: reading what programs keep on each CPU, and putting it together as rows."""

from __future__ import annotations

import math
import operator
import struct
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from tracelang.plan.ir import AggregatePlan, BucketMap, Plan, RuleOutput
from tracelang.runtime.barrier import wait_for_programs
from tracelang.runtime.maps import BpfMap

if TYPE_CHECKING:  # few scripts need these
    from fractions import Fraction

    from tracelang.symbols.stacks import StackTable

Row = tuple[Any, ...]
Buckets = tuple[tuple[int | None, int | None, int], ...]
"""A histogram: (lowest, first above, events) of each bucket; None for no bound."""


def _exact_or_fraction(dividend: float, divisor: float) -> float:
    """Divide; whole results of integers stay exact whatever their size."""
    both = isinstance(dividend, int) and isinstance(divisor, int)
    return dividend // divisor if both and not dividend % divisor else dividend / divisor


def _remainder(dividend: float, divisor: float) -> float:
    """Return what division towards zero leaves, as in the kernel: it has the dividend's sign."""
    rest = abs(dividend) % abs(divisor)
    return -rest if dividend < 0 else rest


_ARITHMETIC: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": _exact_or_fraction,
    "%": _remainder,
}
_NEVER: Final = 1 << 63


@dataclass(slots=True)
class Group:
    """One key's numbers, all CPUs together."""

    cell: dict[str, int] = field(default_factory=dict)
    buckets: dict[int, dict[int, int]] = field(default_factory=dict)


class AggregateReader:
    """Reads the aggregates of one rule."""

    def __init__(
        self, output: RuleOutput, maps: Mapping[str, BpfMap], stacks: StackTable | None = None
    ) -> None:
        assert output.aggregate is not None
        self._output = output
        self._plan: AggregatePlan = output.aggregate
        self._maps = maps
        self._stacks = stacks
        self._epoch = 0
        self.every = self._plan.every
        self.reset = self._plan.reset
        self.events = 0
        """How many events were summarised, as far as they were read."""
        codes = "".join(f.type.code for f in self._plan.cell.fields)
        self._cell = struct.Struct(f"={codes}")
        self._key = struct.Struct(_layout(self._plan)) if self._plan.key is not None else None

    def read(self) -> list[Row]:
        """Return the rows as they stand, sorted; a period that starts afresh is closed first."""
        epoch = self._close_period() if self._plan.reset else None
        groups = self._collect(epoch)
        read = sum(group.cell["n"] for group in groups.values())
        self.events = self.events + read if self._plan.reset else read
        return rows_of(self._output, groups, time.monotonic_ns())

    def _close_period(self) -> int:
        """Let programs count under the next number; return the one that is now at rest."""
        closed = self._epoch
        self._epoch = (closed + 1) & 0xFFFFFFFF
        key = struct.pack("=I", self._output.rule)
        self._maps["epochs"].update(key, struct.pack("=I", self._epoch))
        wait_for_programs()
        return closed

    # --- Reading ----------------------------------------------------------------------------------

    def _collect(self, epoch: int | None) -> dict[Row, Group]:
        groups: dict[Row, Group] = {}
        cells = self._maps[self._plan.cells]
        done = []
        for raw, values in _entries(cells):
            key = self._key_of(raw, epoch)
            if key is None:
                continue
            done.append(raw)
            self._merge(groups.setdefault(key, Group()), values, cells)
        self._forget(cells, done, epoch)
        for bucket_map in self._plan.buckets:
            self._collect_buckets(bucket_map, groups, epoch)
        return {key: group for key, group in groups.items() if group.cell.get("n")}

    def _key_of(self, raw: bytes, epoch: int | None) -> Row | None:
        """Return a key's values, None for one of another period."""
        if self._key is None:
            return ()
        values = self._key.unpack_from(raw)
        if epoch is None:
            return self._alike(values)
        return self._alike(values[1:]) if values[0] == epoch else None

    def _alike(self, values: Row) -> Row:
        """Return a key with stacks that read the same under one number."""
        if self._stacks is None or not self._plan.stacks:
            return values
        alike = list(values)
        for index in self._plan.stacks:
            alike[index] = self._stacks.canonical(values[index])
        return tuple(alike)

    def _merge(self, group: Group, values: bytes, cells: BpfMap) -> None:
        """Put the CPUs' cells together."""
        stride = (cells.definition.value_size + 7) // 8 * 8
        names = [f.name for f in self._plan.cell.fields]
        latest = dict.fromkeys(names, -1)
        for start in range(0, len(values), stride):
            cell = _join_sums(dict(zip(names, self._cell.unpack_from(values, start), strict=True)))
            if not cell["n"]:
                continue
            for name, number in cell.items():
                _merge_slot(group.cell, name, number, cell, latest)

    def _collect_buckets(
        self, bucket_map: BucketMap, groups: dict[Row, Group], epoch: int | None
    ) -> None:
        counts = self._maps[bucket_map.name]
        done = []
        for raw, values in _entries(counts):
            total = sum(struct.unpack(f"={len(values) // 8}Q", values))
            if not total:
                continue
            if bucket_map.keyed:
                key = self._key_of(raw, epoch)
                (number,) = struct.unpack_from("=q", raw, len(raw) - 8)
            else:
                key, number = (), struct.unpack("=I", raw)[0] - bucket_map.bias
            if key is None:
                continue
            done.append(raw)
            group = groups.setdefault(key, Group())
            buckets = group.buckets.setdefault(bucket_map.column, {})
            buckets[number] = buckets.get(number, 0) + total
        if bucket_map.keyed:
            self._forget(counts, done, epoch)

    @staticmethod
    def _forget(map_: BpfMap, keys: list[bytes], epoch: int | None) -> None:
        """Remove what belongs to a closed period: nobody adds to it any more."""
        if epoch is not None:
            for key in keys:
                map_.delete(key)


# --- Rows -----------------------------------------------------------------------------------------


def rows_of(output: RuleOutput, groups: Mapping[Row, Group], ts: int) -> list[Row]:
    """Return the rows of an aggregate as read at `ts`, sorted and no more than are wanted."""
    plan = output.aggregate
    assert plan is not None
    # Equal rows keep the order of their keys: a hash has none.
    rows = [(ts, output.rule, 0, *key, *_results(plan, groups[key])) for key in sorted(groups)]
    index = plan.order.index(plan.by) if plan.by is not None else 0
    rows.sort(key=lambda row: _weight(row[len(row) - len(plan.order) + index]), reverse=True)
    return rows[: plan.top] if plan.top is not None else rows


def _results(plan: AggregatePlan, group: Group) -> Row:
    """Return what is shown of a group, in order."""
    results: dict[str, Any] = {}
    for index, (name, function, parameters, _) in enumerate(plan.columns):
        buckets = group.buckets.get(index, {})
        results[name] = _result(function, parameters, index, group.cell, buckets)
    for name, formula in plan.derived:
        results[name] = evaluate(formula, results)
    return tuple(results[name] for name in plan.order)


def _layout(plan: AggregatePlan) -> str:
    """Return the struct format of a key, paddings included."""
    assert plan.key is not None
    text, end = "=", 0
    for item in plan.key.fields:
        if item.offset > end:
            text += f"{item.offset - end}x"
        text += item.type.code
        end = item.offset + item.type.size
    return text


def _entries(map_: BpfMap) -> Iterator[tuple[bytes, bytes]]:
    yield from map_.items()


def _join_sums(cell: dict[str, int]) -> dict[str, int]:
    """Put the halves of each sum together."""
    for name in [name for name in cell if name.startswith("high_")]:
        cell["sum_" + name.removeprefix("high_")] += cell.pop(name) << 64
    return cell


def _merge_slot(
    into: dict[str, int], name: str, number: int, cell: dict[str, int], latest: dict[str, int]
) -> None:
    kind = name.partition("_")[0]
    if kind == "min":
        into[name] = min(into.get(name, number), number)
    elif kind == "max":
        into[name] = max(into.get(name, number), number)
    elif kind == "last":
        at = cell["at_" + name.partition("_")[2]]
        if at > latest[name]:
            into[name], latest[name] = number, at
    elif kind != "at":
        into[name] = into.get(name, 0) + number


def _result(
    function: str,
    parameters: tuple[int | str, ...],
    index: int,
    cell: dict[str, int],
    buckets: dict[int, int],
) -> Any:
    match function:
        case "count":
            return cell["n"]
        case "sum" | "min" | "max" | "last":
            return cell[f"{function}_{index}"]
        case "avg":
            return _exact_or_fraction(cell[f"sum_{index}"], cell["n"])
        case "stats":
            average = _exact_or_fraction(cell[f"sum_{index}"], cell["n"])
            low, high = cell[f"min_{index}"], cell[f"max_{index}"]
            return {
                "count": cell["n"],
                "avg": average,
                "min": low,
                "max": high,
                "sum": cell[f"sum_{index}"],
            }
        case "distinct":
            return len(buckets)
        case "percentile":
            return _percentile(buckets, str(parameters[0]))
        case "lhist":
            low, high, step = (int(p) for p in parameters)
            return linear_buckets(buckets, low, high, step)
    return power_buckets(buckets)


def _weight(value: Any) -> int | float:
    """Return what a row is sorted by: a histogram counts as its events."""
    if isinstance(value, tuple):
        return sum(int(bucket[2]) for bucket in value)
    if isinstance(value, dict):
        return int(value["count"])
    return value if isinstance(value, int | float) else -math.inf


def evaluate(formula: tuple[Any, ...], values: Mapping[str, Any]) -> Any:
    """Return a derived column's value; None where it divides by zero."""
    match formula:
        case ("number", number):
            return number
        case ("name", name):
            return values[name]
        case (symbol, left, right):
            a, b = evaluate(left, values), evaluate(right, values)
            if a is None or b is None or (symbol in ("/", "%") and b == 0):
                return None
            return _ARITHMETIC[symbol](a, b)
    raise AssertionError(formula)


# --- Buckets --------------------------------------------------------------------------------------


def power_buckets(counts: Mapping[int, int]) -> Buckets:
    """Return a histogram by powers of two, empty buckets between the first and last included."""
    if not counts:
        return ()
    rows: list[tuple[int | None, int | None, int]] = []
    for number in range(min(counts), max(counts) + 1):
        if number < 0:
            low, above = None, 0
        elif number == 0:
            low, above = 0, 1
        else:
            low, above = 1 << (number - 1), 1 << number
        rows.append((low, above, counts.get(number, 0)))
    return tuple(rows)


def linear_buckets(counts: Mapping[int, int], low: int, high: int, step: int) -> Buckets:
    """Return a histogram by steps; what lies below and above has rows of its own."""
    if not counts:
        return ()
    last = (high - low) // step
    rows: list[tuple[int | None, int | None, int]] = []
    for number in range(min(counts), max(counts) + 1):
        start = None if number < 0 else low + number * step
        end = None if number == last else low + (number + 1) * step
        rows.append((start, end, counts.get(number, 0)))
    return tuple(rows)


def _percentile(buckets: Mapping[int, int], rank: str) -> int | None:
    from fractions import Fraction  # late: few scripts ask for percentiles

    return percentile(buckets, Fraction(rank))


def percentile(counts: Mapping[int, int], rank: Fraction) -> int | None:
    """Return the value that `rank` percent of the events do not exceed, within 3 percent.

    A `rank` of 99.9 must be exactly that: rounded up, it would ask for one event more of 1,000.
    """
    total = sum(counts.values())
    wanted = max(1, math.ceil(total * rank / 100))
    for number in sorted(counts, key=_log_linear_middle):
        wanted -= counts[number]
        if wanted <= 0:
            return _log_linear_middle(number)
    return None


def _log_linear_middle(number: int) -> int:
    """Return the middle of a log-linear bucket."""
    if number < 0:
        return -_log_linear_middle(-1 - number)
    if number < 32:
        return number
    bit, part = number // 32 + 4, number % 32
    width = 1 << (bit - 5)
    return ((32 + part) << (bit - 5)) + width // 2


# --- A whole script -------------------------------------------------------------------------------

_BUCKETS_PER_KEY: Final = 8
"""Hash entries for buckets, for each key a run has room for."""


def aggregate_sizes(plan: Plan, keys: int) -> dict[str, int]:
    """Return the entries of the hashes of a script's aggregates, for so many keys each.

    Where periods start afresh there is room for two: the next one fills while one is being read.
    """
    sizes = {}
    for output in plan.outputs:
        if output.aggregate is None:
            continue
        room = keys * 2 if output.aggregate.reset else keys
        if output.aggregate.key is not None:
            sizes[output.aggregate.cells] = room
        for bucket in output.aggregate.buckets:
            if bucket.keyed:
                sizes[bucket.name] = room * _BUCKETS_PER_KEY
    return sizes


class Aggregates:
    """The aggregates of all rules, and when each is shown next."""

    def __init__(
        self, plan: Plan, maps: Mapping[str, BpfMap], stacks: StackTable | None = None
    ) -> None:
        summed = [output for output in plan.outputs if output.aggregate is not None]
        self._readers = [AggregateReader(output, maps, stacks) for output in summed]
        now = time.monotonic_ns()
        self._due = [now + r.every if r.every is not None else _NEVER for r in self._readers]

    @property
    def events(self) -> int:
        """How many events were summarised so far, as far as they were read."""
        return sum(reader.events for reader in self._readers)

    def next_due(self) -> int:
        """Return when the next one is due, in monotonic nanoseconds."""
        return min(self._due, default=_NEVER)

    def due(self) -> Iterator[list[Row]]:
        """Yield the rows of each aggregate whose period has ended."""
        now = time.monotonic_ns()
        for index, reader in enumerate(self._readers):
            if now >= self._due[index] and reader.every is not None:
                self._due[index] += reader.every * ((now - self._due[index]) // reader.every + 1)
                yield reader.read()

    def standing(self) -> Iterator[list[Row]]:
        """Yield the rows of each aggregate that does not start afresh, as they stand now."""
        for reader in self._readers:
            if not reader.reset:
                yield reader.read()

    def last(self) -> Iterator[list[Row]]:
        """Yield the rows of each aggregate as they stand at the end."""
        for reader in self._readers:
            yield reader.read()
