"""A grid of texts: columns that grow with what they show, so that rows stay aligned."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import repeat
from typing import Final

from tracelang.sinks.columns import BoundColumn
from tracelang.sinks.protocol import Row

_INDENT: Final = "  "
_WIDEST: Final = 64
"""A value wider than that pushes its own row only: one long path must not spread the table."""


def stack_blocks(column: BoundColumn, rows: Sequence[Row], *, named: bool) -> Iterator[str]:
    """Yield the stacks of a column as lines, below the column's name where that is wanted."""
    head = f"{_INDENT}{column.name}\n" if named else ""
    for text in column.texts(rows):
        lines = text.removeprefix("\n")
        yield f"{head}{lines}\n" if lines else ""


class Table:
    """A table's columns and their widths; rules with the same columns share one."""

    def __init__(self, columns: tuple[BoundColumn, ...]) -> None:
        self._stacks = tuple(i for i, c in enumerate(columns) if c.reading.frames is not None)
        columns = tuple(c for c in columns if c.reading.frames is None)
        self._columns = columns
        self._widths = [max(len(c.name), c.decoder.width) for c in columns]
        self.header_at = -1
        """The number of the line its header was last on, -1 before it is shown."""

    def lines(self, columns: tuple[BoundColumn, ...], rows: Sequence[Row], label: str) -> str:
        """Return the rows of a rule with these columns as lines that begin with `label`.

        Stacks stand below the line they belong to.
        """
        stacks = [columns[index] for index in self._stacks]
        columns = tuple(c for c in columns if c.reading.frames is None)
        texts = [list(column.texts(rows)) for column in columns]
        self._grow(texts)
        template = self._template(label)
        alone = f"{label.rstrip()}\n" if label.strip() else ""
        cells = map(template.__mod__, zip(*texts, strict=True))
        lines = cells if texts else repeat(alone, len(rows))
        if not stacks:
            return "".join(lines)
        below = [stack_blocks(column, rows, named=len(stacks) > 1) for column in stacks]
        return "".join(map("".join, zip(lines, *below, repeat("\n", len(rows)), strict=True)))

    def header(self, margin: int) -> str:
        """Return the line of names after `margin` spaces, at the present widths, and its end.

        Stacks need none.
        """
        if not self._columns:
            return ""
        names = tuple(column.name.upper() for column in self._columns)
        return (self._template(" " * margin) % names).rstrip() + "\n"

    def _grow(self, texts: Sequence[Sequence[str]]) -> None:
        for index, column in enumerate(texts):
            longest = max(map(len, column), default=0)
            if self._widths[index] < longest:
                self._widths[index] = max(self._widths[index], min(longest, _WIDEST))

    def _template(self, label: str) -> str:
        """Return the format of one line; the last column takes no padding on its right."""
        cells = [
            f"%{'' if column.decoder.right else '-'}{width}s"
            for column, width in zip(self._columns, self._widths, strict=True)
        ]
        if cells and not self._columns[-1].decoder.right:
            cells[-1] = "%s"
        return label.replace("%", "%%") + " ".join(cells) + "\n"
