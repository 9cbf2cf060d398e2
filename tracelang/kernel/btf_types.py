"""The kinds of BTF type as values (Documentation/bpf/btf.rst); they refer to each other by type id.

Type id 0 is `void`. Sizes are in bytes unless a name says bits.
"""

from __future__ import annotations

from typing import TypeAlias

from tracelang.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class BtfVoid:
    """Type id 0."""


@dataclass(frozen=True, slots=True)
class BtfInt:
    """An integer, `char` and `bool` too. `bits` is below `size * 8` only in old bit-fields."""

    name: str
    size: int
    signed: bool
    is_bool: bool
    is_char: bool
    bits: int


@dataclass(frozen=True, slots=True)
class BtfPointer:
    """A pointer to the type `target`."""

    target: int


@dataclass(frozen=True, slots=True)
class BtfArray:
    """`length` elements of the type `element`; length 0 is a flexible array."""

    element: int
    length: int


@dataclass(frozen=True, slots=True)
class BtfMember:
    """A member of a struct or union; anonymous ones have the name "".

    `bit_offset` is from the start of the struct; `bitfield_size` is in bits, 0 for an ordinary
    member.
    """

    name: str
    type: int
    bit_offset: int
    bitfield_size: int


@dataclass(frozen=True, slots=True)
class BtfStruct:
    """A struct or union with its body; anonymous ones have the name ""."""

    name: str
    size: int
    is_union: bool
    members: tuple[BtfMember, ...]


@dataclass(frozen=True, slots=True)
class BtfEnum:
    """An enum with its (name, value) pairs; `size` is 8 for a 64-bit enum."""

    name: str
    size: int
    signed: bool
    values: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class BtfForward:
    """A struct or union that is named but not defined."""

    name: str
    is_union: bool


@dataclass(frozen=True, slots=True)
class BtfTypedef:
    """Another name for the type `target`."""

    name: str
    target: int


@dataclass(frozen=True, slots=True)
class BtfQualifier:
    """`kind` is const, volatile, restrict or type_tag; only a tag has a name (`user`, `rcu`)."""

    kind: str
    name: str
    target: int


@dataclass(frozen=True, slots=True)
class BtfFunction:
    """A kernel function; `prototype` is the id of its `BtfPrototype`."""

    name: str
    prototype: int


@dataclass(frozen=True, slots=True)
class BtfPrototype:
    """A function's type: (name, type id) of each parameter.

    A last parameter of type 0 without a name stands for `...`.
    """

    returns: int
    parameters: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class BtfVariable:
    """A kernel variable (per-CPU ones mostly); `linkage` is 0 for static, 1 for global."""

    name: str
    type: int
    linkage: int


@dataclass(frozen=True, slots=True)
class BtfSection:
    """A data section: (variable's type id, offset, size) of each variable in it."""

    name: str
    size: int
    variables: tuple[tuple[int, int, int], ...]


@dataclass(frozen=True, slots=True)
class BtfFloat:
    """A floating-point type."""

    name: str
    size: int


@dataclass(frozen=True, slots=True)
class BtfDeclarationTag:
    """A tag on the declaration `target`, or on its member or parameter `component` (-1: none)."""

    name: str
    target: int
    component: int


BtfType: TypeAlias = (
    BtfVoid
    | BtfInt
    | BtfPointer
    | BtfArray
    | BtfStruct
    | BtfEnum
    | BtfForward
    | BtfTypedef
    | BtfQualifier
    | BtfFunction
    | BtfPrototype
    | BtfVariable
    | BtfSection
    | BtfFloat
    | BtfDeclarationTag
)
