"""The aggregates of all rules of a script: what room they need, and when each is shown."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from tracelang.plan.ir import BucketMap, Plan, RuleOutput
from tracelang.runtime.maps import BpfMap

if TYPE_CHECKING:
    from tracelang.runtime.aggregates.reading import AggregateReader
    from tracelang.symbols.stacks import StackTable

Row = tuple[Any, ...]

_NEVER: Final = 1 << 63
_VALUES_PER_KEY: Final = 8
"""Distinct values for each key a run has room for."""
_MEMORY_PER_KEY: Final = 32 << 10
"""Bytes that buckets may take for each key, all CPUs together: room is made for them beforehand."""


def aggregate_sizes(plan: Plan, keys: int, cpus: int) -> dict[str, int]:
    """Return the entries of the hashes of a script's aggregates, for so many keys each.

    Where periods start afresh there is room for two: the next one fills while one is being read.
    An entry of buckets holds most of what a key has, and there are half as many again, but on
    machines of very many CPUs.
    """
    sizes = {}
    for output in plan.outputs:
        if output.aggregate is None:
            continue
        room = keys * 2 if output.aggregate.reset else keys
        if output.aggregate.key is not None and not output.aggregate.places:
            sizes[output.aggregate.cells] = room
        for bucket in output.aggregate.buckets:
            if bucket.keyed:
                sizes[bucket.name] = _entries(bucket, room, cpus)
    return sizes


def _entries(bucket: BucketMap, keys: int, cpus: int) -> int:
    if bucket.together == 1:
        return keys * _VALUES_PER_KEY
    each = bucket.together * 8 * cpus
    return max(1, min(keys * 3 // 2, keys * _MEMORY_PER_KEY // each))


class Aggregates:
    """The aggregates of all rules, and when each is shown next."""

    def __init__(
        self, plan: Plan, maps: Mapping[str, BpfMap], stacks: StackTable | None = None
    ) -> None:
        summed = [output for output in plan.outputs if output.aggregate is not None]
        self._readers = _make_readers(summed, maps, stacks) if summed else []
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


def _make_readers(
    summed: Sequence[RuleOutput], maps: Mapping[str, BpfMap], stacks: StackTable | None
) -> list[AggregateReader]:
    from tracelang.runtime.aggregates.reading import AggregateReader  # late: not all sum up

    return [AggregateReader(output, maps, stacks) for output in summed]
