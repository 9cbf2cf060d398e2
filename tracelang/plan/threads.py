"""What a condition says of the thread alone: it can be judged before anything else is known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from tracelang.semantic.expressions import Expression, Logical
from tracelang.semantic.sides import Pairing, is_same_at_both

_ONE_THREAD: Final = Pairing(same_thread=True)


def thread_parts(condition: Expression | None) -> tuple[Expression, ...]:
    """Return those of the parts joined by `and` that only look at which thread is running."""
    return tuple(part for part in _parts(condition) if is_same_at_both(part, _ONE_THREAD))


def without_parts(condition: Expression | None, parts: Sequence[Expression]) -> Expression | None:
    """Return a condition without some of the parts joined by `and`."""
    if isinstance(condition, Logical) and condition.operator == "and":
        left = without_parts(condition.left, parts)
        right = without_parts(condition.right, parts)
        return replace(condition, left=left, right=right) if left and right else left or right
    return None if condition in parts else condition


def _parts(condition: Expression | None) -> Iterator[Expression]:
    if isinstance(condition, Logical) and condition.operator == "and":
        yield from _parts(condition.left)
        yield from _parts(condition.right)
    elif condition is not None:
        yield condition
