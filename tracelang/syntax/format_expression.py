"""Expressions and targets as text, with as few parentheses as the precedences allow."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum
from typing import Final, assert_never

from tracelang.syntax.ast import (
    Address,
    AddressRange,
    Binary,
    Call,
    Comparison,
    Conditional,
    Duration,
    Expr,
    Fraction,
    Index,
    Inside,
    Integer,
    Member,
    Membership,
    Name,
    Size,
    String,
    Target,
    TargetArgument,
    TargetChoice,
    TypeName,
    Unary,
)
from tracelang.syntax.escapes import write_text
from tracelang.syntax.targets import write_target_word


class Tightness(IntEnum):
    """How tightly the operators bind, loosest first: the order of the grammar's rules."""

    CONDITIONAL = 1
    OR = 2
    AND = 3
    NOT = 4
    COMPARISON = 5
    BIT_OR = 6
    BIT_XOR = 7
    BIT_AND = 8
    SHIFT = 9
    SUM = 10
    PRODUCT = 11
    SIGN = 12
    POSTFIX = 13


_BINARY: Final = {
    "or": Tightness.OR, "and": Tightness.AND, "|": Tightness.BIT_OR, "^": Tightness.BIT_XOR,
    "&": Tightness.BIT_AND, "<<": Tightness.SHIFT, ">>": Tightness.SHIFT, "+": Tightness.SUM,
    "-": Tightness.SUM, "*": Tightness.PRODUCT, "/": Tightness.PRODUCT, "%": Tightness.PRODUCT,
}  # fmt: skip
_BASES: Final = {2: "#b", 8: "#o", 10: "d", 16: "#x"}


def format_expression(expression: Expr, context: Tightness = Tightness.CONDITIONAL) -> str:
    """Return the canonical text of an expression, in parentheses if `context` binds tighter.

    Parsing the text gives an equal tree.
    """
    own, text = _write(expression)
    return text if own >= context else f"({text})"


# One frame a level, so that the deepest tree the parser lets through can be written.
def _write(node: Expr) -> tuple[Tightness, str]:
    own = Tightness.POSTFIX
    match node:
        case Conditional():
            own = Tightness.CONDITIONAL
            then = format_expression(node.then, Tightness.OR)
            condition = format_expression(node.condition, Tightness.OR)
            text = f"{then} if {condition} else {format_expression(node.otherwise)}"
        case Binary():
            own = _BINARY[node.operator]
            left = format_expression(node.left, own)
            text = f"{left} {node.operator} {format_expression(node.right, _tighter(own))}"
        case Comparison():
            own = Tightness.COMPARISON
            left = format_expression(node.left, Tightness.BIT_OR)
            text = f"{left} {node.operator} {format_expression(node.right, Tightness.BIT_OR)}"
        case Membership():
            own = Tightness.COMPARISON
            left = format_expression(node.left, Tightness.BIT_OR)
            text = f"{left} {'not ' if node.negated else ''}in {_write_items(node.items)}"
        case Unary(operator="not"):
            own = Tightness.NOT
            text = f"not {format_expression(node.operand, own)}"
        case Unary():
            own = Tightness.SIGN
            text = f"{node.operator}{format_expression(node.operand, own)}"
        case Member():
            text = f"{_write_base(node.base)}.{node.name}"
        case Index():
            base = format_expression(node.base, Tightness.POSTFIX)
            text = f"{base}[{format_expression(node.index)}]"
        case Call():
            text = f"{node.function}({_write_list(node.arguments)})"
        case Inside():
            text = f"inside({', '.join([format_choice(choice) for choice in node.targets])})"
        case _:
            text = _write_leaf(node)
    return own, text


def _write_leaf(
    node: Name | Integer | Fraction | String | Duration | Size | Address | AddressRange | TypeName,
) -> str:
    match node:
        case Name():
            return node.name
        case Integer():
            return format(node.value, _BASES[node.base])
        case Fraction():
            return node.text
        case String():
            return write_text(node.value)
        case Duration() | Size():
            return node.amount + node.unit
        case Address():
            return str(node.address)
        case AddressRange():
            return str(node.network)
        case TypeName():
            return format_type(node)
        case _:
            assert_never(node)


def _tighter(own: Tightness) -> Tightness:
    return Tightness(own + 1)


def _write_list(expressions: Iterable[Expr]) -> str:
    return ", ".join([format_expression(e) for e in expressions])


def _write_items(items: tuple[Expr, ...]) -> str:
    # A range, an address or a name alone stands without parentheses: `in 10.0.0.0/8`.
    if len(items) == 1 and isinstance(items[0], AddressRange | Address | Name):
        return format_expression(items[0])
    return f"({_write_list(items)})"


def _write_base(base: Expr) -> str:
    # An IPv6 address would swallow the dot.
    text = format_expression(base, Tightness.POSTFIX)
    return f"({text})" if isinstance(base, Address | AddressRange) else text


def format_type(written: TypeName) -> str:
    """Return a type as it is written: `struct sock *`."""
    words = [word for word in (written.keyword, written.name, "*" * written.pointers) if word]
    return " ".join(words)


def format_choice(choice: TargetChoice) -> str:
    """Return alternatives as they are written: `kprobe:f or kprobe:g`."""
    return " or ".join([format_target(option) for option in choice.options])


def format_target(target: Target) -> str:
    """Return the canonical text of a target with its arguments; parsing it gives an equal one."""
    word = write_target_word(target)
    if target.arguments is None:
        return word
    return f"{word}({', '.join(map(_format_argument, target.arguments))})"


def _format_argument(argument: TargetArgument) -> str:
    if argument.type is None:
        return argument.name
    return f"{argument.name}: {format_type(argument.type)}"
