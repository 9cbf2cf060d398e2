"""Histograms as HTML bars."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from tracelang.decoders.aggregates import bucket_bounds


def bars(buckets: Iterable[tuple[int | None, int | None, int]]) -> str:
    """Return the buckets (lowest, first above, events) as rows with a bar each."""
    found = list(buckets)
    most = max((count for _, _, count in found), default=0)
    rows = (
        f'<tr><td class="bounds">{escape(bucket_bounds(low, above))}</td>'
        f'<td class="number">{count:,}</td><td class="bar">{_bar(count, most)}</td></tr>'
        for low, above, count in found
    )
    return f"<table><tbody>{''.join(rows)}</tbody></table>"


def _bar(count: int, most: int) -> str:
    """Return a bar; whatever is not nothing can be seen."""
    if not count:
        return ""
    return f'<div style="width: {max(100 * count / most, 0.7):.1f}%"></div>'
