"""Aggregates as mappings from what stands after `by` to what was summed up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Self

from tracelang.api.events import Event
from tracelang.plan.ir import RuleOutput


class Aggregate(Mapping[Any, Any]):
    """The rows of one aggregate rule, in the order they are shown.

    A key is the value after `by`, a tuple where there are several, `()` where there is none. A
    value is what was asked for, or the whole row, with attributes, where that is several things.
    `rows` are all columns; `value` is the value where there is no `by`.
    """

    __slots__ = ("_items", "keys_count", "rows", "sample")

    def __init__(
        self, rows: Sequence[Event], keys: int, sample: tuple[int, int] | None = None
    ) -> None:
        self.rows = tuple(rows)
        self.sample = sample
        """(N, M) where only N of each M events were counted, else None."""
        self.keys_count = keys
        """How many of the columns are the key."""
        self._items = {self._key(row): self._value(row) for row in self.rows}

    @classmethod
    def of(cls, output: RuleOutput, rows: Sequence[Event]) -> Self:
        """Return the rows of a rule that aggregates."""
        assert output.aggregate is not None
        keys = len(output.columns) - len(output.aggregate.order)
        return cls(rows, keys, output.aggregate.sample)

    @property
    def value(self) -> Any:
        """The one value of an aggregate without `by`, None if there was no event."""
        if self.keys_count:
            raise TypeError("this aggregate has a `by`: look its values up by key")
        return self._items.get(())

    def _key(self, row: Event) -> Any:
        values = tuple(row)[: self.keys_count]
        return values[0] if len(values) == 1 else values

    def _value(self, row: Event) -> Any:
        values = tuple(row)[self.keys_count :]
        return values[0] if len(values) == 1 else row

    def __getitem__(self, key: Any) -> Any:
        return self._items[key]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def html(self) -> str:
        """Return the rows as HTML, a table and charts, to stand in a page that has the style."""
        from tracelang.api.views import aggregate_html  # only notebooks need it

        return aggregate_html(self.rows, self.keys_count, self.sample)

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        from tracelang.html.style import wrap

        return wrap(self.html())

    def __repr__(self) -> str:
        return f"Aggregate({self._items!r})"
