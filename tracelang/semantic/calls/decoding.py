"""Calls that say how a value is shown: decoders, enums, sockets, the script's own tables."""

from __future__ import annotations

from dataclasses import replace

from tracelang.decoders.protocol import Decoder, Decoding, Operand, Parameter
from tracelang.diagnostics import fail
from tracelang.semantic import collections, prelude
from tracelang.semantic.calls.arguments import expect_arguments, resolve_arguments
from tracelang.semantic.expressions import (
    ArgumentValue,
    BytesAt,
    ContextPlace,
    Expression,
    Place,
    Swap,
)
from tracelang.semantic.names import Resolves
from tracelang.semantic.sources import ContextField, EmbeddedField
from tracelang.semantic.types import (
    U16,
    Array,
    Bytes,
    EnumType,
    Int,
    Ip,
    Pointer,
    Space,
    Struct,
    is_scalar,
)
from tracelang.semantic.values import describe, integer_of
from tracelang.syntax import ast


def resolve_ip(call: ast.Call, resolver: Resolves) -> Expression:
    """Return a network address: `ip(ADDRESS)`, of 4 or 16 bytes."""
    (value,) = resolve_arguments(call, resolver, 1, 1, "ip(ADDRESS)")
    decoding = Decoding("ip")
    if isinstance(value.type, Ip):
        return value
    if isinstance(value, ContextPlace) and isinstance(value.source, EmbeddedField):
        return _context_ip(value, call)
    if isinstance(value, Place) and isinstance(value.type, Array | Struct):
        size = resolver.scope.script.types.size_of(value.type)
        if size in (4, 16):
            return replace(value, type=Ip(size), decoding=decoding, span=call.span)
    if isinstance(value.type, Int) and value.type.size == 4:
        return replace(value, type=Ip(4), decoding=decoding, span=call.span)
    raise fail(
        "T222",
        f"`ip` takes an address of 4 or 16 bytes, this is {describe(value)}",
        value.span or call.span,
        help=["an IPv4 address is a `__be32`, an IPv6 address a `struct in6_addr`"],
    )


def _context_ip(value: ContextPlace, call: ast.Call) -> Expression:
    source = value.source
    assert isinstance(source, EmbeddedField)
    decoding = Decoding("ip")
    if source.size == 4:
        field = ContextField(source.offset, 4, False, source.name)
        return ArgumentValue(Ip(4), field, decoding=decoding, span=call.span)
    if source.size == 16:
        return ContextPlace(Ip(16), source, decoding=decoding, span=call.span)
    raise fail("T222", f"`ip` takes 4 or 16 bytes, this is {source.size}", value.span or call.span)


def resolve_join(call: ast.Call, resolver: Resolves) -> Expression:
    """Return the words of an argument list: `join(ARGV)`."""
    (value,) = resolve_arguments(call, resolver, 1, 1, "join(ARGV)")
    return collections.join_words(call, value, resolver)


def resolve_path(call: ast.Call, resolver: Resolves) -> Expression:
    """Return a file's full path: `path(FILE)`."""
    (value,) = resolve_arguments(call, resolver, 1, 1, "path(FILE)")
    return collections.full_path(call, value, resolver)


def resolve_port(call: ast.Call, resolver: Resolves) -> Expression:
    """Return a port in the order of this machine: `port(NUMBER)`."""
    (value,) = resolve_arguments(call, resolver, 1, 1, "port(NUMBER)")
    if not isinstance(value.type, Int):
        raise fail("T222", f"`port` takes an integer, this is {describe(value)}", value.span)
    return Swap(U16, value, span=call.span)


def resolve_prelude_function(call: ast.Call, resolver: Resolves) -> Expression:
    """Return what a function written in tracelang itself gives for a socket."""
    parameters, text = prelude.FUNCTIONS[call.function]
    values = resolve_arguments(
        call,
        resolver,
        len(parameters),
        len(parameters),
        f"{call.function}({', '.join(parameters)})",
    )
    if not _is_socket(values[0], resolver):
        raise fail(
            "T222",
            f"`{call.function}` takes a socket, this is {describe(values[0])}",
            values[0].span or call.span,
            help=["say that it is one: `cast(…, struct sock)`"],
        )
    bindings = dict(zip(parameters, values, strict=True))
    return resolver.resolve_prelude(text, call.function, bindings, call.span)


def _is_socket(value: Expression, resolver: Resolves) -> bool:
    """Tell whether a value is, or points to, a struct that begins as sockets do."""
    types, struct = resolver.scope.script.types, value.type
    if isinstance(struct, Pointer):
        struct = types.pointee(struct) or struct
    if not isinstance(struct, Struct):
        return False
    return types.member(struct, "__sk_common", Space.KERNEL) is not None


def resolve_enum(call: ast.Call, resolver: Resolves) -> Expression:
    """Return a value shown by the enum that holds a constant: `enum(VALUE, CONSTANT)`."""
    expect_arguments(call, 2, 2, "enum(VALUE, A_CONSTANT_OF_IT)")
    value = resolver.resolve(call.arguments[0])
    word = call.arguments[1]
    found = None
    if isinstance(word, ast.Name):
        found = resolver.scope.script.types.enumerator(word.name)
    if isinstance(word, ast.TypeName) and word.keyword == "enum":
        named = resolver.scope.script.types.named(word, Space.KERNEL)
        found = (0, named) if isinstance(named, EnumType) else None
    if found is None:
        raise fail(
            "T228",
            f"no enum of this kernel holds `{word.span.text}`",
            word.span,
            help=["name one of its constants, or the enum itself: `enum NAME`"],
        )
    return replace(value, decoding=Decoding("enum", (found[1].values,)), span=call.span)


def resolve_table(call: ast.Call, table: ast.Table, resolver: Resolves) -> Expression:
    """Return a value shown by one of the script's own tables."""
    (value,) = resolve_arguments(call, resolver, 1, 1, f"{table.name}(NUMBER)")
    if not is_scalar(value.type):
        raise fail("T222", f"a table takes a number, this is {describe(value)}", value.span)
    decoding = Decoding("table", (table.entries, table.otherwise))
    return replace(value, decoding=decoding, span=call.span)


def resolve_decoder(call: ast.Call, decoder: Decoder, resolver: Resolves) -> Expression:
    """Return a value shown by a registered decoder."""
    count = 1 + len(decoder.parameters)
    form = ", ".join(("VALUE", *(p.name for p in decoder.parameters)))
    expect_arguments(call, 1, count, f"{decoder.name}({form})")
    value = resolver.resolve(call.arguments[0])
    value = _fit_operand(value, decoder, call, resolver)
    constants = tuple(
        _decoder_argument(argument, parameter, f"{decoder.name}({form})", resolver)
        for argument, parameter in zip(call.arguments[1:], decoder.parameters, strict=False)
    )
    trouble = decoder.check(constants)
    if trouble:
        message, _, fix = trouble.partition("; ")
        place = (call.arguments[1] if constants else call).span
        raise fail("T229", message, place, help=[fix] if fix else [])
    return replace(value, decoding=Decoding(decoder.name, constants), span=call.span)


def _fit_operand(
    value: Expression, decoder: Decoder, call: ast.Call, resolver: Resolves
) -> Expression:
    if decoder.operand is Operand.INTEGER:
        if is_scalar(value.type) and not isinstance(value.type, Ip):
            return value
    elif isinstance(value.type, Array | Struct) and isinstance(value, Place | ContextPlace):
        size = resolver.scope.script.types.size_of(value.type)
        return replace(value, type=Bytes(size))
    elif isinstance(value.type, Pointer) and decoder.name == "mac":
        return BytesAt(Bytes(6), value, value.type.space)
    elif isinstance(value.type, Bytes):
        return value
    raise fail(
        "T222",
        f"`{decoder.name}` takes {decoder.operand.value}, this is {describe(value)}",
        value.span or call.span,
    )


def _decoder_argument(
    expr: ast.Expr, parameter: Parameter, form: str, resolver: Resolves
) -> object:
    trouble = fail("T229", f"expected {parameter.value} here", expr.span, help=[f"write `{form}`"])
    if parameter is Parameter.WORD:
        if isinstance(expr, ast.Name):
            return expr.name
        raise trouble
    value = resolver.resolve(expr)
    number = integer_of(value)
    if number is None:
        raise trouble
    return number
