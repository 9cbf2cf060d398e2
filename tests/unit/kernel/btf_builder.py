"""Builds BTF blobs word by word, as Documentation/bpf/btf.rst lays them out."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

MAGIC = 0xEB9F


@dataclass
class BtfBuilder:
    """Collects types; `add` returns the id of each. `order` is the byte order as struct has it."""

    order: str = "<"
    first_id: int = 1
    first_string: int = 0
    _types: bytearray = field(default_factory=bytearray)
    _strings: bytearray = field(default_factory=bytearray)
    _count: int = 0

    def __post_init__(self) -> None:
        if not self.first_string:
            self._strings += b"\0"

    def split(self) -> BtfBuilder:
        """Return a builder of a module's blob on top of this one."""
        return BtfBuilder(self.order, self.first_id + self._count, len(self._strings))

    def text(self, text: str) -> int:
        """Return the offset of a string, added if it is new."""
        if not text:
            return 0
        data = text.encode() + b"\0"
        found = (b"\0" + bytes(self._strings)).find(b"\0" + data)
        if found < 0:
            found = len(self._strings)
            self._strings += data
        return self.first_string + found

    def add(
        self,
        kind: int,
        name: str = "",
        word: int = 0,
        tail: tuple[int, ...] = (),
        *,
        count: int = 0,
        flag: bool = False,
    ) -> int:
        """Add a type: `word` is its size or target, `tail` the words that follow."""
        words = (self.text(name), flag << 31 | kind << 24 | count, word, *tail)
        self._types += struct.pack(f"{self.order}{len(words)}I", *(w & 0xFFFFFFFF for w in words))
        self._count += 1
        return self.first_id + self._count - 1

    def integer(self, name: str, size: int, encoding: int = 0, bits: int | None = None) -> int:
        """Add an integer; `encoding` is 1 for signed, 2 for char, 4 for bool."""
        return self.add(1, name, size, (encoding << 24 | (size * 8 if bits is None else bits),))

    def struct(
        self,
        name: str,
        size: int,
        members: tuple[tuple[str, int, int], ...],
        *,
        kind: int = 4,
        flag: bool = False,
    ) -> int:
        """Add a struct of (name, type, place) members; kind 5 is a union."""
        tail = tuple(w for n, type_, place in members for w in (self.text(n), type_, place))
        return self.add(kind, name, size, tail, count=len(members), flag=flag)

    def enum(self, name: str, values: tuple[tuple[str, int], ...], *, signed: bool = False) -> int:
        """Add a 4-byte enum."""
        tail = tuple(w for n, value in values for w in (self.text(n), value))
        return self.add(6, name, 4, tail, count=len(values), flag=signed)

    def function(self, name: str, returns: int, parameters: tuple[tuple[str, int], ...]) -> int:
        """Add a function and its prototype; return the function's id."""
        tail = tuple(w for n, type_ in parameters for w in (self.text(n), type_))
        prototype = self.add(13, "", returns, tail, count=len(parameters))
        return self.add(12, name, prototype)

    def build(self) -> bytes:
        """Return the blob."""
        lengths = (0, len(self._types), len(self._types), len(self._strings))
        header = struct.pack(self.order + "HBBIIIII", MAGIC, 1, 0, 24, *lengths)
        return header + bytes(self._types) + bytes(self._strings)
