"""One BTF blob: its header, the index of where each type starts, and its strings.

The format is Documentation/bpf/btf.rst's. A kernel module's blob is *split*: its ids and string
offsets go on where those of the kernel's own blob end.
"""

from __future__ import annotations

import struct
import sys
from array import array
from collections.abc import Collection, Iterator
from enum import IntEnum
from typing import Final

_MAGIC: Final = 0xEB9F
_HEADER: Final = "HBBIIIII"


class Kind(IntEnum):
    """The kind of a type, as the blob numbers it."""

    VOID = 0
    INT = 1
    POINTER = 2
    ARRAY = 3
    STRUCT = 4
    UNION = 5
    ENUM = 6
    FORWARD = 7
    TYPEDEF = 8
    VOLATILE = 9
    CONST = 10
    RESTRICT = 11
    FUNCTION = 12
    PROTOTYPE = 13
    VARIABLE = 14
    SECTION = 15
    FLOAT = 16
    DECLARATION_TAG = 17
    TYPE_TAG = 18
    ENUM64 = 19


_TAIL_WORDS: Final = {Kind.INT: 1, Kind.ARRAY: 3, Kind.VARIABLE: 1, Kind.DECLARATION_TAG: 1}
_WORDS_PER_ENTRY: Final = {
    Kind.STRUCT: 3,
    Kind.UNION: 3,
    Kind.ENUM: 2,
    Kind.PROTOTYPE: 2,
    Kind.SECTION: 3,
    Kind.ENUM64: 3,
}


class BtfError(ValueError):
    """The bytes are not BTF, or damaged, or of a kind this version does not know."""


class _Steps(dict[int, int]):
    """From a type's info word to its length in words; few words are distinct."""

    def __missing__(self, info: int) -> int:
        try:
            kind = Kind(info >> 24 & 0x1F)
        except ValueError as error:
            raise BtfError(f"unknown kind of BTF type {info >> 24 & 0x1F}") from error
        if kind is Kind.VOID:
            raise BtfError("a BTF type has no kind")
        words = 3 + _TAIL_WORDS.get(kind, 0) + _WORDS_PER_ENTRY.get(kind, 0) * (info & 0xFFFF)
        self[info] = words
        return words


class Blob:
    """A parsed header and an index, both in memory; nothing else is decoded.

    `words` is the type section as native 32-bit words. `starts[n]` is the index of type n's first
    word, where n counts from 0 in this blob. `names[n]` is its name's offset.
    """

    __slots__ = ("_name_bytes", "_strings", "_word_bytes", "base", "names", "starts", "words")

    def __init__(self, data: bytes, base: Blob | None = None) -> None:
        self.base = base
        order = _byte_order(data)
        try:
            fields = struct.unpack_from(order + _HEADER, data)
        except struct.error as error:
            raise BtfError("the BTF header is cut short") from error
        _, version, _, header, type_offset, type_length, string_offset, string_length = fields
        types = data[header + type_offset :][:type_length]
        self._strings = data[header + string_offset :][:string_length]
        if version != 1 or len(types) != type_length or len(self._strings) != string_length:
            raise BtfError("the BTF header does not fit its data")
        if type_length % 4:
            raise BtfError("the BTF type section is not made of words")
        self.words = array("I", types)
        if (order == "<") != (sys.byteorder == "little"):
            self.words.byteswap()
            types = self.words.tobytes()
        self._word_bytes = types
        self.starts, self.names = _index(self.words)
        self._name_bytes = self.names.tobytes()

    def __len__(self) -> int:
        return len(self.starts)

    @property
    def first_id(self) -> int:
        """The id of this blob's first type; 0 is void."""
        return 1 if self.base is None else self.base.first_id + len(self.base)

    @property
    def first_string(self) -> int:
        """The offset of this blob's first string."""
        return 0 if self.base is None else self.base.first_string + len(self.base._strings)

    def string(self, offset: int) -> str:
        """Return the string at an offset."""
        if self.base is not None:
            if offset < self.first_string:
                return self.base.string(offset)
            offset -= self.first_string
        end = self._strings.find(b"\0", offset)
        if end < 0:
            raise BtfError(f"no string at offset {offset}")
        return self._strings[offset:end].decode(errors="replace")

    def offsets_of(self, text: str) -> Iterator[int]:
        """Yield the offsets of a string: at most one here and one in the base; each is unique."""
        if self.base is not None:
            yield from self.base.offsets_of(text)
        found = self._strings.find(b"\0" + text.encode() + b"\0")
        if found >= 0:
            yield found + 1 + self.first_string

    def named(self, text: str) -> Iterator[int]:
        """Yield the numbers of the types of that name, in order."""
        for offset in self.offsets_of(text):
            yield from _find_word(self._name_bytes, offset)

    def names_of(self, kinds: Collection[int]) -> Iterator[bytes]:
        """Yield the names of the types of some kinds, in order, anonymous ones left out."""
        words, names, base = self.words, self.names, self.first_string
        find, strings = self._strings.find, self._strings
        for number, start in enumerate(self.starts):
            if words[start + 1] >> 24 & 0x1F in kinds and (offset := names[number]):
                if offset < base:
                    yield self.string(offset).encode()
                else:
                    yield strings[offset - base : find(b"\0", offset - base)]

    def mentions(self, text: str) -> Iterator[int]:
        """Yield the indices of words that may be that string's offset, or its number by chance."""
        for offset in self.offsets_of(text):
            yield from _find_word(self._word_bytes, offset)


def _byte_order(data: bytes) -> str:
    for order in "<>":
        if len(data) >= 2 and struct.unpack_from(order + "H", data)[0] == _MAGIC:
            return order
    raise BtfError("these bytes are not BTF")


def _index(words: array[int]) -> tuple[array[int], array[int]]:
    """Return where each type starts and its name's offset. A tight loop: it runs 126,000 times."""
    starts, names = array("I"), array("I")
    steps = _Steps()
    add_start, add_name = starts.append, names.append
    position, end = 0, len(words)
    try:
        while position < end:
            add_start(position)
            add_name(words[position])
            position += steps[words[position + 1]]
    except IndexError as error:
        raise BtfError("the BTF type section is cut short") from error
    if position != end:
        raise BtfError("the BTF type section is cut short")
    return starts, names


def _find_word(data: bytes, word: int) -> Iterator[int]:
    """Yield the indices of the words equal to `word`. Searching bytes is much the fastest."""
    pattern = word.to_bytes(4, sys.byteorder)
    position = data.find(pattern)
    while position >= 0:
        if position % 4 == 0:
            yield position // 4
            position += 4
        else:
            position += 1
        position = data.find(pattern, position)
