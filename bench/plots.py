"""A table as a picture: its second column over the first, whose steps are of one factor.

What grows tenfold or more is drawn on a logarithmic scale, which is then said. All else begins at
zero, so that a line which hardly rises looks like one.
"""

from __future__ import annotations

from collections.abc import Callable
from math import log10
from typing import Final
from xml.sax.saxutils import escape

from bench.results import Table

_WIDTH, _HEIGHT, _MARGIN = 480, 280, 56
_TOP, _BOTTOM = 52, _HEIGHT - _MARGIN - 4
_GROWS: Final = 10


def draw(table: Table) -> str:
    """Return the picture as SVG."""
    points = [(max(row[0], 1e-9), max(row[1], 1e-9)) for row in table.rows]
    across = _Scale([x for x, _ in points], _MARGIN, _WIDTH - _MARGIN, log10)
    values = [y for _, y in points]
    grows = max(values) >= _GROWS * min(values)
    lowest = min(values) if grows else 0.0
    up = _Scale([lowest, max(values)], _BOTTOM, _TOP, log10 if grows else float)
    title = f"{table.head[1]}, logarithmic" if grows else table.head[1]
    lines = "".join(
        f'<path d="M{_MARGIN - 16},{y}H{_WIDTH - _MARGIN + 16}" stroke="#dde"/>'
        for y in (_BOTTOM, (_BOTTOM + _TOP) // 2, _TOP)
    )
    path = " ".join(f"{across.at(x):.0f},{up.at(y):.0f}" for x, y in points)
    dots = "".join(
        f'<circle cx="{across.at(x):.0f}" cy="{up.at(y):.0f}" r="4"/>'
        f'<text x="{across.at(x):.0f}" y="{up.at(y) - 10:.0f}">{y:,.3g}</text>'
        f'<text x="{across.at(x):.0f}" y="{_HEIGHT - 36}">{x:,.0f}</text>'
        for x, y in points
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}"'
        ' font-family="sans-serif" font-size="12" text-anchor="middle" fill="#357">'
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="white"/>'
        f'<text x="{_WIDTH / 2}" y="18" font-size="14">{escape(title)}</text>{lines}'
        f'<text x="{_WIDTH / 2}" y="{_HEIGHT - 12}">{escape(table.head[0])}</text>'
        f'<polyline points="{path}" fill="none" stroke="#357" stroke-width="2"/>{dots}</svg>\n'
    )


class _Scale:
    """From values to places between two ends, in proportion to what `measure` makes of them."""

    def __init__(
        self, values: list[float], start: float, end: float, measure: Callable[[float], float]
    ) -> None:
        self._measure = measure
        self._low, high = measure(min(values)), measure(max(values))
        self._start, self._size = start, (end - start) / ((high - self._low) or 1)

    def at(self, value: float) -> float:
        """Return the place of a value."""
        return self._start + (self._measure(value) - self._low) * self._size
