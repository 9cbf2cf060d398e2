"""The sides of a span: what is read at its end, and what its start must remember."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any, Final

from tracelang.semantic.expressions import Builtin, Constant, Expression, Stored, Typed

_SAME_AT_BOTH: Final = ("pid", "tid")
START_TIME: Final = -1
"""The number of the one value every start remembers: when it was."""


def mark_end(expr: Expression) -> Expression:
    """Return an expression that is read at the end of a span."""
    children = _children(expr)
    changes: dict[str, Any] = {name: mark_end(child) for name, child in children.items()}
    return replace(expr, at_end=True, **changes)


def split(expr: Expression, stored: list[Expression], *, same_thread: bool) -> Expression:
    """Return an expression for the end of a span, adding to `stored` what the start remembers.

    On one thread its numbers are the same at both sides and need no room.
    """
    if isinstance(expr, Constant) or (expr.at_end and not _children(expr)):
        return expr
    if same_thread and isinstance(expr, Builtin) and expr.name in _SAME_AT_BOTH:
        return expr
    if isinstance(expr, Builtin) and expr.name in ("func", "probe"):
        return expr
    if isinstance(expr, Builtin) and expr.name == "ts" and not expr.at_end:
        return Stored(expr.type, START_TIME, decoding=expr.decoding, span=expr.span)
    if not _reads_end(expr):
        return _store(expr, stored)
    changes: dict[str, Any] = {
        name: split(child, stored, same_thread=same_thread)
        for name, child in _children(expr).items()
    }
    return replace(expr, **changes)


def _store(expr: Expression, stored: list[Expression]) -> Expression:
    plain = replace(expr, decoding=None)
    if plain not in stored:
        stored.append(plain)
    index = stored.index(plain)
    return Stored(expr.type, index, decoding=expr.decoding, span=expr.span)


def _reads_end(expr: Expression) -> bool:
    return expr.at_end or any(_reads_end(child) for child in _children(expr).values())


def _children(expr: Expression) -> dict[str, Expression]:
    found = {}
    for item in fields(expr):
        value = getattr(expr, item.name)
        if isinstance(value, Typed):
            found[item.name] = value
    return found  # type: ignore[return-value]
