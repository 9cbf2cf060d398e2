from __future__ import annotations

import struct
from pathlib import Path

from tests.unit.binaries.programs import FIRST, SECOND, SEMAPHORE
from tracelang.binaries.elf import open_elf, parse_elf
from tracelang.binaries.static_probes import static_probes


def test_probes_have_their_places_and_arguments(program: Path) -> None:
    elf, raw = open_elf(str(program)), program.read_bytes()
    found = [
        (p.provider, p.name, elf.file_offset(p.address, executable=True), p.arguments)
        for p in static_probes(elf)
    ]
    assert found == [
        ("shop", "sold", raw.index(FIRST), "-4@$5 8@%rdi"),
        ("shop", "sold", raw.index(SECOND), "-4@$6 8@counter(%rip)"),
        ("shop", "closed", raw.index(SECOND), ""),
    ]


def test_the_semaphore_is_where_its_bytes_are(program: Path) -> None:
    elf = open_elf(str(program))
    sold, _, closed = static_probes(elf)
    assert elf.file_offset(sold.semaphore) == program.read_bytes().index(SEMAPHORE)
    assert closed.semaphore == 0


def test_probes_move_with_their_base(program: Path) -> None:
    elf = open_elf(str(program))
    base = elf.section(".stapsdt.base")
    assert base is not None
    raw = bytearray(program.read_bytes())
    (sections,) = struct.unpack_from("<Q", raw, 40)
    at = sections + 64 * elf.sections.index(base) + 16
    struct.pack_into("<Q", raw, at, base.address + 0x1000)
    before = [(p.address, p.semaphore) for p in static_probes(elf)]
    after = [(p.address, p.semaphore) for p in static_probes(parse_elf("moved", bytes(raw)))]
    assert after == [(a + 0x1000, s + 0x1000 if s else 0) for a, s in before]


def test_a_binary_without_probes_has_none(library: Path) -> None:
    assert list(static_probes(open_elf(str(library)))) == []
