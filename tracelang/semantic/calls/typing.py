"""Calls about types and places: `cast`, `container_of`, `symbol`, `first_of`."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from tracelang.diagnostics import DiagnosticError, fail
from tracelang.semantic import members
from tracelang.semantic.calls.arguments import expect_arguments
from tracelang.semantic.expressions import (
    AddressOf,
    Cast,
    Constant,
    Expression,
    Offset,
    Place,
)
from tracelang.semantic.names import Resolves
from tracelang.semantic.types import (
    S64,
    EnumType,
    Int,
    Pointer,
    Space,
    Struct,
    Type,
    is_scalar,
)
from tracelang.semantic.values import describe, integer_of
from tracelang.semantic.written_types import find_type
from tracelang.source import Span
from tracelang.syntax import ast

_CONTAINER_OF: Final = "container_of(POINTER, struct NAME, MEMBER)"


def resolve_cast(call: ast.Call, resolver: Resolves) -> Expression:
    """Return a value as another type: `cast(VALUE, TYPE)`."""
    expect_arguments(call, 2, 2, "cast(VALUE, TYPE)")
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


def resolve_container_of(call: ast.Call, resolver: Resolves) -> Expression:
    """Return the struct that a member lies in: `container_of(POINTER, struct NAME, MEMBER)`."""
    expect_arguments(call, 3, 3, _CONTAINER_OF)
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


def resolve_symbol(call: ast.Call, resolver: Resolves) -> Expression:
    """Return a kernel variable's value: `symbol(VARIABLE[, TYPE])`."""
    expect_arguments(call, 1, 2, "symbol(VARIABLE[, TYPE])")
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
    script.observed.addresses()
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


def resolve_first_of(call: ast.Call, resolver: Resolves) -> Expression:
    """Return the first argument that type-checks on this kernel."""
    expect_arguments(call, 1, 64, "first_of(EXPRESSION, …)")
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
