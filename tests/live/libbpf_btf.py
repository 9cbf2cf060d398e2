"""libbpf's reading of BTF, through ctypes: a second opinion that shares no code with ours."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from pathlib import Path


class _Type(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_uint32),
        ("info", ctypes.c_uint32),
        ("word", ctypes.c_uint32),
    )


class _Triple(ctypes.Structure):
    _fields_ = (("name", ctypes.c_uint32), ("type", ctypes.c_uint32), ("place", ctypes.c_uint32))


@dataclass(frozen=True)
class Member:
    """A member as libbpf's inline helpers read it."""

    name: str
    type: int
    bit_offset: int
    bitfield_size: int


class LibbpfBtf:
    """The BTF of a file, a module's on top of the kernel's."""

    def __init__(self, file: Path, base: LibbpfBtf | None = None) -> None:
        self._library = lib = ctypes.CDLL("libbpf.so.1")
        lib.btf__parse_split.restype = ctypes.c_void_p
        lib.btf__parse_split.argtypes = (ctypes.c_char_p, ctypes.c_void_p)
        lib.btf__free.argtypes = lib.btf__type_cnt.argtypes = (ctypes.c_void_p,)
        lib.btf__type_cnt.restype = ctypes.c_uint32
        lib.btf__resolve_size.argtypes = (ctypes.c_void_p, ctypes.c_uint32)
        lib.btf__resolve_size.restype = ctypes.c_int64
        lib.btf__name_by_offset.argtypes = (ctypes.c_void_p, ctypes.c_uint32)
        lib.btf__name_by_offset.restype = ctypes.c_char_p
        lib.btf__type_by_id.argtypes = (ctypes.c_void_p, ctypes.c_uint32)
        lib.btf__type_by_id.restype = ctypes.c_void_p
        lib.btf__find_by_name_kind.argtypes = (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_uint32)
        under = base.handle if base is not None else None
        self.handle: int | None = lib.btf__parse_split(bytes(file), under)
        assert self.handle, "libbpf refuses this BTF"

    def close(self) -> None:
        """Free it."""
        self._library.btf__free(self.handle)

    def __len__(self) -> int:
        """Return the number of types, void and the base's among them."""
        return int(self._library.btf__type_cnt(self.handle))

    def size(self, id_: int) -> int | None:
        """Return a type's size, None for what has none."""
        size = int(self._library.btf__resolve_size(self.handle, id_))
        return size if size >= 0 else None

    def find(self, kind: int, name: str) -> int | None:
        """Return the first type of that kind and name."""
        found = int(self._library.btf__find_by_name_kind(self.handle, name.encode(), kind))
        return found if found > 0 else None

    def kind(self, id_: int) -> int:
        """Return the number of a type's kind."""
        return int(self._type(id_).info) >> 24 & 0x1F

    def name(self, id_: int) -> str:
        """Return a type's name."""
        return self._name(self._type(id_).name)

    def members(self, id_: int) -> list[Member]:
        """Return a struct's or union's members."""
        address = self._library.btf__type_by_id(self.handle, id_)
        info = _Type.from_address(address).info
        triples = (_Triple * (info & 0xFFFF)).from_address(address + ctypes.sizeof(_Type))
        with_bits = bool(info >> 31)
        return [
            Member(
                self._name(t.name),
                t.type,
                t.place & 0xFFFFFF if with_bits else t.place,
                t.place >> 24 if with_bits else 0,
            )
            for t in triples
        ]

    def _type(self, id_: int) -> _Type:
        return _Type.from_address(self._library.btf__type_by_id(self.handle, id_))

    def _name(self, offset: int) -> str:
        text: bytes = self._library.btf__name_by_offset(self.handle, offset)
        return text.decode()
