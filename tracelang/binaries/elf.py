"""ELF files of 64 bits, little-endian: their sections and loaded segments, read in place.

The format is the System V ABI's (`elf(5)`). Files are mapped, not read: a library of 100 MB costs
only the pages that are looked at.
"""

from __future__ import annotations

import mmap
import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tracelang.binaries.errors import BinaryError

Contents = mmap.mmap | bytes

_HEADER: Final = struct.Struct("<16sHHIQQQIHHHHHH")
_SECTION: Final = struct.Struct("<IIQQQQIIQQ")
_SEGMENT: Final = struct.Struct("<IIQQQQQQ")
_MACHINES: Final = {3: "i386", 40: "arm", 62: "x86_64", 183: "aarch64", 243: "riscv64"}
_PROGRAM_OR_LIBRARY: Final = (2, 3)  # ET_EXEC, ET_DYN
_TYPES: Final = {1: "an object file that is not linked yet", 4: "a core dump"}
_LOAD: Final = 1
_EXECUTABLE: Final = 1
_NO_BITS: Final = 8
_INDEX_ELSEWHERE: Final = 0xFFFF

SYMBOL_TABLE: Final = 2
DYNAMIC_SYMBOLS: Final = 11


@dataclass(frozen=True, slots=True)
class Section:
    """One section; `offset` and `size` are its bytes in the file, `link` another's index."""

    name: str
    type: int
    address: int
    offset: int
    size: int
    link: int


@dataclass(frozen=True, slots=True)
class Segment:
    """Bytes of the file that are loaded at `address`, before it is moved to where there is room."""

    address: int
    offset: int
    size: int
    executable: bool


@dataclass(frozen=True, slots=True, eq=False)
class ElfFile:
    """One ELF file. `path` is the name it was opened by, `machine` as `uname -m` has it.

    `entry` is the address where a program starts, 0 for none.
    """

    path: str
    machine: str
    type: int
    entry: int
    sections: tuple[Section, ...]
    segments: tuple[Segment, ...]
    data: Contents = field(repr=False)

    def section(self, name: str) -> Section | None:
        """Return the section of that name, or None."""
        return next((s for s in self.sections if s.name == name), None)

    def section_of(self, type_: int) -> Section | None:
        """Return the first section of a type, or None."""
        return next((s for s in self.sections if s.type == type_), None)

    def read(self, section: Section) -> bytes:
        """Return a section's bytes (none for one that takes no room in the file)."""
        size = 0 if section.type == _NO_BITS else section.size
        return self.data[section.offset : section.offset + size]

    def text_at(self, offset: int) -> str:
        """Return the NUL-ended text at a file offset (nothing outside of the file)."""
        end = self.data.find(b"\0", offset)
        return self.data[offset:end].decode(errors="replace") if end >= 0 else ""

    def file_offset(self, address: int, *, executable: bool = False) -> int | None:
        """Return the file offset of the byte loaded at `address`, or None if there is none."""
        for segment in self.segments:
            if executable and not segment.executable:
                continue
            if segment.address <= address < segment.address + segment.size:
                return address - segment.address + segment.offset
        return None


def open_elf(path: str) -> ElfFile:
    """Read a file's headers. Raises `BinaryError`: T241 no ELF file, T242 not to be read."""
    try:
        with Path(path).open("rb") as file:
            contents: Contents = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except ValueError:
        raise BinaryError("T241", f"`{path}` is empty") from None
    except OSError as error:
        raise BinaryError("T242", f"`{path}` cannot be read: {error.strerror}") from None
    return parse_elf(path, contents)


def parse_elf(path: str, data: Contents) -> ElfFile:
    """Return an ELF file's headers. Raises `BinaryError` if it is none or damaged (T241)."""
    if data[:4] != b"\x7fELF":
        raise BinaryError("T241", f"`{path}` is not a program or library (it is not an ELF file)")
    if len(data) < _HEADER.size:
        raise BinaryError("T241", f"`{path}` is damaged: it is cut short")
    if data[4:6] != b"\x02\x01":
        bits = {1: "32 bits", 2: "64 bits"}.get(data[4], "an unknown word size")
        order = "little-endian" if data[5] == 1 else "big-endian"
        raise BinaryError(
            "T243",
            f"`{path}` is a binary of {bits}, {order}",
            help_=("only little-endian binaries of 64 bits can be traced",),
        )
    try:
        return _parse(path, data)
    except (struct.error, IndexError, OverflowError):
        raise BinaryError("T241", f"`{path}` is damaged: its headers point outside of it") from None


def _parse(path: str, data: Contents) -> ElfFile:
    header = _HEADER.unpack_from(data)
    type_, machine, segments_at, sections_at = header[1], header[2], header[5], header[6]
    segment_count, section_count, names_index = header[10], header[12], header[13]
    segments = tuple(
        Segment(address, offset, size, bool(flags & _EXECUTABLE))
        for kind, flags, offset, address, _, size, _, _ in (
            _SEGMENT.unpack_from(data, segments_at + i * _SEGMENT.size)
            for i in range(segment_count)
        )
        if kind == _LOAD
    )
    sections = _parse_sections(data, sections_at, section_count, names_index)
    name = _MACHINES.get(machine, f"machine {machine}")
    return ElfFile(path, name, type_, header[4], sections, segments, data)


def _parse_sections(data: Contents, at: int, count: int, names_index: int) -> tuple[Section, ...]:
    if at == 0:
        return ()
    first = _SECTION.unpack_from(data, at)
    count = count or first[5]  # the first header holds what does not fit into 16 bits
    names_index = first[6] if names_index == _INDEX_ELSEWHERE else names_index
    if at + count * _SECTION.size > len(data):
        raise IndexError
    raw = [_SECTION.unpack_from(data, at + i * _SECTION.size) for i in range(count)]
    names = raw[names_index][4]
    sections = []
    for name, type_, _, address, offset, size, link, *_ in raw:
        if type_ not in (0, _NO_BITS) and (offset + size > len(data) or link >= count):
            raise IndexError
        end = data.find(b"\0", names + name)
        text = data[names + name : end].decode(errors="replace")
        sections.append(Section(text, type_, address, offset, size, link))
    return tuple(sections)


def require_traceable(elf: ElfFile, architecture: str) -> None:
    """Raise `BinaryError` unless it is a program or library (T241) for this machine (T243)."""
    if elf.type not in _PROGRAM_OR_LIBRARY:
        what = _TYPES.get(elf.type, "neither a program nor a library")
        raise BinaryError("T241", f"`{elf.path}` is {what}")
    if elf.machine != architecture:
        raise BinaryError(
            "T243",
            f"`{elf.path}` is a binary for {elf.machine}; this machine is {architecture}",
            help_=("name one that runs on this machine",),
        )
