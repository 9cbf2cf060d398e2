"""Static probes that a program was built with (USDT), from its `.note.stapsdt` section.

A note holds three addresses (the probe's, that of `.stapsdt.base` when it was linked, the
semaphore's or 0), then provider, name and arguments as texts. As far as `.stapsdt.base` has moved
since, so have the others.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

from tracelang.binaries.debug_files import notes
from tracelang.binaries.elf import ElfFile
from tracelang.dataclass import dataclass

_STATIC_PROBE: Final = 3
_ADDRESSES: Final = struct.Struct("<QQQ")


@dataclass(frozen=True, slots=True)
class StaticProbe:
    """One place of a probe; the compiler may have made several of it.

    `semaphore` is the address of the counter of its tracers, or 0; `arguments` is as in the note.
    """

    provider: str
    name: str
    address: int
    semaphore: int
    arguments: str


def static_probes(elf: ElfFile) -> Iterator[StaticProbe]:
    """Yield a binary's static probes, in the order of their notes."""
    section = elf.section(".note.stapsdt")
    if section is None:
        return
    base = elf.section(".stapsdt.base")
    for type_, owner, description in notes(elf.read(section)):
        if owner != b"stapsdt" or type_ != _STATIC_PROBE or len(description) < _ADDRESSES.size:
            continue
        address, linked_base, semaphore = _ADDRESSES.unpack_from(description)
        moved = base.address - linked_base if base is not None else 0
        texts = description[_ADDRESSES.size :].split(b"\0")
        provider, name, arguments = (t.decode(errors="replace") for t in (*texts, b"", b"")[:3])
        yield StaticProbe(
            provider, name, address + moved, semaphore + moved if semaphore else 0, arguments
        )
