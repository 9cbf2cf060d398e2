"""Typed expressions over recorded events: what the kernel computes, computed here the same way.

Each expression becomes a function from a row. Numbers are of the width and sign of their type,
addresses of 4 bytes are the number a little-endian load gives, and texts are bytes without NUL.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any, Final

from tracelang.diagnostics import DiagnosticError, fail
from tracelang.recording.matching import matcher
from tracelang.semantic.expressions import (
    ArgumentValue,
    Arithmetic,
    Builtin,
    Cast,
    Choice,
    Compare,
    Constant,
    Expression,
    InRange,
    Logical,
    Negated,
    Not,
    Swap,
    TextMatch,
    TextSame,
)
from tracelang.semantic.sources import RecordedField
from tracelang.semantic.types import Int, Ip, Text, Type, is_scalar, width
from tracelang.sinks.protocol import Row
from tracelang.source import Span

Evaluate = Callable[[Row], Any]

_MAPPED: Final = bytes(10) + b"\xff\xff"
"""What an IPv4 address has in front of it in 16 bytes."""
_COMPARE: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def compile_expression(expr: Expression) -> Evaluate:
    """Return the function that computes an expression from a row.

    Raises `DiagnosticError` T295 for what a recording cannot know.
    """
    match expr:
        case Constant():
            return _constant(expr)
        case ArgumentValue(source=RecordedField(slot)):
            return _field(expr.type, slot)
        case Builtin(_, "ts"):
            return operator.itemgetter(0)
        case Builtin(_, "func" | "probe"):
            return operator.itemgetter(2)
        case Arithmetic():
            return _arithmetic(expr)
        case Negated() | Cast() | Swap():
            return _unary(expr)
        case Choice():
            return _choice(expr)
        case Compare() | Logical() | Not() | TextMatch() | TextSame() | InRange():
            return _condition(expr)
    if isinstance(expr, Builtin):
        raise not_recorded(expr.name, expr.span)
    raise fail(
        "T295",
        "this reads memory of the machine that was traced; a recording has none",
        expr.span,
        help=["capture what it points to when recording"],
    )


def not_recorded(name: str, span: Span | None) -> DiagnosticError:
    """Return the error about something that the recording does not have (T295)."""
    return fail(
        "T295",
        f"`{name}` was not recorded",
        span,
        help=["capture it when recording: `tracelang record 'probe … capture …' -w FILE`"],
    )


def wrap(value: int, type_: Type) -> int:
    """Return what the low bits of a number mean in a type."""
    size, signed = width(type_)
    value &= (1 << size * 8) - 1
    return value - (1 << size * 8) if signed and value >> (size * 8 - 1) else value


def _constant(expr: Constant) -> Evaluate:
    value = expr.value
    if isinstance(value, str):
        data = value.encode()
        return lambda _row: data
    if isinstance(value, bytes) and len(value) == 4:
        number = int.from_bytes(value, "little")
        return lambda _row: number
    return lambda _row: value


def _field(type_: Type, slot: int) -> Evaluate:
    if isinstance(type_, Text):
        return lambda row: row[slot].partition(b"\0")[0]
    return operator.itemgetter(slot)


# --- Arithmetic -----------------------------------------------------------------------------------


def quotient(left: int, right: int) -> int:
    """Divide towards zero; by zero gives 0."""
    if not right:
        return 0
    found = abs(left) // abs(right)
    return found if (left < 0) == (right < 0) else -found


def _remainder(left: int, right: int) -> int:
    return left - right * quotient(left, right) if right else 0


_OPERATE: Final[Mapping[str, Callable[[int, int], int]]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": quotient,
    "%": _remainder,
    "&": operator.and_,
    "|": operator.or_,
    "^": operator.xor,
    "<<": lambda left, right: left << (right & 63),
    ">>": lambda left, right: left >> (right & 63),
}


def _arithmetic(expr: Arithmetic) -> Evaluate:
    left, right = compile_expression(expr.left), compile_expression(expr.right)
    operate = _OPERATE[expr.operator]
    fit = wrapper(expr.type)
    return lambda row: fit(operate(fit(left(row)), fit(right(row))))


def wrapper(type_: Type) -> Callable[[int], int]:
    """Return `wrap` for one type."""
    size, signed = width(type_)
    mask, sign = (1 << size * 8) - 1, 1 << (size * 8 - 1)
    if signed:
        return lambda value: ((value & mask) ^ sign) - sign
    return lambda value: value & mask


def _unary(expr: Negated | Cast | Swap) -> Evaluate:
    operand = compile_expression(expr.operand)
    fit = wrapper(expr.type)
    match expr:
        case Negated(_, "-"):
            return lambda row: fit(-operand(row))
        case Negated():
            return lambda row: fit(~operand(row))
        case Cast():
            return lambda row: fit(operand(row))
        case Swap():
            return _swap(operand, expr)


def _swap(operand: Evaluate, expr: Swap) -> Evaluate:
    size, _ = width(expr.operand.type)
    mask = (1 << size * 8) - 1
    fit = wrapper(expr.type)

    def swap(row: Row) -> int:
        return fit(int.from_bytes((operand(row) & mask).to_bytes(size, "little"), "big"))

    return swap


def _choice(expr: Choice) -> Evaluate:
    condition = compile_expression(expr.condition)
    then, otherwise = (_as(side, expr.type) for side in (expr.then, expr.otherwise))
    return lambda row: then(row) if condition(row) else otherwise(row)


def _as(side: Expression, type_: Type) -> Evaluate:
    """Return a side of a choice in the type that both share."""
    value = compile_expression(side)
    if isinstance(type_, Ip):
        if type_.size == 16 and side.type == Ip(4):
            return lambda row: _MAPPED + value(row).to_bytes(4, "little")
        return value
    if not is_scalar(type_) or side.type == type_:
        return value
    fit = wrapper(type_)
    return lambda row: fit(value(row))


# --- Conditions -----------------------------------------------------------------------------------


def _condition(
    expr: Compare | Logical | Not | TextMatch | TextSame | InRange,
) -> Evaluate:
    match expr:
        case Compare(_, symbol, left, right):
            compare = _COMPARE[symbol]
            a, b = compile_expression(left), compile_expression(right)
            return lambda row: compare(a(row), b(row))
        case Logical(_, word, left, right):
            a, b = compile_expression(left), compile_expression(right)
            if word == "and":
                return lambda row: bool(a(row) and b(row))
            return lambda row: bool(a(row) or b(row))
        case Not(_, operand):
            a = compile_expression(operand)
            return lambda row: not a(row)
        case TextMatch(_, _, text):
            a = compile_expression(text)
            matches = matcher(expr)
            return lambda row: matches(a(row))
        case TextSame(_, left, right):
            return _same_text(left, right)
        case InRange():
            return _in_range(expr)


def _same_text(left: Expression, right: Expression) -> Evaluate:
    assert isinstance(left.type, Text)
    assert isinstance(right.type, Text)
    a, b = compile_expression(left), compile_expression(right)
    most = min(t.limit + (1 if t.natural else 2) for t in (left.type, right.type))
    return lambda row: a(row)[:most] == b(row)[:most]


def _in_range(expr: InRange) -> Evaluate:
    address = compile_expression(expr.address)
    size = len(expr.network)
    shift = size * 8 - expr.prefix
    wanted = int.from_bytes(expr.network, "big") >> shift
    if size == 4:
        mask = (1 << 32) - 1

        def holds(row: Row) -> bool:
            packed = (address(row) & mask).to_bytes(4, "little")
            return int.from_bytes(packed, "big") >> shift == wanted

        return holds
    convert = isinstance(expr.address.type, Int) or expr.address.type == Ip(4)

    def holds_long(row: Row) -> bool:
        value = address(row)
        packed = _MAPPED + value.to_bytes(4, "little") if convert else value
        return int.from_bytes(packed, "big") >> shift == wanted

    return holds_long
