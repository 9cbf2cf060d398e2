"""Plain text laid out for reading: headings with what stands under them, and columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence


def repr_format(text: str) -> str:
    """Return a format as it stands between quotes in a script."""
    escaped = (
        text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    )
    return f'"{escaped}"'


def indent(head: str, lines: Iterable[str]) -> Iterator[str]:
    """Yield a heading and what stands under it; nothing at all where nothing does."""
    body = list(lines)
    if body:
        yield f"  {head}"
        yield from (f"      {line}" for line in body)


def table(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    """Yield rows of cells as aligned lines; all rows have the same number of cells."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True))
        yield "  ".join(cells).rstrip()
