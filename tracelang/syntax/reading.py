"""What is known while one script is being read: its source, its comments and how deep it nests.

The parser and the builder are made once and shared; this is the part that belongs to one run of
them.
"""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import Final, TypeVar

from lark import Token

from tracelang.diagnostics import DiagnosticError, fail
from tracelang.source import SourceFile, Span
from tracelang.syntax.ast import Comment, Expr

MAX_BRACKETS: Final = 64
"""How many brackets may be open at a time."""

MAX_DEPTH: Final = 200
"""How high an expression's tree may grow; every later stage may recurse that deep."""

E = TypeVar("E", bound=Expr)


@dataclass(slots=True)
class Reading:
    """The state of reading one source."""

    source: SourceFile
    comments: list[Comment] = field(default_factory=list)
    _brackets: int = 0
    # By identity; the node is kept beside its depth so that no other can take its identity.
    _depths: dict[int, tuple[int, Expr]] = field(default_factory=dict)

    def span(self, token: Token) -> Span:
        """Return the place of a token."""
        start = token.start_pos or 0
        return Span(self.source, start, start + len(token))

    def grow(self, node: E, *children: Expr) -> E:
        """Note that `node` stands on `children`; T104 if that makes it too high."""
        depth = 1 + max((self._depth(child) for child in children), default=0)
        if depth > MAX_DEPTH:
            raise _too_deep(node.span)
        self._depths[id(node)] = (depth, node)
        return node

    def widen(self, node: E, span: Span) -> E:
        """Return `node` with the place of the brackets around it."""
        widened = replace(node, span=span)
        self._depths[id(widened)] = (self._depth(node), widened)
        return widened

    def _depth(self, node: Expr) -> int:
        known = self._depths.get(id(node))
        return known[0] if known else 1

    def open_bracket(self, token: Token) -> Token:
        """Count an opening bracket; T104 if too many are open."""
        self._brackets += 1
        if self._brackets > MAX_BRACKETS:
            raise _too_deep(self.span(token))
        return token

    def close_bracket(self, token: Token) -> Token:
        """Count a closing bracket."""
        self._brackets -= 1
        return token

    def note_comment(self, token: Token) -> Token:
        """Keep a comment for the formatter."""
        span = self.span(token)
        text = self.source.text
        before = text[text.rfind("\n", 0, span.start) + 1 : span.start]
        self.comments.append(Comment(span, token.rstrip(), alone=not before.strip(" \t\ufeff")))
        return token


def _too_deep(span: Span) -> DiagnosticError:
    return fail(
        "T104",
        "this is nested too deeply",
        span,
        notes=[f"{MAX_BRACKETS} brackets may be open, and {MAX_DEPTH} operations stand on another"],
        help=["name parts of it with `let NAME = …`"],
    )


CURRENT: Final[ContextVar[Reading]] = ContextVar("tracelang_reading")
"""The reading that the callbacks of a running parser belong to."""
