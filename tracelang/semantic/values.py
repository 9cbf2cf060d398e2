"""Small facts about typed values: constants, truth, text, and how to say what a value is."""

from __future__ import annotations

from dataclasses import replace

from tracelang.diagnostics import DiagnosticError, fail
from tracelang.semantic.expressions import (
    AddressOf,
    Builtin,
    Compare,
    Constant,
    ContextPlace,
    Expression,
    Logical,
    Not,
    Place,
    TextAt,
    TextMatch,
    TextSame,
)
from tracelang.semantic.scope import ScriptScope
from tracelang.semantic.type_table import is_text_pointer
from tracelang.semantic.types import (
    BOOL,
    S64,
    U64,
    Array,
    Flavour,
    Int,
    Ip,
    Pointer,
    Stack,
    Struct,
    Text,
    is_scalar,
)
from tracelang.source import Span


def integer(value: int, span: Span | None = None) -> Constant:
    """Return an integer constant, signed unless only an unsigned 64-bit one can hold it."""
    return Constant(U64 if value >= 1 << 63 else S64, value, span=span)


def boolean(value: object, span: Span | None = None) -> Constant:
    """Return a truth value."""
    return Constant(BOOL, int(bool(value)), span=span)


def integer_of(value: Expression) -> int | None:
    """Return the value of an integer constant, else None."""
    if isinstance(value, Constant) and isinstance(value.value, int):
        return value.value
    return None


def text_of(value: Expression) -> str | None:
    """Return the value of a text constant, else None."""
    if isinstance(value, Constant) and isinstance(value.value, str):
        return value.value
    return None


def describe(value: Expression) -> str:
    """Say what a value is, for messages: `the number 42`, `an integer (u32)`, `text`."""
    if isinstance(value, Constant) and value.type in (S64, U64):
        return f"the number {integer_of(value)}"
    match value.type:
        case Int(flavour=Flavour.DURATION):
            return "a duration"
        case Int(flavour=Flavour.BOOL):
            return "a truth value"
        case Int():
            return f"an integer ({value.type})"
        case Text():
            return "text"
        case Array() | Struct():
            return f"`{value.type}`"
        case Pointer():
            return f"a pointer (`{value.type}`)"
        case Stack():
            return "a name" if value.type.single else "a call stack"
    return f"an {value.type}"


def as_text(value: Expression, script: ScriptScope) -> Expression | None:
    """Return the value as text where its type is text by nature (`char *`, `char[N]`), or None."""
    if isinstance(value.type, Text):
        return value
    limit = script.text_limit
    if is_text_pointer(script.types, value.type):
        assert isinstance(value.type, Pointer)
        space = value.type.space
        return TextAt(Text(limit), value, space, span=value.span)
    element = value.type.element if isinstance(value.type, Array) else None
    if isinstance(element, Int) and element.flavour is Flavour.CHAR:
        return _inline_text(value, limit) if isinstance(value, Place | ContextPlace) else None
    return None


def _inline_text(value: Place | ContextPlace, limit: int) -> Expression:
    assert isinstance(value.type, Array)
    length = value.type.length
    text = Text(length - 1, natural=True) if 0 < length <= limit + 1 else Text(limit)
    if isinstance(value, ContextPlace):
        return replace(value, type=text, decoding=None)
    address = AddressOf(Pointer(0, value.space, "char *"), value, span=value.span)
    return TextAt(text, address, value.space, span=value.span)


def as_condition(value: Expression) -> Expression:
    """Return the value as a truth value; text and structs have none (T210)."""
    if isinstance(value, Compare | Logical | Not | TextMatch | TextSame):
        return value
    if value.type == BOOL:
        return value
    if (number := integer_of(value)) is not None:
        return boolean(number, value.span)
    if is_scalar(value.type):
        return Compare(BOOL, "!=", value, integer(0), span=value.span)
    raise fail(
        "T210",
        f"a condition is true or false, this is {describe(value)}",
        value.span,
        help=["compare it with something: `== …`, `contains …`, `in …`"],
    )


def scalar(value: Expression, purpose: str) -> Expression:
    """Return the value when it is a number or pointer; otherwise raise T211 naming `purpose`."""
    if is_scalar(value.type) and not isinstance(value, Builtin | Constant):
        return value
    if isinstance(value, Constant) and isinstance(value.value, int):
        return value
    if isinstance(value, Builtin) and is_scalar(value.type):
        return value
    raise not_a_number(value, purpose)


def not_a_number(value: Expression, purpose: str) -> DiagnosticError:
    """Build the error for a value that arithmetic cannot take."""
    help_ = "compare it, capture it or print it"
    if isinstance(value.type, Struct):
        help_ = "name a member of it with `.`"
    elif isinstance(value.type, Ip):
        help_ = "compare it: `== 10.0.0.1`, `in 10.0.0.0/8`"
    return fail(
        "T211", f"{purpose} takes numbers, this is {describe(value)}", value.span, help=[help_]
    )
