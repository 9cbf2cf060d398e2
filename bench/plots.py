"""A table as a picture: its second column over the first, both on logarithmic scales."""

from __future__ import annotations

from math import log10
from xml.sax.saxutils import escape

from bench.results import Table

_WIDTH, _HEIGHT, _MARGIN = 480, 280, 56


def draw(table: Table) -> str:
    """Return the picture as SVG."""
    points = [(max(row[0], 1e-9), max(row[1], 1e-9)) for row in table.rows]
    across = _Scale([x for x, _ in points], _MARGIN, _WIDTH - 16)
    up = _Scale([y for _, y in points] + [points[0][1] * 2], _HEIGHT - _MARGIN, 32)
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
        f'<text x="{_WIDTH / 2}" y="18" font-size="14">{escape(table.head[1])}</text>'
        f'<text x="{_WIDTH / 2}" y="{_HEIGHT - 12}">{escape(table.head[0])}</text>'
        f'<polyline points="{path}" fill="none" stroke="#357" stroke-width="2"/>{dots}</svg>\n'
    )


class _Scale:
    """From values to places between two ends, by their logarithms."""

    def __init__(self, values: list[float], start: float, end: float) -> None:
        self._low, high = log10(min(values)), log10(max(values))
        self._start, self._size = start, (end - start) / ((high - self._low) or 1)

    def at(self, value: float) -> float:
        """Return the place of a value."""
        return self._start + (log10(value) - self._low) * self._size
