"""Reading what programs keep of an aggregate, and putting all CPUs together."""

from __future__ import annotations

import struct
import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from tracelang.plan.ir import AggregatePlan, BucketMap, RuleOutput
from tracelang.runtime.aggregates.rows import Group, Row, rows_of
from tracelang.runtime.barrier import wait_for_programs
from tracelang.runtime.maps import BpfMap

if TYPE_CHECKING:  # few scripts need it
    from tracelang.symbols.stacks import StackTable


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

    def _collect(self, epoch: int | None) -> dict[Row, Group]:
        groups: dict[Row, Group] = {}
        cells = self._maps[self._plan.cells]
        done = []
        for raw, values in cells.items():
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
        for raw, values in counts.items():
            events = struct.unpack(f"={len(values) // 8}Q", values)
            key = self._key_of(raw, epoch) if bucket_map.keyed else ()
            if key is None or not any(events):  # an array has all its buckets from the start
                continue
            done.append(raw)
            buckets = groups.setdefault(key, Group()).buckets.setdefault(bucket_map.column, {})
            for number, total in _buckets_of(bucket_map, raw, events):
                buckets[number] = buckets.get(number, 0) + total
        if bucket_map.keyed:
            self._forget(counts, done, epoch)

    @staticmethod
    def _forget(map_: BpfMap, keys: list[bytes], epoch: int | None) -> None:
        """Remove what belongs to a closed period: nobody adds to it any more."""
        if epoch is not None:
            for key in keys:
                map_.delete(key)


def _buckets_of(
    bucket_map: BucketMap, raw: bytes, counts: tuple[int, ...]
) -> Iterator[tuple[int, int]]:
    """Yield each bucket of one entry that has events, and how many, all CPUs together."""
    if not bucket_map.keyed:
        number, together = struct.unpack("=I", raw)[0] - bucket_map.bias, 1
    else:
        together = bucket_map.together
        number = struct.unpack_from("=q", raw, len(raw) - 8)[0] * together
    for place in range(together):
        if total := sum(counts[place::together]):
            yield number + place, total


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
