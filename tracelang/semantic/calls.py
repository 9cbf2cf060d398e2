"""Function calls: text and memory, casts, kernel variables, decoders, the script's own tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from tracelang.decoders.protocol import Decoder, Decoding, Operand, Parameter
from tracelang.diagnostics import DiagnosticError, fail
from tracelang.registry import did_you_mean, nearest
from tracelang.semantic import collections, members, prelude
from tracelang.semantic.model import (
    AddressOf,
    ArgumentValue,
    BytesAt,
    Cast,
    Constant,
    ContextField,
    ContextPlace,
    EmbeddedField,
    Expression,
    Offset,
    Place,
    Swap,
    TextAt,
)
from tracelang.semantic.names import Resolves
from tracelang.semantic.types import (
    S64,
    U16,
    Array,
    Bytes,
    EnumType,
    Int,
    Ip,
    Pointer,
    Space,
    Struct,
    Text,
    Type,
    is_scalar,
)
from tracelang.semantic.values import as_text, describe, integer_of
from tracelang.semantic.written_types import find_type
from tracelang.source import Span
from tracelang.syntax import ast

_AGGREGATES: Final = (
    "count", "sum", "avg", "min", "max", "stats", "hist", "lhist", "p50", "p90", "p99",
    "percentile", "last", "distinct",
)  # fmt: skip


_CONTAINER_OF: Final = "container_of(POINTER, struct NAME, MEMBER)"


def resolve_call(call: ast.Call, resolver: Resolves) -> Expression:
    """Return the value of a call, or raise what is wrong with it."""
    scope = resolver.scope.script
    if call.function in scope.tables:
        return _table(call, scope.tables[call.function], resolver)
    if call.function in _FORMS:
        return _FORMS[call.function](call, resolver)
    if call.function in prelude.FUNCTIONS:
        return _prelude_function(call, resolver)
    decoder = scope.decoders.get(call.function)
    if decoder is not None and decoder.example:
        return _decode(call, decoder, resolver)
    raise _unknown_function(call, resolver)


def function_names(resolver: Resolves) -> tuple[str, ...]:
    """Return every function a script may call in the resolver's scope."""
    script = resolver.scope.script
    words = tuple(d.name for d in script.decoders if d.example)
    return (*_FORMS, *prelude.FUNCTIONS, *words, *script.tables)


def _unknown_function(call: ast.Call, resolver: Resolves) -> DiagnosticError:
    if call.function in _AGGREGATES:
        return fail(
            "T220",
            f"`{call.function}` is an aggregate; it stands in an `aggregate` clause",
            call.function_span,
            help=[f"write `aggregate {call.function}(…) by …`"],
        )
    near = nearest(call.function, function_names(resolver))
    hint = did_you_mean(near)
    if not hint:
        hint = [f"the functions are: {', '.join(sorted(function_names(resolver)))}"]
    return fail("T220", f"there is no function `{call.function}`", call.function_span, help=hint)


def _arguments(
    call: ast.Call, resolver: Resolves, low: int, high: int, form: str
) -> list[Expression]:
    _expect(call, low, high, form)
    return [resolver.resolve(argument) for argument in call.arguments]


def _expect(call: ast.Call, low: int, high: int, form: str) -> None:
    if not low <= len(call.arguments) <= high:
        given = len(call.arguments)
        raise fail(
            "T221",
            f"`{call.function}` takes {low if low == high else f'{low} to {high}'} "
            f"argument{'s' if high != 1 else ''}, not {given}",
            call.span,
            help=[f"it is written `{form}`"],
        )


# --- Text and memory ------------------------------------------------------------------------------


def _str(call: ast.Call, resolver: Resolves) -> Expression:
    script = resolver.scope.script
    _expect(call, 1, 2, "str(POINTER[, BYTES])")
    value = resolver.resolve(call.arguments[0])
    limit = script.text_limit
    if len(call.arguments) == 2:
        limit = _constant_length(call.arguments[1], resolver, 1, 4096)
    text = as_text(value, script)
    if text is not None:
        if len(call.arguments) == 2 and isinstance(text, TextAt):
            return replace(text, type=Text(limit), span=call.span)
        return text
    pointer = _pointer(value, call, resolver)
    assert isinstance(pointer.type, Pointer)
    return TextAt(Text(limit), pointer, pointer.type.space, span=call.span)


def _pointer(value: Expression, call: ast.Call, resolver: Resolves) -> Expression:
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


def _buf(call: ast.Call, resolver: Resolves) -> Expression:
    values = _arguments(call, resolver, 1, 2, "buf(POINTER, BYTES)")
    if len(values) == 1:
        if isinstance(values[0], Place) and isinstance(values[0].type, Array | Struct):
            size = resolver.scope.script.types.size_of(values[0].type)
            return replace(values[0], type=Bytes(size), decoding=Decoding("buf"), span=call.span)
        raise fail(
            "T221", "`buf` needs a length here", call.span, help=["write `buf(POINTER, BYTES)`"]
        )
    pointer = _pointer(values[0], call, resolver)
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


# --- Types ----------------------------------------------------------------------------------------


def _cast(call: ast.Call, resolver: Resolves) -> Expression:
    _expect(call, 2, 2, "cast(VALUE, TYPE)")
    value = resolver.resolve(call.arguments[0])
    type_ = _written_type(call.arguments[1], resolver)
    if not is_scalar(value.type):
        if not (isinstance(value, Place) and isinstance(type_, Pointer)):
            raise fail(
                "T224",
                f"cannot cast {describe(value)}",
                value.span or call.span,
                help=["numbers and pointers are cast, and structs to a pointer"],
            )
        return AddressOf(replace(type_, space=value.space), value, span=call.span)
    if isinstance(type_, Pointer) and isinstance(value.type, Pointer):
        type_ = replace(type_, space=value.type.space)
    return _retype(value, type_, call)


def _retype(value: Expression, type_: object, call: ast.Call) -> Expression:
    if isinstance(type_, Pointer):
        return Offset(type_, value, Constant(S64, 0), 1, span=call.span)
    if isinstance(type_, Int | EnumType):
        return _narrow(value, type_, call)
    raise fail("T224", f"cannot cast to {type_}", call.arguments[1].span)


def _narrow(value: Expression, type_: Int | EnumType, call: ast.Call) -> Expression:
    known = integer_of(value)
    if known is not None:
        bits = type_.size * 8
        number = known & ((1 << bits) - 1)
        if type_.signed and number >> (bits - 1):
            number -= 1 << bits
        return Constant(type_, number, span=call.span)
    return Cast(type_, value, span=call.span)


def _written_type(expr: ast.Expr, resolver: Resolves) -> Type:
    written = expr
    if isinstance(expr, ast.Name):
        written = ast.TypeName("", expr.name, span=expr.span)
    if not isinstance(written, ast.TypeName):
        raise fail(
            "T225",
            "expected a type here",
            expr.span,
            help=["write `struct NAME`, `u32`, `char *`"],
        )
    return find_type(written, resolver.scope.target.space, resolver.scope.script.types)


def _container_of(call: ast.Call, resolver: Resolves) -> Expression:
    _expect(call, 3, 3, _CONTAINER_OF)
    value = resolver.resolve(call.arguments[0])
    if isinstance(value, Place) and isinstance(value.type, Struct):
        value = AddressOf(Pointer(value.type.id, value.space, f"{value.type} *"), value)
    if not is_scalar(value.type):
        raise fail("T222", f"`container_of` takes a pointer, this is {describe(value)}", value.span)
    type_ = _written_type(call.arguments[1], resolver)
    if not isinstance(type_, Pointer):
        place = call.arguments[1].span
        raise fail("T225", "expected a struct here", place, help=[f"write `{_CONTAINER_OF}`"])
    path = _member_path(call.arguments[2])
    base: Expression = Constant(type_, 0)
    for name, span in path:
        base = members.member(base, name, span, span, resolver.scope.script)
    assert isinstance(base, Place)
    space = value.type.space if isinstance(value.type, Pointer) else Space.KERNEL
    return Offset(
        replace(type_, space=space), value, Constant(S64, -base.offset), 1, span=call.span
    )


def _member_path(expr: ast.Expr) -> list[tuple[str, Span]]:
    match expr:
        case ast.Name(name):
            return [(name, expr.span)]
        case ast.Member(base, name):
            return [*_member_path(base), (name, expr.name_span)]
    raise fail(
        "T225", "expected a member's name here", expr.span, help=[f"write `{_CONTAINER_OF}`"]
    )


def _symbol(call: ast.Call, resolver: Resolves) -> Expression:
    _expect(call, 1, 2, "symbol(VARIABLE[, TYPE])")
    argument = call.arguments[0]
    if not isinstance(argument, ast.Name):
        raise fail(
            "T226",
            "`symbol` takes the name of a kernel variable",
            argument.span,
            help=["write it bare: `symbol(jiffies)`"],
        )
    script = resolver.scope.script
    address = script.kernel.symbol_address(argument.name)
    if address is None:
        raise fail(
            "T226",
            f"this kernel shows no variable `{argument.name}`",
            argument.span,
            help=["addresses are shown to root only, and only of kernels with KALLSYMS_ALL"],
        )
    type_ = _variable_type(call, argument.name, resolver)
    pointer = Pointer(0, Space.KERNEL, "void *")
    return members.at_address(Constant(pointer, address), type_, Space.KERNEL, call.span)


def _variable_type(call: ast.Call, name: str, resolver: Resolves) -> Type:
    """Return a kernel variable's type: as written, as BTF has it, or `unsigned long`.

    BTF describes per-CPU variables only; a struct written without a star is the variable itself.
    """
    types = resolver.scope.script.types
    if len(call.arguments) == 1:
        return types.variable(name) or Int(8, signed=False, name="unsigned long")
    written = call.arguments[1]
    type_ = _written_type(written, resolver)
    if isinstance(type_, Pointer) and isinstance(written, ast.TypeName) and not written.pointers:
        target = types.pointee(type_)
        return target if target is not None else type_
    return type_


def _first_of(call: ast.Call, resolver: Resolves) -> Expression:
    """Return the first argument that type-checks on this kernel."""
    _expect(call, 1, 64, "first_of(EXPRESSION, …)")
    errors: list[DiagnosticError] = []
    for argument in call.arguments:
        try:
            return resolver.resolve(argument)
        except DiagnosticError as error:
            errors.append(error)
    first = errors[0].diagnostics[0]
    raise fail(
        "T227",
        "none of the expressions fits this kernel",
        call.span,
        notes=[e.diagnostics[0].message for e in errors],
        help=first.help,
    )


# --- Decoders -------------------------------------------------------------------------------------


def _ip(call: ast.Call, resolver: Resolves) -> Expression:
    (value,) = _arguments(call, resolver, 1, 1, "ip(ADDRESS)")
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


def _join(call: ast.Call, resolver: Resolves) -> Expression:
    (value,) = _arguments(call, resolver, 1, 1, "join(ARGV)")
    return collections.join_words(call, value, resolver)


def _path(call: ast.Call, resolver: Resolves) -> Expression:
    (value,) = _arguments(call, resolver, 1, 1, "path(FILE)")
    return collections.full_path(call, value, resolver)


def _port(call: ast.Call, resolver: Resolves) -> Expression:
    (value,) = _arguments(call, resolver, 1, 1, "port(NUMBER)")
    if not isinstance(value.type, Int):
        raise fail("T222", f"`port` takes an integer, this is {describe(value)}", value.span)
    return Swap(U16, value, span=call.span)


def _prelude_function(call: ast.Call, resolver: Resolves) -> Expression:
    parameters, text = prelude.FUNCTIONS[call.function]
    values = _arguments(
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


def _enum(call: ast.Call, resolver: Resolves) -> Expression:
    _expect(call, 2, 2, "enum(VALUE, A_CONSTANT_OF_IT)")
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


def _table(call: ast.Call, table: ast.Table, resolver: Resolves) -> Expression:
    (value,) = _arguments(call, resolver, 1, 1, f"{table.name}(NUMBER)")
    if not is_scalar(value.type):
        raise fail("T222", f"a table takes a number, this is {describe(value)}", value.span)
    decoding = Decoding("table", (table.entries, table.otherwise))
    return replace(value, decoding=decoding, span=call.span)


def _decode(call: ast.Call, decoder: Decoder, resolver: Resolves) -> Expression:
    count = 1 + len(decoder.parameters)
    form = ", ".join(("VALUE", *(p.name for p in decoder.parameters)))
    _expect(call, 1, count, f"{decoder.name}({form})")
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


_FORMS: Final[Mapping[str, Callable[[ast.Call, Resolves], Expression]]] = {
    "str": _str,
    "buf": _buf,
    "cast": _cast,
    "container_of": _container_of,
    "symbol": _symbol,
    "first_of": _first_of,
    "ip": _ip,
    "port": _port,
    "enum": _enum,
    "join": _join,
    "path": _path,
}
