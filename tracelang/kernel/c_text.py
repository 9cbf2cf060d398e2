"""Kernel types as C text with offsets and sizes, for people to read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tracelang.kernel.btf import (
    Btf,
    BtfArray,
    BtfEnum,
    BtfForward,
    BtfFunction,
    BtfMember,
    BtfPointer,
    BtfPrototype,
    BtfQualifier,
    BtfStruct,
    BtfTypedef,
    BtfVariable,
)

_COMMENT_COLUMN: Final = 56
_INDENT: Final = "    "


def describe_type(btf: Btf, id_: int) -> str:
    """Return a type as C defines it: structs and enums with bodies, functions as prototypes."""
    type_ = btf.type(id_)
    match type_:
        case BtfStruct():
            return "\n".join(_struct_lines(btf, type_, "", 0, ";"))
        case BtfEnum():
            return "\n".join(_enum_lines(type_, "", ";"))
        case BtfFunction():
            return declare(btf, type_.prototype, type_.name) + ";"
        case BtfVariable():
            return declare(btf, type_.type, type_.name) + ";"
        case BtfTypedef(name, target):
            return _describe_typedef(btf, name, target)
    return declare(btf, id_, "") + ";" + _size_note(btf, id_)


def describe_named(btf: Btf, text: str) -> str | None:
    """Return what a name stands for as C text, or None where the kernel's types know no such name.

    `text` is `struct NAME`, `union NAME`, `enum NAME`, or a bare name: a struct, union, enum,
    typedef, function, variable or constant of an enum, whichever is found first in this order.
    """
    keyword, _, name = text.strip().partition(" ")
    if keyword in ("struct", "union", "enum") and name:
        found = btf.find(keyword, name.strip())
        return describe_type(btf, found) if found is not None else None
    for kind in ("struct", "union", "enum", "typedef", "function", "variable", "int"):
        found = btf.find(kind, text.strip())
        if found is not None:
            return describe_type(btf, found)
    constant = btf.enumerator(text.strip())
    return describe_type(btf, constant[1]) if constant is not None else None


def describe_function(btf: Btf, name: str) -> str | None:
    """Return a kernel function's prototype, or None where it is not described."""
    found = btf.find("function", name)
    return describe_type(btf, found) if found is not None else None


def declare(btf: Btf, id_: int, name: str) -> str:
    """Return the C declaration of `name` with that type; with the name "" the type alone."""
    type_ = btf.type(id_)
    match type_:
        case BtfPointer(target):
            bound = isinstance(btf.type(target), BtfArray | BtfPrototype)
            return declare(btf, target, f"(*{name})" if bound else f"*{name}")
        case BtfArray(element, length):
            return declare(btf, element, f"{name}[{length or ''}]")
        case BtfPrototype():
            return declare(btf, type_.returns, f"{name}({_parameters(btf, type_)})")
        case BtfQualifier("type_tag", tag, target):
            return declare(btf, target, f"__{tag} {name}".rstrip())
        case BtfQualifier(word, _, target):
            if isinstance(btf.type(target), BtfPointer):
                return declare(btf, target, f"{word} {name}".rstrip())
            return f"{word} {declare(btf, target, name)}"
    return f"{spell(btf, id_)} {name}".rstrip()


def spell(btf: Btf, id_: int) -> str:
    """Return the C name of a type that has one; `struct {…}` for an anonymous one."""
    type_ = btf.type(id_)
    match type_:
        case BtfStruct(name, _, is_union):
            return f"{'union' if is_union else 'struct'} {name or '{…}'}"
        case BtfForward(name, is_union):
            return f"{'union' if is_union else 'struct'} {name}"
        case BtfEnum(name):
            return f"enum {name or '{…}'}"
    return getattr(type_, "name", "void")


def _parameters(btf: Btf, prototype: BtfPrototype) -> str:
    texts = [
        declare(btf, type_id, name) if type_id or name else "..."
        for name, type_id in prototype.parameters
    ]
    return ", ".join(texts) or "void"


def _describe_typedef(btf: Btf, name: str, target: int) -> str:
    behind = btf.type(target)
    if isinstance(behind, BtfStruct) and not behind.name:
        lines = _struct_lines(btf, behind, "", 0, f" {name};")
    elif isinstance(behind, BtfEnum) and not behind.name:
        lines = _enum_lines(behind, "", f" {name};")
    else:
        line = f"typedef {declare(btf, target, name)};{_size_note(btf, target)}"
        has_body = isinstance(behind, BtfStruct | BtfEnum)
        return f"{line}\n\n{describe_type(btf, target)}" if has_body else line
    first, *rest = lines
    return "\n".join((f"typedef {first}", *rest))


def _size_note(btf: Btf, id_: int) -> str:
    size = btf.size_of(id_)
    return f" /* size: {size} */" if size is not None else ""


def _struct_lines(btf: Btf, struct: BtfStruct, indent: str, base: int, end: str) -> Iterator[str]:
    """Yield the lines of a body; `base` is its first bit in the outermost struct."""
    keyword = "union" if struct.is_union else "struct"
    head = f"{indent}{keyword} {struct.name}".rstrip() + " {"
    yield _comment(head, f"size: {struct.size}") if not indent else head
    for member in struct.members:
        yield from _member_lines(btf, member, indent + _INDENT, base)
    yield f"{indent}}}{end}"


def _member_lines(btf: Btf, member: BtfMember, indent: str, base: int) -> Iterator[str]:
    type_ = btf.type(member.type)
    bit = base + member.bit_offset
    size = btf.size_of(member.type) or 0
    if isinstance(type_, BtfStruct) and not type_.name:
        end = f" {member.name};" if member.name else ";"
        *lines, last = _struct_lines(btf, type_, indent, bit, end)
        yield from lines
        yield _comment(last, _place(bit // 8, size))
        return
    text = declare(btf, member.type, member.name)
    place = _place(bit // 8, size)
    if member.bitfield_size:
        text += f":{member.bitfield_size}"
        place = _bit_place(bit, size)
    yield _comment(f"{indent}{text};", place)


def _place(offset: int, size: int) -> str:
    return f"{offset:5}    {size:5}"


def _bit_place(bit: int, size: int) -> str:
    """Return a bit-field's place: its unit's offset, the first bit in it, and the unit's size."""
    unit = size * 8 or 8
    return f"{bit // unit * (unit // 8):5}:{bit % unit:2} {size:5}"


def _enum_lines(enum: BtfEnum, indent: str, end: str) -> Iterator[str]:
    yield _comment(f"{indent}enum {enum.name}".rstrip() + " {", f"size: {enum.size}")
    for name, value in enum.values:
        yield f"{indent}{_INDENT}{name} = {value},"
    yield f"{indent}}}{end}"


def _comment(text: str, comment: str) -> str:
    if comment.startswith("size"):
        return f"{text} /* {comment} */"
    return f"{text:<{_COMMENT_COLUMN}} /* {comment} */"
