"""Operators on typed values: their types, and what is already known when the code is generated."""

from __future__ import annotations

import operator as op
from collections.abc import Callable, Mapping
from typing import Final

from tracelang.diagnostics import fail
from tracelang.semantic.expressions import (
    Arithmetic,
    Choice,
    Compare,
    Constant,
    Expression,
    Logical,
    Negated,
    Not,
)
from tracelang.semantic.types import (
    BOOL,
    S64,
    SIGNED_DURATION,
    U64,
    Flavour,
    Int,
    Ip,
    Pointer,
    Struct,
    Text,
    Type,
    is_scalar,
    width,
)
from tracelang.semantic.values import (
    as_condition,
    boolean,
    describe,
    integer_of,
    not_a_number,
    scalar,
)
from tracelang.source import Span

_FOLD: Final[Mapping[str, Callable[[int, int], int]]] = {
    "+": op.add,
    "-": op.sub,
    "*": op.mul,
    "&": op.and_,
    "|": op.or_,
    "^": op.xor,
}
_COMPARE: Final[Mapping[str, Callable[[int, int], bool]]] = {
    "==": op.eq,
    "!=": op.ne,
    "<": op.lt,
    "<=": op.le,
    ">": op.gt,
    ">=": op.ge,
}
_MIRRORED: Final[Mapping[str, str]] = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}
_MASK: Final = (1 << 64) - 1


def arithmetic(operator: str, left: Expression, right: Expression, span: Span) -> Expression:
    """Return `left operator right` in 64 bits.

    The result is unsigned where an operand is a u64, but for a difference, which may be negative,
    and for what is added to durations.
    """
    left, right = scalar(left, f"`{operator}`"), scalar(right, f"`{operator}`")
    divisor = integer_of(right)
    if operator in ("/", "%") and divisor == 0:
        raise fail("T212", "division by zero", right.span or span)
    if operator in ("<<", ">>") and divisor is not None and not 0 <= divisor < 64:
        raise fail("T212", f"a shift by {divisor} is outside 0 to 63", right.span)
    if isinstance(left.type, Ip) or isinstance(right.type, Ip):
        raise not_a_number(left if isinstance(left.type, Ip) else right, f"`{operator}`")
    type_ = _result_type(operator, left.type, right.type)
    known = integer_of(left), integer_of(right)
    if known[0] is not None and known[1] is not None:
        return Constant(type_, _fold(operator, known[0], known[1], type_), span=span)
    return Arithmetic(type_, operator, left, right, span=span)


def _result_type(operator: str, left: Type, right: Type) -> Type:
    durations = [t for t in (left, right) if isinstance(t, Int) and t.flavour is Flavour.DURATION]
    if durations and (operator in ("+", "-") or (operator == "*" and len(durations) == 1)):
        return SIGNED_DURATION
    if len(durations) == 1 and (operator == "%" or (operator == "/" and left in durations)):
        return durations[0]
    if operator == "/" and left in durations:
        return S64
    if operator == "-":
        return S64
    if operator == ">>":
        return U64 if width(left) == (8, False) else S64
    return U64 if (8, False) in (width(left), width(right)) else S64


def _fold(operator: str, left: int, right: int, type_: Type) -> int:
    """Compute with constants as the kernel would with values of their types."""
    left, right = _wrap(left, type_), _wrap(right, type_)
    if operator in _FOLD:
        value = _FOLD[operator](left, right)
    elif operator == "/":
        value = _divide(left, right)
    elif operator == "%":
        value = left - right * _divide(left, right)
    elif operator == "<<":
        value = left << right
    else:
        value = left >> right
    return _wrap(value, type_)


def _divide(left: int, right: int) -> int:
    """Divide as C does: towards zero."""
    quotient = abs(left) // abs(right)
    return quotient if (left < 0) == (right < 0) else -quotient


def _wrap(value: int, type_: Type) -> int:
    """Return the number that the low 64 bits of a value mean in a type."""
    value &= _MASK
    return value - (1 << 64) if width(type_)[1] and value >> 63 else value


def negate(operator: str, operand: Expression, span: Span) -> Expression:
    """Return `-x` or `~x`."""
    operand = scalar(operand, f"`{operator}`")
    type_ = S64 if operator == "-" or width(operand.type) != (8, False) else U64
    known = integer_of(operand)
    if known is not None:
        return Constant(type_, _wrap(-known if operator == "-" else ~known, type_), span=span)
    return Negated(type_, operator, operand, span=span)


def compare_numbers(operator: str, left: Expression, right: Expression, span: Span) -> Expression:
    """Return the comparison of two scalars as numbers; where they do not fit, name both types."""
    for value, other in ((left, right), (right, left)):
        if not is_scalar(value.type) or isinstance(value.type, Text):
            raise fail(
                "T213",
                f"cannot compare {describe(left)} with {describe(right)}",
                span,
                help=_comparison_help(value, other),
            )
    if isinstance(left.type, Pointer) != isinstance(right.type, Pointer):
        number = right if isinstance(left.type, Pointer) else left
        if not (isinstance(number.type, Int) and number.type.size == 8):
            raise fail(
                "T213",
                f"cannot compare {describe(left)} with {describe(right)}",
                span,
                help=["a pointer compares with another, with a constant, or with 64 bits"],
            )
    known = integer_of(left), integer_of(right)
    if known[0] is not None and known[1] is not None:
        return boolean(_COMPARE[operator](known[0], known[1]), span)
    if known[0] is not None:
        # The constant on the right, always: what follows looks for it there.
        left, right, operator = right, left, _MIRRORED.get(operator, operator)
    decided = _decided_by_range(operator, left, right)
    if decided is not None:
        return boolean(decided, span)
    return Compare(BOOL, operator, left, right, span=span)


def _comparison_help(value: Expression, other: Expression) -> list[str]:
    if isinstance(value.type, Text) and isinstance(other.type, Pointer):
        return ["if the pointer points to text, wrap it: `str(…)`"]
    if isinstance(value.type, Text):
        return ["text compares with text; a constant one is written in double quotes"]
    if isinstance(value.type, Struct):
        return ["name a member of it with `.`"]
    return []


def _decided_by_range(operator: str, left: Expression, right: Expression) -> bool | None:
    """Decide a comparison whose constant lies outside what the other side can be."""
    constant = integer_of(right)
    if constant is None or isinstance(left, Constant):
        return None
    size, signed = width(left.type)
    low = -(1 << (size * 8 - 1)) if signed else 0
    high = (1 << (size * 8 - (1 if signed else 0))) - 1
    if low <= constant <= high:
        return None
    return _COMPARE[operator](low if constant > high else high, constant)


def logical(operator: str, left: Expression, right: Expression, span: Span) -> Expression:
    """Return `and` or `or`, without the side that cannot matter."""
    left, right = as_condition(left), as_condition(right)
    for known, other in ((integer_of(left), right), (integer_of(right), left)):
        if known is None:
            continue
        if operator == "and":
            return other if known else boolean(False, span)
        return boolean(True, span) if known else other
    return Logical(BOOL, operator, left, right, span=span)


def negate_condition(operand: Expression, span: Span) -> Expression:
    """Return `not x`."""
    operand = as_condition(operand)
    known = integer_of(operand)
    if known is not None:
        return boolean(not known, span)
    return Not(BOOL, operand, span=span)


def choose(
    condition: Expression, then: Expression, otherwise: Expression, span: Span
) -> Expression:
    """Return `then if condition else otherwise`; the two must be of one kind (T214)."""
    condition = as_condition(condition)
    known = integer_of(condition)
    if known is not None:
        return then if known else otherwise
    type_ = _common_type(then, otherwise)
    if type_ is None:
        raise fail(
            "T214",
            f"the two sides of `if … else` differ: {describe(then)} and {describe(otherwise)}",
            span,
            help=["make them two columns, or two rules with a `where` each"],
        )
    decoding = then.decoding if then.decoding == otherwise.decoding else None
    return Choice(type_, condition, then, otherwise, decoding=decoding, span=span)


def _common_type(then: Expression, otherwise: Expression) -> Type | None:
    match then.type, otherwise.type:
        case (a, b) if a == b:
            return a
        case Text(a), Text(b):
            return Text(max(a, b))
        case Ip(a), Ip(b):
            return Ip(max(a, b))
        case Int(flavour=Flavour.DURATION), Int(flavour=Flavour.DURATION):
            return SIGNED_DURATION
        case a, b if is_scalar(a) and is_scalar(b):
            return U64 if (8, False) in (width(a), width(b)) else S64
    return None
