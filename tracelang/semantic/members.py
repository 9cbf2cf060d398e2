"""Members and elements: reaching into structs and arrays by the kernel's own layout."""

from __future__ import annotations

from dataclasses import replace

from tracelang.diagnostics import DiagnosticError, fail
from tracelang.registry import did_you_mean, nearest
from tracelang.semantic.expressions import AddressOf, Constant, Expression, Offset, Place, Step
from tracelang.semantic.scope import ScriptScope
from tracelang.semantic.type_table import FoundMember, TypeTable
from tracelang.semantic.types import Array, Int, Pointer, Space, Struct, Type, is_scalar
from tracelang.semantic.values import describe, integer_of
from tracelang.source import Span


def member(base: Expression, name: str, span: Span, name_span: Span, script: ScriptScope) -> Place:
    """Return `base.name`, through a pointer or inside an embedded struct."""
    types = script.types
    struct, space = _require_struct(base, types, span)
    found = types.member(struct, name, space)
    if found is None:
        raise _no_member(struct, name, name_span, types)
    if isinstance(base, Place) and isinstance(base.type, Struct):
        return _extend(base, name, found, span)
    return Place(
        found.type,
        base,
        struct,
        (Step(name, found.offset, found.type),),
        found.offset,
        space,
        found.bits,
        span=span,
    )


def struct_of(base: Expression, types: TypeTable) -> tuple[Struct, Space] | None:
    """Return the struct whose members a value has and where it is; None for a value without."""
    if isinstance(base.type, Struct) and isinstance(base, Place):
        return base.type, base.space
    if isinstance(base.type, Pointer):
        target = types.pointee(base.type)
        if isinstance(target, Struct) and target.id:
            return target, base.type.space
    return None


def _extend(base: Place, name: str, found: FoundMember, span: Span) -> Place:
    return replace(
        base,
        type=found.type,
        path=(*base.path, Step(name, found.offset, found.type)),
        offset=base.offset + found.offset,
        bits=found.bits,
        span=span,
    )


def _require_struct(base: Expression, types: TypeTable, span: Span) -> tuple[Struct, Space]:
    found = struct_of(base, types)
    if found is not None:
        return found
    if isinstance(base.type, Pointer):
        target = types.pointee(base.type)
        if isinstance(target, Struct):
            raise fail(
                "T207",
                f"this kernel's type information does not describe `{target}`",
                base.span or span,
            )
    help_ = []
    if is_scalar(base.type):
        help_.append("say what it points to: `cast(…, struct NAME)`")
    raise fail("T206", f"{describe(base)} has no members", base.span or span, help=help_)


def _no_member(struct: Struct, name: str, span: Span, types: TypeTable) -> DiagnosticError:
    names = tuple(types.member_names(struct))
    near = did_you_mean(nearest(name, names))
    shown = ", ".join(names[:8]) + (", …" if len(names) > 8 else "")
    return fail(
        "T205",
        f"`{struct}` has no member `{name}` on this kernel",
        span,
        help=[" ".join([*near, f"it has: {shown}"])],
    )


def element(base: Expression, index: Expression, span: Span, script: ScriptScope) -> Expression:
    """Return `base[index]` of an array or a typed pointer."""
    if not is_scalar(index.type):
        raise fail("T208", f"an index is a number, this is {describe(index)}", index.span)
    known = integer_of(index)
    if isinstance(base, Place) and isinstance(base.type, Array):
        return _array_element(base, index, known, span)
    if isinstance(base.type, Pointer):
        return _pointed_element(base, index, span, script.types)
    if isinstance(base.type, Int) and isinstance(base, Place) and isinstance(base.base, Constant):
        # A variable of the kernel: whether it is an array, the type information does not say.
        address = AddressOf(
            Pointer(0, base.space, f"{base.type} *"), base, index, base.type.size, span=span
        )
        return at_address(address, base.type, base.space, span)
    raise fail(
        "T208",
        f"{describe(base)} has no elements",
        base.span or span,
        help=["only arrays and typed pointers are indexed"],
    )


def _array_element(base: Place, index: Expression, known: int | None, span: Span) -> Expression:
    array = base.type
    assert isinstance(array, Array)
    if known is not None:
        if known < 0 or (array.length and known >= array.length):
            raise fail(
                "T208",
                f"index {known} is outside `{array}`",
                index.span,
                help=[f"the indexes are 0 to {array.length - 1}"] if array.length else [],
            )
        return replace(
            base,
            type=array.element,
            path=(*base.path, Step(f"[{known}]", known * array.element_size, array.element)),
            offset=base.offset + known * array.element_size,
            span=span,
        )
    address = AddressOf(
        Pointer(0, base.space, f"{array.element} *"), base, index, array.element_size, span=span
    )
    return at_address(address, array.element, base.space, span)


def _pointed_element(
    base: Expression, index: Expression, span: Span, types: TypeTable
) -> Expression:
    assert isinstance(base.type, Pointer)
    target = types.pointee(base.type)
    if target is None and base.type.spelling.endswith("**"):
        target = Pointer(0, base.type.space, base.type.spelling.removesuffix("*"))
    size = types.size_of(target) if target is not None else 0
    if target is None or not size:
        raise fail(
            "T208",
            f"`{base.type}` does not say how large its elements are",
            base.span or span,
            help=["say what it points to: `cast(…, struct NAME *)`"],
        )
    address = base
    if integer_of(index) != 0:
        address = Offset(base.type, base, index, size, span=span)
    return at_address(address, target, base.type.space, span)


def at_address(address: Expression, type_: Type, space: Space, span: Span) -> Place:
    """Return what lies at an address."""
    struct = type_ if isinstance(type_, Struct) else None
    return Place(type_, address, struct, (), 0, space, span=span)
