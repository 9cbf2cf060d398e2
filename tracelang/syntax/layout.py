"""Blocks of text with comments: how the formatter breaks lines.

A script is laid out as blocks, one for each header, leg, clause and declaration. A block is a row
of pieces (fields, targets, operands), each of which remembers where it stood in the source, so that
comments find it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

WIDTH: Final = 100
"""The column that lines are wrapped at."""


@dataclass(slots=True)
class Piece:
    """What is never broken: its text, with the comma or opening word that belongs to it.

    `start` is its offset in the source. `leading` and `trailing` are the comments above and behind
    it.
    """

    text: str
    start: int
    leading: list[str] = field(default_factory=list)
    trailing: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Block:
    """A prefix such as `  capture `, and the pieces that follow it.

    `aligned` is the whole block in one line as it should look beside its neighbours, if that is not
    the prefix and the pieces with single spaces. `closing` stands below the pieces of a block that
    is laid out with a piece to a line.
    """

    start: int
    indent: int
    prefix: str
    pieces: list[Piece]
    leading: list[str] = field(default_factory=list)
    trailing: list[str] = field(default_factory=list)
    aligned: str = ""
    closing: str = ""

    def lines(self, *, first_of_item: bool) -> Iterator[str]:
        """Yield the lines of the block, its comments included."""
        if self.closing:
            yield from self._with_margin(self.leading)
            yield from self._braced_lines()
            return
        first = self.pieces[0]
        first.trailing[:0] = self.trailing
        if first_of_item:  # above it, the comment would become part of the script's description
            first.trailing[:0] = first.leading
        else:
            self.leading += first.leading
        yield from self._with_margin(self.leading)
        inside = any(p.leading for p in self.pieces[1:]) or any(
            p.trailing for p in self.pieces[:-1]
        )
        yield from self._piece_a_line() if inside else self._filled_lines()

    def _with_margin(self, comments: list[str]) -> Iterator[str]:
        for comment in comments:
            yield " " * self.indent + comment

    def _filled_lines(self) -> Iterator[str]:
        comment = _behind(self.pieces[-1].trailing)
        if self.aligned and len(self.aligned) <= WIDTH:
            yield self.aligned + comment
            return
        line = self.prefix + self.pieces[0].text
        for piece in self.pieces[1:]:
            if len(line) + 1 + len(piece.text) > WIDTH:
                yield line
                line = " " * len(self.prefix) + piece.text
            else:
                line += " " + piece.text
        yield line + comment

    def _piece_a_line(self) -> Iterator[str]:
        margin = " " * len(self.prefix)
        yield self.prefix + self.pieces[0].text + _behind(self.pieces[0].trailing)
        for piece in self.pieces[1:]:
            for comment in piece.leading:
                yield margin + comment
            yield margin + piece.text + _behind(piece.trailing)

    def _braced_lines(self) -> Iterator[str]:
        line = f"{self.prefix}{' '.join(piece.text for piece in self.pieces)} {self.closing}"
        comments = self.trailing or any(p.leading for p in self.pieces)
        if not comments and not any(p.trailing for p in self.pieces[:-1]) and len(line) <= WIDTH:
            yield line + _behind(self.pieces[-1].trailing)
            return
        margin = " " * (self.indent + 2)
        yield self.prefix.rstrip() + _behind(self.trailing)
        for piece in self.pieces:
            for comment in piece.leading:
                yield margin + comment
            yield margin + piece.text + _behind(piece.trailing)
        yield self.closing


def _behind(comments: list[str]) -> str:
    return "  " + " ".join(comments) if comments else ""


@dataclass(slots=True)
class Layout:
    """The blocks of one item, and the comments below its last clause."""

    blocks: list[Block]
    is_rule: bool
    after: list[str] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        """Yield the lines of the item; the comments above it are the caller's."""
        for index, block in enumerate(self.blocks):
            yield from block.lines(first_of_item=index == 0)
        for comment in self.after:
            yield "  " + comment
