"""The types of a kernel and its modules, by id and by name: one numbering over several BTF blobs.

The kernel's own types keep their ids; each module's follow, in the order of the modules' names.
Modules are read only when a name is not among the kernel's own.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from typing import Final, TypeAlias

from tracelang.kernel.btf_blob import Blob, BtfError, Kind
from tracelang.kernel.btf_decode import decode
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
    BtfVoid,
)

__all__ = [
    "Btf",
    "BtfArray",
    "BtfDeclarationTag",
    "BtfEnum",
    "BtfError",
    "BtfFloat",
    "BtfForward",
    "BtfFunction",
    "BtfInt",
    "BtfMember",
    "BtfPointer",
    "BtfPrototype",
    "BtfQualifier",
    "BtfSection",
    "BtfStruct",
    "BtfType",
    "BtfTypedef",
    "BtfVariable",
    "BtfVoid",
]

Modules: TypeAlias = Callable[[], Mapping[str, bytes]]
"""Gives the split BTF of each module by the module's name; called once, when it is needed."""

_KINDS: Final = {
    "int": (Kind.INT,),
    "struct": (Kind.STRUCT,),
    "union": (Kind.UNION,),
    "enum": (Kind.ENUM, Kind.ENUM64),
    "typedef": (Kind.TYPEDEF,),
    "function": (Kind.FUNCTION,),
    "variable": (Kind.VARIABLE,),
    "float": (Kind.FLOAT,),
}
_WITH_BODY: Final = ("struct", "union", "enum")
_VOID: Final = BtfVoid()


def no_modules() -> Mapping[str, bytes]:
    """Return the modules of a kernel without any."""
    return {}


class Btf:
    """A kernel's types. Decoding is lazy and remembered; look-ups by name take about a millisecond.

    `find`, `names` and `enumerator` take `kind` as one of: int, struct, union, enum, typedef,
    function, variable, float. Raises `BtfError` for bytes that are not BTF.
    """

    def __init__(self, data: bytes, modules: Modules = no_modules) -> None:
        self._kernel = Blob(data)
        self._read_modules = modules
        self._blobs: list[tuple[str, Blob]] | None = None
        self._first_ids: list[int] = []
        self._types: dict[int, BtfType] = {0: _VOID}
        self._constants: dict[str, tuple[int, int] | None] = {}
        self._found: dict[tuple[str, str], int | None] = {}

    def __len__(self) -> int:
        """Return how many types the kernel itself has; their ids are 1 to that."""
        return len(self._kernel)

    def type(self, id_: int) -> BtfType:
        """Return the type of an id; raises `KeyError` for an id that does not exist."""
        try:
            return self._types[id_]
        except KeyError:
            decoded = self._types[id_] = self._decode(id_)
            return decoded

    def find(self, kind: str, name: str) -> int | None:
        """Return the id of the named type, or None; of several the first that has a body."""
        key = (kind, name)
        if key not in self._found:
            self._found[key] = self._find(kind, name)
        return self._found[key]

    def function(self, name: str) -> BtfPrototype | None:
        """Return what a kernel function takes and returns, or None when it is not described."""
        found = self.find("function", name)
        if found is None:
            return None
        function = self.type(found)
        assert isinstance(function, BtfFunction)
        prototype = self.type(function.prototype)
        return prototype if isinstance(prototype, BtfPrototype) else None

    def enumerator(self, name: str) -> tuple[int, int] | None:
        """Return the value of an enum's constant and the enum's id, or None."""
        if name not in self._constants:
            self._constants[name] = self._find_constant(name) if name else None
        return self._constants[name]

    def constants(self) -> Iterator[str]:
        """Yield the name of each constant of each enum; decoding all enums takes 0.1 s."""
        for first_id, blob in self._each():
            for number in range(len(blob)):
                if _kind(blob, number) in _KINDS["enum"]:
                    enum = self.type(first_id + number)
                    assert isinstance(enum, BtfEnum)
                    yield from (word for word, _ in enum.values)

    def names(self, kind: str) -> Iterator[str]:
        """Yield the names of all types of a kind, in order of id, the modules' last."""
        yield from self.names_after(kind, "")

    def names_after(self, kind: str, prefix: str) -> Iterator[str]:
        """Yield what follows `prefix` in the names of a kind that start with it."""
        kinds = frozenset(_KINDS[kind])
        start = prefix.encode()
        for _, blob in self._each():
            for name in blob.names_of(kinds):
                if name.startswith(start):
                    yield name[len(start) :].decode(errors="replace")

    def strip(self, id_: int) -> tuple[int, bool]:
        """Go through typedefs and qualifiers; tell what is behind, and whether `user` was a tag."""
        is_user = False
        while isinstance(type_ := self.type(id_), BtfTypedef | BtfQualifier):
            if isinstance(type_, BtfQualifier) and type_.kind == "type_tag":
                is_user |= type_.name == "user"
            id_ = type_.target
        return id_, is_user

    def size_of(self, id_: int) -> int | None:
        """Return a type's size in bytes, or None for what has none (void, functions, forwards)."""
        type_ = self.type(self.strip(id_)[0])
        match type_:
            case BtfPointer():
                return 8
            case BtfArray(element, length):
                size = self.size_of(element)
                return None if size is None else size * length
            case BtfVariable():
                return self.size_of(type_.type)
        return getattr(type_, "size", None)

    def module_of(self, id_: int) -> str:
        """Return the module that has the type, "" for the kernel itself."""
        return self._place(id_)[0]

    def _find(self, kind: str, name: str) -> int | None:
        without_body: int | None = None
        for first_id, blob in self._each():
            for number in blob.named(name) if name else ():
                if _kind(blob, number) in _KINDS[kind]:
                    if blob.words[blob.starts[number] + 1] & 0xFFFF or kind not in (
                        "struct",
                        "enum",
                    ):
                        return first_id + number
                    without_body = without_body or first_id + number
        return without_body

    def _find_constant(self, name: str) -> tuple[int, int] | None:
        for first_id, blob in self._each():
            for position in blob.mentions(name):
                number = bisect_right(blob.starts, position) - 1
                if _kind(blob, number) not in _KINDS["enum"]:
                    continue
                enum = self.type(first_id + number)
                assert isinstance(enum, BtfEnum)
                for word, value in enum.values:
                    if word == name:
                        return value, first_id + number
        return None

    def _each(self) -> Iterator[tuple[int, Blob]]:
        """Yield the first id of each blob, and the blob, the kernel's own first."""
        yield 1, self._kernel
        modules = self._modules()
        yield from zip(self._first_ids, (blob for _, blob in modules), strict=True)

    def _modules(self) -> list[tuple[str, Blob]]:
        if self._blobs is None:
            self._blobs = []
            first_ids = [len(self._kernel) + 1]
            for module, data in sorted(self._read_modules().items()):
                try:
                    blob = Blob(data, self._kernel)
                except BtfError:
                    continue  # one module more or less: the rest is still worth having
                self._blobs.append((module, blob))
                first_ids.append(first_ids[-1] + len(blob))
            self._first_ids = first_ids[:-1]
        return self._blobs

    def _place(self, id_: int) -> tuple[str, Blob, int]:
        """Return the module, the blob and the number of the type in it."""
        if 0 < id_ <= len(self._kernel):
            return "", self._kernel, id_ - 1
        modules = self._modules() if id_ > 0 else []
        index = bisect_right(self._first_ids, id_) - 1
        if index < 0 or id_ - self._first_ids[index] >= len(modules[index][1]):
            raise KeyError(id_)
        module, blob = modules[index]
        return module, blob, id_ - self._first_ids[index]

    def _decode(self, id_: int) -> BtfType:
        _, blob, number = self._place(id_)
        # In its own blob a module's types count on from the kernel's; here they may stand further
        # back.
        shift = (id_ - number) - blob.first_id
        own = blob.first_id

        def target(inner: int) -> int:
            return inner + shift if inner >= own else inner

        return decode(blob, number, target)


def _kind(blob: Blob, number: int) -> int:
    return blob.words[blob.starts[number] + 1] >> 24 & 0x1F
