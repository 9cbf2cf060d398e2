"""From BTF to tracelang's types: what a type id, a member path or a written type name means."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tracelang.dataclass import dataclass
from tracelang.kernel.btf import Btf
from tracelang.kernel.btf_types import (
    BtfArray,
    BtfEnum,
    BtfForward,
    BtfInt,
    BtfPointer,
    BtfQualifier,
    BtfStruct,
    BtfTypedef,
    BtfVariable,
)
from tracelang.semantic.types import (
    Array,
    EnumType,
    Flavour,
    Int,
    Pointer,
    Space,
    Struct,
    Type,
)
from tracelang.syntax import ast

_PLAIN_TYPES: Final = {
    "bool": Int(1, signed=False, flavour=Flavour.BOOL),
    "char": Int(1, signed=True, flavour=Flavour.CHAR),
    "short": Int(2, signed=True, name="short"),
    "int": Int(4, signed=True, name="int"),
    "long": Int(8, signed=True, name="long"),
    "unsigned": Int(4, signed=False, name="unsigned int"),
    "size_t": Int(8, signed=False, name="size_t"),
    "ssize_t": Int(8, signed=True, name="ssize_t"),
    "duration": Int(8, signed=False, flavour=Flavour.DURATION),
    **{
        f"{prefix}{bits}{suffix}": Int(bits // 8, signed=signed)
        for prefix, suffix, signed in (
            ("u", "", False),
            ("s", "", True),
            ("i", "", True),
            ("uint", "_t", False),
            ("int", "_t", True),
        )
        for bits in (8, 16, 32, 64)
    },
    **{
        f"__be{bits}": Int(bits // 8, signed=False, name=f"__be{bits}", flavour=Flavour.BIG_ENDIAN)
        for bits in (16, 32, 64)
    },
}

_C_SIZES: Final = {
    "char": (1, True),
    "unsigned char": (1, False),
    "short": (2, True),
    "unsigned short": (2, False),
    "int": (4, True),
    "unsigned": (4, False),
    "unsigned int": (4, False),
    "long": (8, True),
    "unsigned long": (8, False),
    "long long": (8, True),
    "unsigned long long": (8, False),
}
"""Bytes and sign of C's own integers on 64-bit Linux."""

_TEXT_MEMBERS: Final = {("qstr", "name")}
"""Text that the kernel declares as `unsigned char *`: the names of dentries."""


@dataclass(frozen=True, slots=True)
class FoundMember:
    """A member of a struct: its type, its place from the struct's start, and its name or names.

    `bits` is (first bit from `offset`, number of bits) for a bit-field, else None.
    """

    type: Type
    offset: int
    bits: tuple[int, int] | None


class TypeTable:
    """Answers questions about one kernel's types. `btf` is None where the kernel has none."""

    def __init__(self, btf: Btf | None) -> None:
        self.btf = btf
        self._types: dict[tuple[int, Space], Type] = {}

    def of(self, type_id: int, space: Space = Space.KERNEL) -> Type:
        """Return the type of a BTF id; its pointers point to `space` unless BTF tags say user."""
        key = (type_id, space)
        if key not in self._types:
            self._types[key] = self._convert(type_id, space)
        return self._types[key]

    def _convert(self, type_id: int, space: Space) -> Type:
        assert self.btf is not None
        name = ""
        while True:
            kind = self.btf.type(type_id) if type_id else None
            match kind:
                case BtfTypedef(typedef_name, target):
                    name, type_id = name or typedef_name, target
                case BtfQualifier(_, _, target):
                    type_id = target
                case BtfInt():
                    return _integer(kind, name)
                case BtfEnum():
                    return EnumType(
                        kind.name or name,
                        kind.size,
                        kind.signed,
                        tuple((value, word) for word, value in kind.values),
                    )
                case BtfPointer(target):
                    return self._pointer(target, space)
                case BtfStruct():
                    keyword = "union" if kind.is_union else "struct"
                    return Struct(type_id, kind.name or "", kind.size, keyword)
                case BtfArray(element, length):
                    inner = self.of(element, space)
                    return Array(inner, length, self.size_of(inner))
                case BtfForward():
                    return Struct(0, kind.name, 0)
                case _:
                    return Int(8, signed=False, name="void")

    def _pointer(self, target: int, space: Space) -> Pointer:
        inner, is_user = self._strip(target)
        return Pointer(inner, Space.USER if is_user else space, self.spell_pointer(inner))

    def _strip(self, type_id: int) -> tuple[int, bool]:
        """Remove qualifiers (not typedefs); tell whether a `user` tag was among them."""
        assert self.btf is not None
        is_user = False
        while type_id and isinstance(kind := self.btf.type(type_id), BtfQualifier):
            is_user |= kind.kind == "type_tag" and kind.name == "user"
            type_id = kind.target
        return type_id, is_user

    def spell_pointer(self, target: int) -> str:
        """Return the C text of a pointer to a BTF id."""
        inner = self.spell(target)
        return f"{inner}*" if inner.endswith("*") else f"{inner} *"

    def spell(self, type_id: int) -> str:
        """Return the C text of a BTF id, for messages."""
        if not type_id or self.btf is None:
            return "void"
        type_id, _ = self._strip(type_id)
        if not type_id:
            return "void"
        kind = self.btf.type(type_id)
        match kind:
            case BtfPointer(target):
                return self.spell_pointer(target)
            case BtfArray(element, length):
                return f"{self.spell(element)}[{length or ''}]"
            case BtfStruct():
                return f"{'union' if kind.is_union else 'struct'} {kind.name or '{…}'}"
            case BtfEnum():
                return f"enum {kind.name}" if kind.name else "enum"
            case BtfForward():
                return f"struct {kind.name}"
        return getattr(kind, "name", "") or "function"

    @staticmethod
    def size_of(type_: Type) -> int:
        """Return a type's size in memory, in bytes (0 for a flexible array)."""
        match type_:
            case Int(size) | EnumType(_, size):
                return size
            case Pointer():
                return 8
            case Struct():
                return type_.size
            case Array(_, length, element_size):
                return length * element_size
        raise TypeError(f"{type_} has no size in memory")

    # --- Structs ----------------------------------------------------------------------------------

    def struct(self, name: str, keyword: str = "struct") -> Struct | None:
        """Return the struct or union of that name, or None."""
        if self.btf is None:
            return None
        found = self.btf.find(keyword, name)
        if found is None:
            return None
        type_ = self.of(found)
        return type_ if isinstance(type_, Struct) else None

    def pointer_to(self, struct: Struct, space: Space = Space.KERNEL) -> Pointer:
        """Return the type of pointers to `struct`."""
        return Pointer(struct.id, space, f"{struct} *")

    def member(self, struct: Struct, name: str, space: Space) -> FoundMember | None:
        """Find a member by name, looking through anonymous structs and unions."""
        return self._find_member(struct.id, name, 0, space)

    def _find_member(self, id_: int, name: str, base: int, space: Space) -> FoundMember | None:
        if not id_ or self.btf is None:
            return None
        kind = self.btf.type(id_)
        assert isinstance(kind, BtfStruct)
        for member in kind.members:
            bit = base * 8 + member.bit_offset
            if member.name == name and (kind.name, name) in _TEXT_MEMBERS:
                return FoundMember(Pointer(0, space, "char *"), bit // 8, None)
            if member.name == name:
                if member.bitfield_size:
                    return FoundMember(
                        self.of(member.type, space), bit // 8, (bit % 8, member.bitfield_size)
                    )
                return FoundMember(self.of(member.type, space), bit // 8, None)
            if not member.name:
                inner = self.of(member.type, space)
                if isinstance(inner, Struct):
                    found = self._find_member(inner.id, name, bit // 8, space)
                    if found:
                        return found
        return None

    def member_names(self, struct: Struct) -> Iterator[str]:
        """Yield the names a `.` may be followed by."""
        if not struct.id or self.btf is None:
            return
        kind = self.btf.type(struct.id)
        assert isinstance(kind, BtfStruct)
        for member in kind.members:
            if member.name:
                yield member.name
            else:
                inner = self.of(member.type)
                if isinstance(inner, Struct):
                    yield from self.member_names(inner)

    def pointee(self, pointer: Pointer) -> Type | None:
        """Return what a pointer points to, or None for `void *`."""
        if not pointer.target or self.btf is None:
            return None
        type_ = self.of(pointer.target, pointer.space)
        if isinstance(type_, Int) and type_.name == "void":
            return None
        return type_

    def from_c(self, text: str, space: Space, size: int, *, signed: bool) -> Type:
        """Return the type of a C declaration's text (`const char *`, `umode_t`, `struct inode *`).

        `size` and `signed` stand in where this kernel does not know the name.
        """
        words = [
            w for w in text.replace("*", " * ").split() if w not in ("const", "volatile", "__user")
        ]
        stars = words.count("*")
        base = [w for w in words if w != "*"]
        name = " ".join(base)
        if stars:
            target = self._tag_or_name(base) if stars == 1 else None
            return Pointer(target or 0, space, f"{name} {'*' * stars}")
        found = self._tag_or_name(base)
        type_ = self.of(found, space) if found else None
        if isinstance(type_, Int | EnumType | Pointer) and self.size_of(type_) <= size:
            return type_
        known = _C_SIZES.get(name)
        if known is not None and known[0] <= size:
            return Int(known[0], known[1], name)
        return Int(size, signed, name)

    def _tag_or_name(self, words: list[str]) -> int | None:
        if self.btf is None or not words:
            return None
        if words[0] in ("struct", "union", "enum") and len(words) > 1:
            return self.btf.find(words[0], words[1])
        name = " ".join(words)
        return self.btf.find("typedef", name) or self.btf.find("int", name)

    # --- Names ------------------------------------------------------------------------------------

    def enumerator(self, name: str) -> tuple[int, EnumType] | None:
        """Return a kernel constant's value and the enum that holds it."""
        if self.btf is None:
            return None
        found = self.btf.enumerator(name)
        if found is None:
            return None
        value, enum_id = found
        type_ = self.of(enum_id)
        assert isinstance(type_, EnumType)
        return value, type_

    def variable(self, name: str) -> Type | None:
        """Return the type of a kernel variable, where BTF has it (per-CPU ones, mostly)."""
        if self.btf is None or (found := self.btf.find("variable", name)) is None:
            return None
        kind = self.btf.type(found)
        return self.of(kind.type) if isinstance(kind, BtfVariable) else None

    def named(self, written: ast.TypeName, space: Space) -> Type | None:
        """Return the type a script spells, or None when this kernel has no such type.

        A struct named without a star is taken by its address, as function arguments are.
        """
        if written.keyword:
            return self._named_tag(written, space)
        plain = _PLAIN_TYPES.get(written.name)
        if plain is not None:
            return self._point_at_plain(written, plain, space)
        if self.btf is None or (found := self.btf.find("typedef", written.name)) is None:
            return None
        type_ = self.of(found, space)
        if isinstance(type_, Struct):
            return self.pointer_to(type_, space)
        return type_ if not written.pointers else Pointer(found, space, f"{written.name} *")

    def _named_tag(self, written: ast.TypeName, space: Space) -> Type | None:
        if self.btf is None or (found := self.btf.find(written.keyword, written.name)) is None:
            return None
        type_ = self.of(found, space)
        if not isinstance(type_, Struct):
            return type_
        return self.pointer_to(type_, space)

    def _point_at_plain(self, written: ast.TypeName, plain: Int, space: Space) -> Type:
        if not written.pointers:
            return plain
        found = None
        if self.btf is not None and written.pointers == 1:
            found = self.btf.find("int", written.name) or self.btf.find("typedef", written.name)
        return Pointer(found or 0, space, f"{written.name} {'*' * written.pointers}")

    @staticmethod
    def plain_names() -> tuple[str, ...]:
        """Return the type names that need no BTF."""
        return tuple(_PLAIN_TYPES)


def _integer(kind: BtfInt, name: str) -> Int:
    if kind.is_bool:
        return Int(kind.size, signed=False, flavour=Flavour.BOOL)
    if name.startswith("__be"):
        return Int(kind.size, kind.signed, name, Flavour.BIG_ENDIAN)
    if not name and kind.size == 1 and kind.name in ("char", "signed char"):
        return Int(1, signed=True, name=kind.name, flavour=Flavour.CHAR)
    return Int(min(kind.size, 8), kind.signed, name or kind.name)


def is_text_pointer(table: TypeTable, type_: Type) -> bool:
    """Tell whether a type is `char *` or `const char *`."""
    if not isinstance(type_, Pointer):
        return False
    if type_.spelling == "char *":
        return True
    inner = table.pointee(type_)
    return isinstance(inner, Int) and inner.flavour is Flavour.CHAR
