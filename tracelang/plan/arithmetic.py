"""What is computed from scalars: operators, conversions, and the choice between two values."""

from __future__ import annotations

from dataclasses import replace

from tracelang.plan.body import Body
from tracelang.plan.c_types import U64, CType
from tracelang.plan.code.statements import Assign, Declare, If, Statement
from tracelang.plan.code.values import Convert, Helper, Number, Operation, Prefix, Value, Variable
from tracelang.plan.pointers import ADDRESS, held_type
from tracelang.semantic.expressions import Arithmetic, Cast, Choice, Negated, Swap
from tracelang.semantic.types import width


def widen(value: Value, type_: CType) -> Value:
    """Return the value in a 64-bit type; constants simply change theirs."""
    if value.type == type_:
        return value
    if isinstance(value, Number):
        return replace(value, type=type_)
    if value.type.name.endswith("*"):
        return Helper("address", (value,), U64)
    return Convert(value, type_)


def lower_arithmetic(expr: Arithmetic | Negated | Cast | Swap, body: Body) -> Value:
    """Return what an operator makes of its operands."""
    type_ = held_type(expr.type)
    match expr:
        case Cast(_, operand):
            return Convert(body.value(operand), type_)
        case Swap(_, operand):
            size, _ = width(operand.type)
            value = body.value(operand)
            return value if size == 1 else Helper(f"swap{size * 8}", (value,), type_)
        case Negated(_, operator, operand):
            return Prefix(operator, widen(body.value(operand), type_), type_)
        case Arithmetic(_, operator, left, right):
            values = tuple(widen(body.value(v), type_) for v in (left, right))
            return _operate(operator, values[0], values[1], type_)
    raise AssertionError(expr)


def _operate(operator: str, left: Value, right: Value, type_: CType) -> Value:
    if operator in ("/", "%"):
        word = "quotient" if operator == "/" else "remainder"
        return Helper(f"{word}_{type_.name}", (left, right), type_)
    if operator in ("<<", ">>") and not isinstance(right, Number):
        right = Operation("&", right, Number(63, type_), type_)
    return Operation(operator, left, right, type_)


def choose(expr: Choice, body: Body) -> Value:
    """Return a variable that has one of two values: only the one that is chosen is computed."""
    type_ = held_type(expr.type)
    result = Variable(body.names.take("choice"), type_)
    body.emit(Declare(result, Number(0, type_)))
    condition = body.condition(expr.condition)
    branches: list[tuple[Statement, ...]] = []
    for side in (expr.then, expr.otherwise):
        with body.block() as statements:
            value = body.value(side)
            if type_ is not ADDRESS and value.type.size == 8:
                value = widen(value, type_)
            body.emit(Assign(result, value))
        branches.append(tuple(statements))
    body.emit(If(condition, branches[0], branches[1]))
    return result
