"""How many arguments a call takes, and their values."""

from __future__ import annotations

from tracelang.diagnostics import fail
from tracelang.semantic.expressions import (
    Expression,
)
from tracelang.semantic.names import Resolves
from tracelang.syntax import ast


def resolve_arguments(
    call: ast.Call, resolver: Resolves, low: int, high: int, form: str
) -> list[Expression]:
    """Return a call's resolved arguments; there must be `low` to `high` (T221), as `form` shows."""
    expect_arguments(call, low, high, form)
    return [resolver.resolve(argument) for argument in call.arguments]


def expect_arguments(call: ast.Call, low: int, high: int, form: str) -> None:
    """Refuse a call (T221) unless it has `low` to `high` arguments, as `form` shows."""
    if not low <= len(call.arguments) <= high:
        given = len(call.arguments)
        raise fail(
            "T221",
            f"`{call.function}` takes {low if low == high else f'{low} to {high}'} "
            f"argument{'s' if high != 1 else ''}, not {given}",
            call.span,
            help=[f"it is written `{form}`"],
        )
