"""Script text and places in it.

Owns the mapping between offsets and lines. Everything that points at a script does so by a `Span`.
"""

from __future__ import annotations

from tracelang.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A script's text under the name its errors are reported with.

    `name` is a path as the user typed it, or `<command line>`, `<stdin>`, `<repl>`.
    """

    name: str
    text: str

    def line_column(self, offset: int) -> tuple[int, int]:
        """Return the 1-based line and column of a character offset."""
        before = self.text.rfind("\n", 0, offset)
        return self.text.count("\n", 0, offset) + 1, offset - before

    def line_text(self, line: int) -> str:
        """Return the text of a 1-based line without its newline."""
        return self.text.split("\n")[line - 1]

    def __repr__(self) -> str:
        return f"SourceFile(name={self.name!r})"


@dataclass(frozen=True, slots=True)
class Span:
    """The half-open range of characters `[start, end)` of one source."""

    source: SourceFile
    start: int
    end: int

    @property
    def text(self) -> str:
        """The characters of the range."""
        return self.source.text[self.start : self.end]

    @property
    def line(self) -> int:
        """The 1-based line the range starts on."""
        return self.source.line_column(self.start)[0]

    @property
    def column(self) -> int:
        """The 1-based column the range starts at."""
        return self.source.line_column(self.start)[1]

    def to(self, other: Span) -> Span:
        """Return the range from the start of this one to the end of `other`."""
        return Span(self.source, self.start, max(self.end, other.end))
