"""Where comments go when a script is laid out anew.

A comment behind code stays behind the piece it stood behind; one that stands alone stays above what
follows it. Below the last clause of a rule, an indented comment stays in the rule.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from tracelang.syntax.ast import Comment, Script
from tracelang.syntax.layout import Block, Layout, Piece

_BLANK_LINE: Final = re.compile(r"\n[ \t\r\f]*\n[ \t\r\f]*\Z")


@dataclass(slots=True)
class Placed:
    """The comments above each item, by its index, and those below the last."""

    above: list[list[Comment]]
    below: list[Comment] = field(default_factory=list)


def blank_line_before(text: str, offset: int) -> bool:
    """Return whether an empty line stands between the code before `offset` and it."""
    return bool(_BLANK_LINE.search(text, max(0, offset - 200), offset))


def attach_comments(script: Script, layouts: Sequence[Layout]) -> Placed:
    """Give each comment to a block, piece or layout, or return it as standing above an item."""
    placed = Placed([[] for _ in layouts])
    anchors = _anchors(layouts)
    starts = [anchor[0] for anchor in anchors]
    for comment in script.comments:
        following = bisect_right(starts, comment.span.start)
        if not comment.alone and following:
            anchors[following - 1][2].trailing.append(comment.text)
            continue
        if following < len(anchors) and not anchors[following][3]:
            anchors[following][2].leading.append(comment.text)
            continue
        owner = anchors[following - 1][1] if following else -1
        if owner >= 0 and _belongs_inside(script, comment, layouts[owner]):
            layouts[owner].after.append(comment.text)
        elif following < len(anchors):
            placed.above[anchors[following][1]].append(comment)
        else:
            placed.below.append(comment)
    return placed


def _belongs_inside(script: Script, comment: Comment, layout: Layout) -> bool:
    indented = comment.span.column > 1
    return (
        layout.is_rule
        and indented
        and not blank_line_before(script.source.text, comment.span.start)
    )


def _anchors(layouts: Sequence[Layout]) -> list[tuple[int, int, Block | Piece, bool]]:
    """Return where comments can go: offset, item's index, holder, whether it begins the item."""
    anchors: list[tuple[int, int, Block | Piece, bool]] = []
    for index, layout in enumerate(layouts):
        for number, block in enumerate(layout.blocks):
            anchors.append((block.start, index, block, number == 0))
            anchors += [
                (piece.start, index, piece, False)
                for piece in block.pieces
                if piece.start > block.start
            ]
    anchors.sort(key=lambda anchor: anchor[0])
    return anchors
