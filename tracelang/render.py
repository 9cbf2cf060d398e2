"""Diagnostics as a person reads them: message, the line with its place marked, notes and help."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable
from typing import Final, TextIO

from tracelang.diagnostics import Diagnostic, Label, Severity

_BOLD: Final = "1"
_RED: Final = "1;31"
_YELLOW: Final = "1;33"
_BLUE: Final = "1;34"
_CYAN: Final = "1;36"
_WIDEST_LINE: Final = 160
_NARROWEST: Final = 40
"""A terminal of fewer columns is written to as if it had so many: it wraps lines itself."""
_HANGING: Final = 4
_STYLE: Final = re.compile(r"\x1b\[[\d;]*m")
_GAP: Final = re.compile(r"(?<=\S) {2,}(?=\S)")
"""What stands between two columns."""
_WHOLE: Final = re.compile(r"(?:`[^`\n]*`|\S)+")
"""A word, or what stands in backquotes: commands stay in one piece, to be copied."""


class Painter:
    """Puts colour around text, or nothing."""

    def __init__(self, *, on: bool) -> None:
        self._on = on

    def __call__(self, text: str, style: str) -> str:
        """Return the text in a style (an SGR parameter)."""
        return f"\x1b[{style}m{text}\x1b[0m" if self._on and text else text


def wants_colour(stream: TextIO) -> bool:
    """Tell whether a stream is a terminal whose user has not asked for plain text."""
    return stream.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"


def show(diagnostics: Iterable[Diagnostic], stream: TextIO | None = None) -> None:
    """Write diagnostics to a stream (standard error)."""
    out = stream if stream is not None else sys.stderr
    paint = Painter(on=wants_colour(out))
    width = width_of(out)
    for diagnostic in diagnostics:
        out.write(render(diagnostic, paint, width))


def print_fitted(text: str, stream: TextIO | None = None) -> None:
    """Write lines to a stream (standard output); on a terminal each is wrapped as `fitted` does."""
    out = stream if stream is not None else sys.stdout
    width = width_of(out)
    out.write("".join(f"{fitted(line, width)}\n" for line in text.split("\n")))


def fitted(line: str, width: int | None) -> str:
    """Return a line of columns wrapped at `width`, the rest of it below its last column.

    A last column that begins far to the right gets a line of its own.
    """
    if width is None or len(_STYLE.sub("", line)) <= width:
        return line
    indent = len(line) - len(line.lstrip())
    gaps = [gap for gap in _GAP.finditer(line) if gap.end() <= width * 2 // 3]
    far = [gap for gap in _GAP.finditer(line) if gap.end() > width * 2 // 3]
    if not far:
        last = gaps[-1].end() if gaps else indent + _HANGING
        return _wrap(line, width, 0, last)
    first, rest = line[: far[-1].start()], line[far[-1].end() :]
    below = indent + _HANGING
    return f"{fitted(first, width)}\n{' ' * below}{_wrap(rest, width, below, below)}"


def width_of(stream: TextIO) -> int | None:
    """Return the columns of a terminal, None for what is none."""
    try:
        return max(os.get_terminal_size(stream.fileno()).columns, _NARROWEST)
    except (OSError, ValueError):
        return None


def render(diagnostic: Diagnostic, paint: Painter, width: int | None = None) -> str:
    """Return a diagnostic's text, ending in a newline; prose is wrapped at `width` columns."""
    colour = _RED if diagnostic.severity is Severity.ERROR else _YELLOW
    head = paint(f"{diagnostic.severity.value}[{diagnostic.code}]", colour)
    message = _wrap(diagnostic.message, width, len(diagnostic.severity.value) + 8, 4)
    lines = [f"{head}{paint(': ' + message, _BOLD)}"]
    labels = [label for label in (diagnostic.primary, *diagnostic.secondary) if label is not None]
    gutter = max((len(str(label.span.line)) for label in labels), default=1) + 2
    for index, label in enumerate(labels):
        room = _WIDEST_LINE if width is None else min(_WIDEST_LINE, width - gutter - 2)
        lines += _excerpt(label, gutter, colour if index == 0 else _BLUE, index == 0, paint, room)
    margin = " " * gutter
    for kind, texts, style in (
        ("note", diagnostic.notes, _BOLD),
        ("help", diagnostic.help, _CYAN),
    ):
        for text in texts:
            indent = gutter + len("= help: ")
            parts = (_wrap(part, width, indent, indent) for part in text.split("\n"))
            body = f"\n{' ' * indent}".join(parts)
            lines.append(f"{margin}{paint('=', _BLUE)} {paint(kind, style)}: {body}")
    return "\n".join(lines) + "\n"


def _wrap(text: str, width: int | None, before: int, indent: int) -> str:
    """Break a line that stands `before` columns from the left; the rest of it is indented."""
    if width is None or before + len(text) <= width:
        return text
    wrapped, column, end = "", before, 0
    for found in _WHOLE.finditer(text):
        gap = text[end : found.start()]
        end = found.end()
        if wrapped.strip() and column + len(gap) + len(found[0]) > width:
            wrapped, column, gap = f"{wrapped}\n{' ' * indent}", indent, ""
        wrapped += gap + found[0]
        column += len(gap) + len(found[0])
    return wrapped + text[end:]


def _excerpt(
    label: Label, gutter: int, colour: str, first: bool, paint: Painter, room: int
) -> list[str]:
    span = label.span
    line, column = span.line, span.column
    text, shift = _window(span.source.line_text(line), column, room)
    width = max(1, min(span.end - span.start, len(text) - (column - 1 - shift)))
    bar = paint("|", _BLUE)
    arrow = "-->" if first else ":::"
    place = f"{paint(arrow, _BLUE)} {span.source.name}:{line}:{column}"
    mark = paint(("^" if first else "-") * width, colour)
    note = f" {paint(label.text, colour)}" if label.text else ""
    return [
        f"{' ' * (gutter - 1)}{place}",
        f"{' ' * gutter}{bar}",
        f"{paint(str(line).rjust(gutter - 1), _BLUE)} {bar} {text}",
        f"{' ' * gutter}{bar} {' ' * (column - 1 - shift)}{mark}{note}",
    ]


def _window(text: str, column: int, room: int) -> tuple[str, int]:
    """Return the part of a long line around a column, with spaces for tabs and controls."""
    plain = "".join(c if c.isprintable() else " " for c in text)
    if len(plain) <= room:
        return plain, 0
    shift = max(0, min(column - room // 2, len(plain) - room))
    return plain[shift : shift + room], shift
