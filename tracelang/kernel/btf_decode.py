"""Decoding one type of a BTF blob into its value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from tracelang.dataclass import dataclass
from tracelang.kernel.btf_blob import Blob, BtfError, Kind
from tracelang.kernel.btf_types import (
    BtfArray,
    BtfDeclarationTag,
    BtfEnum,
    BtfFloat,
    BtfForward,
    BtfFunction,
    BtfInt,
    BtfMember,
    BtfPointer,
    BtfPrototype,
    BtfQualifier,
    BtfSection,
    BtfStruct,
    BtfType,
    BtfTypedef,
    BtfVariable,
)

_SIGNED: Final = 1
_CHAR: Final = 2
_BOOL: Final = 4


@dataclass(frozen=True, slots=True)
class Record:
    """One type's words. `flag` is the kind flag, `word` its size or the id of its target.

    `at` is the index of the first word after the three that every type has; `target` maps a type
    id of the blob to the id it goes by outside.
    """

    blob: Blob
    number: int
    flag: bool
    count: int
    word: int
    at: int
    target: Callable[[int], int]

    @property
    def name(self) -> str:
        """The type's name, "" for none."""
        return self.blob.string(self.blob.names[self.number])

    def entries(self, words: int) -> list[tuple[int, ...]]:
        """Return the entries that follow, each of so many words."""
        flat = self.blob.words[self.at : self.at + words * self.count]
        return list(zip(*(flat[i::words] for i in range(words)), strict=True))


def decode(blob: Blob, number: int, target: Callable[[int], int]) -> BtfType:
    """Return type `number` (from 0) of a blob; raises `BtfError` where it makes no sense."""
    start = blob.starts[number]
    info = blob.words[start + 1]
    record = Record(
        blob, number, bool(info >> 31), info & 0xFFFF, blob.words[start + 2], start + 3, target
    )
    return _DECODERS[Kind(info >> 24 & 0x1F)](record)


def _integer(record: Record) -> BtfType:
    encoding = record.blob.words[record.at]
    flags = encoding >> 24 & 0xF
    return BtfInt(
        record.name,
        record.word,
        bool(flags & _SIGNED),
        bool(flags & _BOOL),
        bool(flags & _CHAR),
        encoding & 0xFF,
    )


def _pointer(record: Record) -> BtfType:
    return BtfPointer(record.target(record.word))


def _array(record: Record) -> BtfType:
    element, _index_type, length = record.blob.words[record.at : record.at + 3]
    return BtfArray(record.target(element), length)


def _structure(record: Record, *, is_union: bool) -> BtfType:
    members = []
    for name, type_id, place in record.entries(3):
        # With the kind flag the upper 8 bits of the place are the bit-field's size.
        offset, size = (place & 0xFFFFFF, place >> 24) if record.flag else (place, 0)
        members.append(BtfMember(record.blob.string(name), record.target(type_id), offset, size))
    return BtfStruct(record.name, record.word, is_union, tuple(members))


def _struct(record: Record) -> BtfType:
    return _structure(record, is_union=False)


def _union(record: Record) -> BtfType:
    return _structure(record, is_union=True)


def _enum(record: Record) -> BtfType:
    # Before the kind flag meant "signed", values were always to be read as signed.
    pairs = [(record.blob.string(name), value) for name, value in record.entries(2)]
    signed = record.flag
    return BtfEnum(
        record.name,
        record.word,
        signed,
        tuple((name, _sign(value, 32) if signed else value) for name, value in pairs),
    )


def _enum64(record: Record) -> BtfType:
    values = []
    for name, low, high in record.entries(3):
        value = low | high << 32
        values.append((record.blob.string(name), _sign(value, 64) if record.flag else value))
    return BtfEnum(record.name, record.word, record.flag, tuple(values))


def _sign(value: int, bits: int) -> int:
    return value - (1 << bits) if value >> (bits - 1) else value


def _forward(record: Record) -> BtfType:
    return BtfForward(record.name, record.flag)


def _typedef(record: Record) -> BtfType:
    return BtfTypedef(record.name, record.target(record.word))


def _qualifier(kind: str) -> Callable[[Record], BtfType]:
    def build(record: Record) -> BtfType:
        return BtfQualifier(kind, record.name, record.target(record.word))

    return build


def _function(record: Record) -> BtfType:
    return BtfFunction(record.name, record.target(record.word))


def _prototype(record: Record) -> BtfType:
    parameters = [(record.blob.string(n), record.target(t)) for n, t in record.entries(2)]
    return BtfPrototype(record.target(record.word), tuple(parameters))


def _variable(record: Record) -> BtfType:
    return BtfVariable(record.name, record.target(record.word), record.blob.words[record.at])


def _section(record: Record) -> BtfType:
    variables = tuple((record.target(t), offset, size) for t, offset, size in record.entries(3))
    return BtfSection(record.name, record.word, variables)


def _float(record: Record) -> BtfType:
    return BtfFloat(record.name, record.word)


def _declaration_tag(record: Record) -> BtfType:
    component = _sign(record.blob.words[record.at], 32)
    return BtfDeclarationTag(record.name, record.target(record.word), component)


def _void(_record: Record) -> BtfType:
    raise BtfError("a BTF type has no kind")


_DECODERS: Final[Mapping[Kind, Callable[[Record], BtfType]]] = {
    Kind.VOID: _void,
    Kind.INT: _integer,
    Kind.POINTER: _pointer,
    Kind.ARRAY: _array,
    Kind.STRUCT: _struct,
    Kind.UNION: _union,
    Kind.ENUM: _enum,
    Kind.FORWARD: _forward,
    Kind.TYPEDEF: _typedef,
    Kind.VOLATILE: _qualifier("volatile"),
    Kind.CONST: _qualifier("const"),
    Kind.RESTRICT: _qualifier("restrict"),
    Kind.FUNCTION: _function,
    Kind.PROTOTYPE: _prototype,
    Kind.VARIABLE: _variable,
    Kind.SECTION: _section,
    Kind.FLOAT: _float,
    Kind.DECLARATION_TAG: _declaration_tag,
    Kind.TYPE_TAG: _qualifier("type_tag"),
    Kind.ENUM64: _enum64,
}
