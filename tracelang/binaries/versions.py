"""Symbol versions: the `GLIBC_2.34` of `memcpy@@GLIBC_2.34`, as the dynamic symbol table has them.

The layout is that of the Linux Standard Base: `.gnu.version` holds a u16 for each dynamic symbol,
which is the index of a definition in `.gnu.version_d`.
"""

from __future__ import annotations

import struct
from typing import Final

from tracelang.binaries.elf import ElfFile

_DEFINITIONS: Final = 0x6FFFFFFD
_VERSIONS: Final = 0x6FFFFFFF
_HIDDEN: Final = 0x8000
_INDEX: Final = struct.Struct("<H")
_NAME: Final = struct.Struct("<I")
_DEFINITION: Final = struct.Struct("<HHHHIII")


def symbol_versions(elf: ElfFile) -> list[str]:
    """Return each dynamic symbol's version, in table order; empty for those without one."""
    section = elf.section_of(_VERSIONS)
    if section is None:
        return []
    names = _definitions(elf)
    raw = elf.read(section)
    return [
        names.get(index & ~_HIDDEN, "") for (index,) in _INDEX.iter_unpack(raw[: len(raw) & ~1])
    ]


def _definitions(elf: ElfFile) -> dict[int, str]:
    """Return the names of the versions this file defines, by index."""
    section = elf.section_of(_DEFINITIONS)
    if section is None:
        return {}
    strings = elf.sections[section.link].offset
    names: dict[int, str] = {}
    at, end = section.offset, section.offset + section.size
    while at + _DEFINITION.size <= end:
        _, _, index, _, _, first, following = _DEFINITION.unpack_from(elf.data, at)
        if at + first + _NAME.size > end:
            break
        names[index] = elf.text_at(strings + _NAME.unpack_from(elf.data, at + first)[0])
        if not following:
            break
        at += following
    return names
