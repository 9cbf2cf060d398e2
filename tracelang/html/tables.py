"""Rows as an HTML table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape


def table(names: Sequence[str], right: Sequence[bool], rows: Iterable[Sequence[str]]) -> str:
    """Return a table of texts in a box that scrolls; `right` says which columns hold numbers."""
    classes = [' class="number"' if is_right else "" for is_right in right]
    head = "".join(f"<th{c}>{escape(n)}</th>" for c, n in zip(classes, names, strict=True))
    lines = ["".join(_cells(classes, row)) for row in rows]
    body = "".join(f"<tr>{line}</tr>" for line in lines)
    return (
        f'<div class="scroll"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _cells(classes: Sequence[str], row: Sequence[str]) -> Iterable[str]:
    return (f"<td{c}>{escape(text)}</td>" for c, text in zip(classes, row, strict=True))


def note(text: str, *, warning: bool = False) -> str:
    """Return a line that stands below or above a result."""
    kind = "note warning" if warning else "note"
    return f'<div class="{kind}">{escape(text)}</div>'


def title(text: str) -> str:
    """Return the heading of a part."""
    return f'<div class="title">{escape(text)}</div>'
