"""The sides of a span: what is read at its end, and what its start and stages must remember."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields, replace
from typing import Any, Final

from tracelang.dataclass import dataclass
from tracelang.diagnostics import fail
from tracelang.semantic.expressions import (
    ArgumentValue,
    Arithmetic,
    Builtin,
    Cast,
    Choice,
    Compare,
    Constant,
    Expression,
    Logical,
    Negated,
    Not,
    Stored,
    Swap,
    Typed,
)
from tracelang.semantic.sources import TracingArgument
from tracelang.semantic.types import BOOL, DURATION, S64, U64, is_scalar, width
from tracelang.source import Span

_SAME_AT_BOTH: Final = ("pid", "tid")
_PLACES: Final = ("func", "probe")
_COMPUTED: Final = (Arithmetic, Negated, Cast, Swap, Compare, Logical, Not, Choice)
"""Expressions that compute with their parts and read no memory themselves."""

TIME: Final = -1
"""The number of the one value every start and stage remembers: when it was."""


@dataclass(frozen=True, slots=True)
class Pairing:
    """What is known of both sides at the end of a span.

    `same_thread`: start and end are on one thread. `sees_arguments`: the end is a function's exit
    that has the function's arguments, as they were passed.
    """

    same_thread: bool
    sees_arguments: bool = False


def mark_end(expr: Expression) -> Expression:
    """Return an expression that is read at the end of a span."""
    return _mark(expr, {"at_end": True})


def mark_stage(expr: Expression, stage: int) -> Expression:
    """Return an expression that is read at a stage of a span, by the stage's number."""
    return _mark(expr, {"stage": stage})


def _mark(expr: Expression, mark: dict[str, Any]) -> Expression:
    changes = {name: _mark(child, mark) for name, child in _children(expr).items()}
    return replace(expr, **{**mark, **changes})


def stage_duration(stage: int, span: Span) -> Expression:
    """Return how long after the start a stage was reached; 0 where it was not."""
    reached = Builtin(U64, "ts", stage=stage, span=span)
    passed = Arithmetic(DURATION, "-", reached, Builtin(U64, "ts", span=span), span=span)
    none = Constant(DURATION, 0, span=span)
    condition = Compare(BOOL, "!=", reached, Constant(U64, 0, span=span), span=span)
    return Choice(DURATION, condition, passed, none, span=span)


# --- Splitting ------------------------------------------------------------------------------------


def split(expr: Expression, memory: Sequence[list[Expression]], pairing: Pairing) -> Expression:
    """Return an expression for the end of a span, adding to `memory` what must be remembered.

    `memory` has a list for the start and one for each stage. What is the same at both sides needs
    no room.
    """
    if isinstance(expr, Constant) or (expr.at_end and not _children(expr)):
        return expr
    if isinstance(expr, Builtin) and expr.name in _PLACES:
        return _place(expr)
    if isinstance(expr, Builtin) and expr.name == "ts":
        return Stored(expr.type, TIME, stage=expr.stage, decoding=expr.decoding, span=expr.span)
    if is_same_at_both(expr, pairing):
        return expr
    leaves = tuple(_leaves(expr))
    stages = {leaf.stage for leaf in leaves}
    ended = any(leaf.at_end for leaf in leaves)
    whole = not ended and len(stages) == 1 and not _joins_free_part(expr, pairing)
    if whole and not all(_is_time(leaf) for leaf in leaves):
        return _store(expr, memory[stages.pop()], leaves[0].stage)
    changes: dict[str, Any] = {
        name: split(child, memory, pairing) for name, child in _children(expr).items()
    }
    return replace(expr, **changes)


def _joins_free_part(expr: Expression, pairing: Pairing) -> bool:
    """Tell whether a part that an `and` joins can be judged at both sides, and needs no room."""
    return (
        isinstance(expr, Logical)
        and expr.operator == "and"
        and any(
            is_same_at_both(part, pairing) or _joins_free_part(part, pairing)
            for part in (expr.left, expr.right)
        )
    )


def store(expr: Expression, memory: Sequence[list[Expression]], pairing: Pairing) -> Expression:
    """Return an expression as `split` does, but share nothing with what is remembered already."""
    if isinstance(expr, Builtin) and expr.name in _PLACES:
        return _place(expr)
    own: list[list[Expression]] = [[] for _ in memory]
    if not list(_leaves(expr)) or is_same_at_both(expr, pairing):
        found = _store(expr, own[0], 0)
    else:
        found = split(expr, own, pairing)
    found = _moved(found, [len(values) for values in memory])
    for values, more in zip(memory, own, strict=True):
        values.extend(more)
    return found


def _moved(expr: Expression, offsets: Sequence[int]) -> Expression:
    """Return an expression whose remembered values lie so much further on, by stage."""
    if isinstance(expr, Stored):
        moved = expr.index if expr.index == TIME else expr.index + offsets[expr.stage]
        return replace(expr, index=moved)
    changes: dict[str, Any] = {n: _moved(c, offsets) for n, c in _children(expr).items()}
    return replace(expr, **changes)


def _place(expr: Builtin) -> Expression:
    """Return which target fired: of a span it is where it started."""
    if expr.stage:
        raise fail(
            "T298",
            f"`{expr.name}` of a stage is not kept",
            expr.span,
            help=["give each of its events a `via` leg with a name of its own"],
        )
    return expr


def is_same_at_both(expr: Expression, pairing: Pairing) -> bool:
    """Tell whether the end can read what the start would: nothing of it is in memory."""
    match expr:
        case Constant():
            return True
        case Builtin(_, name):
            return pairing.same_thread and name in _SAME_AT_BOTH and not expr.at_end
        case ArgumentValue(_, TracingArgument()):
            return pairing.sees_arguments and not expr.at_end
    children = _children(expr).values()
    computed = isinstance(expr, _COMPUTED)
    return computed and all(is_same_at_both(child, pairing) for child in children)


def _store(expr: Expression, stored: list[Expression], stage: int) -> Expression:
    plain = replace(expr, decoding=None)
    if plain not in stored:
        stored.append(plain)
    index = stored.index(plain)
    return Stored(expr.type, index, stage=stage, decoding=expr.decoding, span=expr.span)


def _is_time(leaf: Expression) -> bool:
    return isinstance(leaf, Builtin) and leaf.name == "ts"


def _leaves(expr: Expression) -> Iterator[Expression]:
    """Yield what an expression is made of in the end, constants excepted."""
    children = _children(expr)
    if not children and not isinstance(expr, Constant):
        yield expr
    for child in children.values():
        yield from _leaves(child)


def outline(expr: Expression | None) -> object:
    """Return how an expression is read at the end, whatever the types of what was remembered."""
    if isinstance(expr, Stored):
        return expr.stage, expr.index
    if expr is None:
        return None
    own = (getattr(expr, f.name) for f in fields(expr) if f.compare and f.name != "decoding")
    return type(expr), tuple(outline(v) if isinstance(v, Typed) else v for v in own)  # type: ignore[arg-type]


def unify(one: Expression, other: Expression) -> Expression:
    """Return an expression that reads what either of two of the same outline remembered."""
    others = _children(other)
    changes: dict[str, Any] = {n: unify(c, others[n]) for n, c in _children(one).items()}
    if one.decoding != other.decoding:
        changes["decoding"] = None
    if isinstance(one, Stored) and one.type != other.type and is_scalar(one.type):
        unsigned = (8, False) in (width(one.type), width(other.type))
        changes["type"] = U64 if unsigned else S64
    return replace(one, **changes)


def _children(expr: Expression) -> dict[str, Expression]:
    found = {}
    for item in fields(expr):
        value = getattr(expr, item.name)
        if isinstance(value, Typed):
            found[item.name] = value
    return found  # type: ignore[return-value]
