"""Results of aggregates that are more than a number."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, overload

from tracelang.decoders.aggregates import histogram_lines


class Bucket(NamedTuple):
    """A histogram's events with `low <= value < above`; None where there is no bound."""

    low: int | None
    above: int | None
    count: int  # type: ignore[assignment] # hides the method of tuples


class Stats(NamedTuple):
    """What `stats(x)` gives."""

    count: int  # type: ignore[assignment] # hides the method of tuples
    avg: float
    min: int
    max: int
    sum: int


class Histogram(Sequence[Bucket]):
    """Buckets in ascending order, without gaps: `for low, above, count in histogram`.

    As text it is what the command shows.
    """

    __slots__ = ("_buckets",)

    def __init__(self, buckets: Iterable[Iterable[int | None]]) -> None:
        self._buckets = tuple(Bucket(*bucket) for bucket in buckets)  # type: ignore[arg-type]

    @property
    def total(self) -> int:
        """How many events there are in all buckets together."""
        return sum(bucket.count for bucket in self._buckets)

    @overload
    def __getitem__(self, index: int) -> Bucket: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Bucket, ...]: ...
    def __getitem__(self, index: int | slice) -> Bucket | tuple[Bucket, ...]:
        return self._buckets[index]

    def __len__(self) -> int:
        return len(self._buckets)

    def __iter__(self) -> Iterator[Bucket]:
        return iter(self._buckets)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Histogram) and self._buckets == other._buckets

    def __hash__(self) -> int:
        return hash(self._buckets)

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        from tracelang.html.histograms import bars
        from tracelang.html.style import wrap

        return wrap(bars(self._buckets))

    def __repr__(self) -> str:
        events = f"{self.total:,} event{'s' * (self.total != 1)}"
        return f"<Histogram of {events} in {len(self)} bucket{'s' * (len(self) != 1)}>"

    def __str__(self) -> str:
        return "\n".join(histogram_lines(self._buckets))
