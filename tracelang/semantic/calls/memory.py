"""Calls that read memory: `str` and `buf`."""

from __future__ import annotations

from dataclasses import replace

from tracelang.decoders.protocol import Decoding
from tracelang.diagnostics import fail
from tracelang.semantic.calls.arguments import expect_arguments, resolve_arguments
from tracelang.semantic.expressions import (
    AddressOf,
    BytesAt,
    Constant,
    ContextPlace,
    Expression,
    Offset,
    Place,
    TextAt,
)
from tracelang.semantic.names import Resolves
from tracelang.semantic.types import (
    S64,
    Array,
    Bytes,
    Int,
    Pointer,
    Space,
    Struct,
    Text,
)
from tracelang.semantic.values import as_text, describe, integer_of
from tracelang.syntax import ast


def resolve_str(call: ast.Call, resolver: Resolves) -> Expression:
    """Return the text that `str(POINTER[, BYTES])` reads."""
    script = resolver.scope.script
    expect_arguments(call, 1, 2, "str(POINTER[, BYTES])")
    value = resolver.resolve(call.arguments[0])
    limit = script.text_limit
    if len(call.arguments) == 2:
        limit = _constant_length(call.arguments[1], resolver, 1, 8192)
    text = as_text(value, script)
    if text is not None:
        if len(call.arguments) == 2 and isinstance(text, TextAt | ContextPlace):
            return replace(text, type=Text(limit), span=call.span)
        return text
    pointer = as_pointer(value, call, resolver)
    assert isinstance(pointer.type, Pointer)
    return TextAt(Text(limit), pointer, pointer.type.space, span=call.span)


def as_pointer(value: Expression, call: ast.Call, resolver: Resolves) -> Expression:
    """Return the value as an address; a plain 64-bit integer counts as one."""
    if isinstance(value.type, Pointer):
        return value
    if isinstance(value.type, Int) and value.type.size == 8:
        pointer = Pointer(0, _space(resolver), "void *")
        return Offset(pointer, value, Constant(S64, 0), 1, span=value.span)
    if isinstance(value, Place) and isinstance(value.type, Array | Struct):
        pointer = Pointer(0, value.space, "void *")
        return AddressOf(pointer, value, span=value.span)
    raise fail(
        "T222",
        f"`{call.function}` takes an address, this is {describe(value)}",
        value.span or call.span,
        help=["an address is a pointer, or a number of 64 bits"],
    )


def _space(resolver: Resolves) -> Space:
    space = resolver.scope.target.space
    return Space.EITHER if space is Space.KERNEL else space


def _constant_length(expr: ast.Expr, resolver: Resolves, low: int, high: int) -> int:
    value = resolver.resolve(expr)
    number = integer_of(value)
    if number is None or not low <= number <= high:
        raise fail(
            "T223",
            f"the length is a constant from {low} to {high}, this is {describe(value)}",
            value.span,
            help=["for a length known only at the event, take bytes: `buf(POINTER, BYTES)`"],
        )
    return number


def resolve_buf(call: ast.Call, resolver: Resolves) -> Expression:
    """Return the bytes that `buf(POINTER, BYTES)` reads."""
    values = resolve_arguments(call, resolver, 1, 2, "buf(POINTER, BYTES)")
    if len(values) == 1:
        if isinstance(values[0], Place) and isinstance(values[0].type, Array | Struct):
            size = resolver.scope.script.types.size_of(values[0].type)
            return replace(values[0], type=Bytes(size), decoding=Decoding("buf"), span=call.span)
        raise fail(
            "T221", "`buf` needs a length here", call.span, help=["write `buf(POINTER, BYTES)`"]
        )
    pointer = as_pointer(values[0], call, resolver)
    assert isinstance(pointer.type, Pointer)
    space = pointer.type.space
    known = integer_of(values[1])
    decoding = Decoding("buf")
    if known is not None:
        if not 1 <= known <= 4096:
            raise fail(
                "T223",
                f"a buffer has 1 to 4096 bytes, not {known}",
                values[1].span,
                help=["give `buf` such a length, or one known only at the event"],
            )
        return BytesAt(Bytes(known), pointer, space, decoding=decoding, span=call.span)
    limit = resolver.scope.script.text_limit
    decoding = Decoding("buf", ("counted",))
    return BytesAt(
        Bytes(limit, counted=True), pointer, space, values[1], decoding=decoding, span=call.span
    )
