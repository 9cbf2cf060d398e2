"""Conditions: comparisons of numbers, texts and addresses, evaluated only as far as needed."""

from __future__ import annotations

import re
from typing import Final

from tracelang.plan import texts
from tracelang.plan.arithmetic import widen
from tracelang.plan.body import Body
from tracelang.plan.c_types import S64, U32, U64, CType
from tracelang.plan.code.reading import TextEqual, TextSearch
from tracelang.plan.code.statements import Assign, Declare, Guard, If
from tracelang.plan.code.values import (
    Convert,
    Helper,
    Literal,
    MaskedBytes,
    Number,
    Operation,
    Prefix,
    Value,
    Variable,
)
from tracelang.plan.pointers import ADDRESS, CONDITION
from tracelang.semantic.expressions import (
    Compare,
    Expression,
    InRange,
    Logical,
    Not,
    TextMatch,
    TextSame,
)
from tracelang.semantic.types import Text

_MIXED: Final = {
    "==": "equal",
    "!=": "equal",
    "<": "below",
    ">": "above",
    "<=": "above",
    ">=": "below",
}


def guard(expr: Expression, body: Body) -> None:
    """Leave the program unless the condition holds; the parts of an `and` one after the other."""
    if isinstance(expr, Logical) and expr.operator == "and":
        guard(expr.left, body)
        guard(expr.right, body)
        return
    body.emit(Guard(body.condition(expr)))


def lower_condition(expr: Expression, body: Body) -> Value:
    """Return a condition's truth value."""
    match expr:
        case Compare():
            return _compare(expr, body)
        case Logical():
            return _logical(expr, body)
        case Not(_, operand):
            return Prefix("!", body.condition(operand), CONDITION)
        case TextMatch():
            return _match_text(expr, body)
        case TextSame():
            return _same_text(expr, body)
        case InRange():
            return _in_range(expr, body)
    value = body.value(expr)
    return Operation("!=", value, Number(0, value.type), CONDITION)


# --- Numbers --------------------------------------------------------------------------------------


def _compare(expr: Compare, body: Body) -> Value:
    left, right = body.value(expr.left), body.value(expr.right)
    if isinstance(left, Number):
        return Operation(expr.operator, Number(left.value, _wide(right.type)), right, CONDITION)
    if isinstance(right, Number):
        number = Number(right.value, ADDRESS if left.type.name.endswith("*") else _wide(left.type))
        return Operation(expr.operator, left, number, CONDITION)
    return _compare_values(expr.operator, left, right)


def _compare_values(operator: str, left: Value, right: Value) -> Value:
    """Compare as numbers, whatever the types: C alone would make a negative number a huge one."""
    pointers = left.type.name.endswith("*"), right.type.name.endswith("*")
    if all(pointers):
        return Operation(operator, left, right, CONDITION)
    left = widen(left, U64) if pointers[0] else left
    right = widen(right, U64) if pointers[1] else right
    signs = _signed(left.type), _signed(right.type)
    if signs[0] == signs[1]:
        return Operation(operator, left, right, CONDITION)
    if not any(t.size == 8 and not _signed(t) for t in (left.type, right.type)):
        return Operation(operator, widen(left, S64), widen(right, S64), CONDITION)
    if signs[0]:
        left, right = right, left
        operator = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}.get(operator, operator)
    mixed = Helper(f"{_MIXED[operator]}_signed", (left, widen(right, S64)), CONDITION)
    return Prefix("!", mixed, CONDITION) if operator in ("!=", "<=", ">=") else mixed


def _signed(type_: CType) -> bool:
    return type_.name.startswith("s")


def _wide(type_: CType) -> CType:
    """Return the type of a constant compared with a value: it fits, which was checked before."""
    return type_ if type_ is ADDRESS or not type_.name.endswith("*") else U64


def _logical(expr: Logical, body: Body) -> Value:
    """Return `and` or `or`; the right side's reads happen only when it matters."""
    left = body.condition(expr.left)
    with body.block() as statements:
        right = body.condition(expr.right)
    symbol = "&&" if expr.operator == "and" else "||"
    if not statements:
        return Operation(symbol, left, right, CONDITION)
    result = Variable(body.names.take("holds"), CONDITION)
    body.emit(Declare(result, left))
    needed: Value = result if expr.operator == "and" else Prefix("!", result, CONDITION)
    body.emit(If(needed, (*statements, Assign(result, right))))
    return result


# --- Text -----------------------------------------------------------------------------------------


def _match_text(expr: TextMatch, body: Body) -> Value:
    pattern = expr.pattern.encode()
    assert isinstance(expr.text.type, Text)
    if expr.operator in ("==", "startswith"):
        if len(pattern) > expr.text.type.limit:
            return Number(0, CONDITION)
        data = pattern + b"\0" if expr.operator == "==" else pattern
        if not data:
            return Number(1, CONDITION)
        buffer = texts.read_text(expr.text, body)
        return Literal(buffer, 0, data, CONDITION)
    segments, start, end = split_pattern(expr.operator, expr.pattern)
    if not segments:
        return Number(1, CONDITION)
    buffer, length = texts.read_text_with_length(expr.text, body)
    found = Variable(body.names.take("found"), CONDITION)
    body.emit(TextSearch(found, buffer, length, segments, start, end))
    return found


def split_pattern(
    operator: str, pattern: str
) -> tuple[tuple[tuple[int | None, ...], ...], bool, bool]:
    """Return a pattern's parts between `*`, and whether the first and last are tied to the ends."""
    if operator == "contains":
        return ((tuple(pattern.encode()),) if pattern else ()), False, False
    if operator == "endswith":
        return ((tuple(pattern.encode()),) if pattern else ()), False, True
    parts = re.split(r"\*+", pattern)
    segments = tuple(tuple(None if b == ord("?") else b for b in p.encode()) for p in parts if p)
    return segments, bool(parts[0]), bool(parts[-1])


def _same_text(expr: TextSame, body: Body) -> Value:
    left = texts.read_text(expr.left, body, loops=True)
    right = texts.read_text(expr.right, body, loops=True)
    found = Variable(body.names.take("same"), CONDITION)
    body.emit(TextEqual(found, left, right))
    return found


# --- Addresses ------------------------------------------------------------------------------------


def _in_range(expr: InRange, body: Body) -> Value:
    size = len(expr.network)
    mask = ((1 << expr.prefix) - 1 << (size * 8 - expr.prefix)).to_bytes(size, "big")
    if size == 4:
        value = body.value(expr.address)
        if value.type != U32:
            value = Convert(value, U32)
        masked: Value = value
        if expr.prefix < 32:
            masked = Operation("&", value, Number(int.from_bytes(mask, "little"), U32), U32)
        return Operation(
            "==", masked, Number(int.from_bytes(expr.network, "little"), U32), CONDITION
        )
    buffer = texts.read_bytes(expr.address, body)
    result: Value | None = None
    for at in (0, 8):
        if not any(mask[at : at + 8]):
            continue
        test = MaskedBytes(buffer, at, mask[at : at + 8], expr.network[at : at + 8], CONDITION)
        result = test if result is None else Operation("&&", result, test, CONDITION)
    return result if result is not None else Number(1, CONDITION)
