"""Numbers and what they are measured against, as tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median


@dataclass(slots=True)
class Series:
    """One quantity of one tracer, measured several times."""

    values: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        """The middle value."""
        return median(self.values) if self.values else float("nan")

    def show(self, unit: str) -> str:
        """Return the median and the spread."""
        if not self.values:
            return "—"
        low, high = min(self.values), max(self.values)
        return f"{self.median:,.3g} {unit} ({low:,.3g} to {high:,.3g})"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table of targets."""

    what: str
    ours: str
    theirs: str
    measured: float
    limit: float
    meaning: str

    @property
    def verdict(self) -> str:
        """Whether the target is reached."""
        return "yes" if self.measured <= self.limit else "**no**"


@dataclass(slots=True)
class Section:
    """What one benchmark found: rows against targets, tables of growth, and its commands."""

    title: str
    commands: list[str] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Table:
    """How something grows: a row for each step; each column's first value names the step."""

    title: str
    head: tuple[str, ...]
    rows: Sequence[tuple[float, ...]]


def alternate(times: int, measures: dict[str, Callable[[], float]]) -> dict[str, Series]:
    """Take each measure in turn, `times` times: what disturbs the machine disturbs all alike."""
    series = {name: Series() for name in measures}
    for _ in range(times):
        for name, measure in measures.items():
            series[name].values.append(measure())
    return series
