"""Symbols stripped from a binary and kept elsewhere: debug packages, MiniDebugInfo."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from tracelang.binaries.elf import ElfFile, open_elf, parse_elf
from tracelang.binaries.errors import BinaryError

_BUILD_ID: Final = 3
DEBUG_FILES: Final = Path("/usr/lib/debug/.build-id")
"""Where distributions' debug packages put files, by build ID."""


def find_debug_symbols(elf: ElfFile, debug_files: Path = DEBUG_FILES) -> Iterator[ElfFile]:
    """Yield what may hold a stripped binary's symbol table: its debug file, its embedded one."""
    path = debug_file(elf, debug_files)
    if path is not None and path.is_file():
        with suppress(BinaryError):  # a damaged debug file is as good as none
            yield open_elf(str(path))
    embedded = elf.section(".gnu_debugdata")
    if embedded is not None:
        yield from _unpack(elf.path, elf.read(embedded))


def debug_file(elf: ElfFile, debug_files: Path = DEBUG_FILES) -> Path | None:
    """Return where a binary's debug file is if there is one, or None if it has no build ID."""
    build = build_id(elf)
    return debug_files / build[:2] / f"{build[2:]}.debug" if build else None


def build_id(elf: ElfFile) -> str:
    """Return the binary's build ID in hexadecimal, or nothing."""
    section = elf.section(".note.gnu.build-id")
    if section is None:
        return ""
    for type_, name, description in notes(elf.read(section)):
        if name == b"GNU" and type_ == _BUILD_ID:
            return description.hex()
    return ""


def notes(raw: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Yield the type, owner and description of each note of a note section (`elf(5)`, Nhdr)."""
    at = 0
    while at + 12 <= len(raw):
        name_size, size, type_ = struct.unpack_from("<III", raw, at)
        name_at = at + 12
        at = name_at + (name_size + 3 & ~3)
        yield type_, raw[name_at : name_at + name_size].rstrip(b"\0"), raw[at : at + size]
        at += size + 3 & ~3


def _unpack(path: str, packed: bytes) -> Iterator[ElfFile]:
    """Yield the ELF file inside a `.gnu_debugdata` section, as Fedora's binaries have."""
    import lzma  # only for such binaries

    with suppress(lzma.LZMAError, BinaryError):
        yield parse_elf(path, lzma.decompress(packed))
