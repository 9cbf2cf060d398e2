"""Modules: the files that processes run code from, and the functions in them."""

from __future__ import annotations

import ctypes
import os
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from tracelang.binaries.addresses import FunctionTable
from tracelang.binaries.elf import ElfFile, open_elf, parse_elf
from tracelang.binaries.errors import BinaryError
from tracelang.decoders.frames import Frame
from tracelang.symbols.demangle import demangle
from tracelang.symbols.mappings import Mapping

_DELETED: Final = " (deleted)"
VDSO: Final = "[vdso]"
_AT_SYSINFO_EHDR: Final = 33


@dataclass(eq=False)
class Module:
    """One file with code. It is opened at once, so that it may be removed, and read when asked."""

    name: str
    elf: ElfFile | None

    def frame(self, offset: int, place: int) -> Frame:
        """Return the function around a file offset; its own offset is that of `place`."""
        address = self._address(offset)
        found = self._functions.find(address) if self._functions and address is not None else None
        if found is None:
            return Frame("", self.name, place)
        name, inside = found
        return Frame(demangle(name), self.name, inside + place - offset)

    @cached_property
    def _functions(self) -> FunctionTable | None:
        if self.elf is None:
            return None
        # A damaged table is as good as none.
        with suppress(BinaryError, ValueError, IndexError, OverflowError):
            return FunctionTable(self.elf)
        return None

    def _address(self, offset: int) -> int | None:
        for segment in self.elf.segments if self.elf is not None else ():
            if segment.offset <= offset < segment.offset + segment.size:
                return offset - segment.offset + segment.address
        return None


class Modules:
    """Every module met so far, each file once."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, int], Module] = {}

    def of(self, pid: int, mapping: Mapping) -> Module:
        """Return the module a process has mapped, opening its file while it can be found."""
        key = (mapping.path, mapping.inode)
        module = self._known.get(key)
        if module is None or module.elf is None:
            module = self._known[key] = self._open(pid, mapping)
        return module

    def _open(self, pid: int, mapping: Mapping) -> Module:
        name = Path(mapping.path.removesuffix(_DELETED)).name
        if mapping.path == VDSO:
            return Module(VDSO.strip("[]"), _own_vdso())
        for path in _places(pid, mapping):
            with suppress(BinaryError, OSError):
                if _is_same(path, mapping):
                    return Module(name, open_elf(path))
        return Module(name, None)


def _places(pid: int, mapping: Mapping) -> tuple[str, ...]:
    """Return where a mapped file may be found: by its name, or through the living process."""
    return (
        mapping.path,
        f"/proc/{pid}/map_files/{mapping.start:x}-{mapping.end:x}",
        f"/proc/{pid}/root{mapping.path}",
    )


def _is_same(path: str, mapping: Mapping) -> bool:
    """Tell whether a path still means the file that was mapped.

    What the process itself has mapped is believed: on overlay file systems the numbers differ.
    """
    return path.startswith("/proc/") or os.stat(path).st_ino == mapping.inode  # noqa: PTH116


def _own_vdso() -> ElfFile | None:
    """Return the code the kernel maps into every process, as this one has it."""
    address = ctypes.CDLL(None).getauxval
    address.restype = ctypes.c_ulong
    start = address(ctypes.c_ulong(_AT_SYSINFO_EHDR))
    if not start:
        return None
    for line in Path("/proc/self/maps").read_text().splitlines():
        if line.endswith(VDSO):
            low, _, high = line.split()[0].partition("-")
            size = int(high, 16) - int(low, 16)
            with suppress(BinaryError):
                return parse_elf(VDSO, ctypes.string_at(start, size))
    return None
