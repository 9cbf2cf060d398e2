from __future__ import annotations

import platform
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.binaries.programs import MARKED, compile_c
from tracelang.binaries.debug_files import build_id
from tracelang.binaries.elf import open_elf, parse_elf, require_traceable
from tracelang.binaries.errors import BinaryError
from tracelang.binaries.missing import needed_libraries
from tracelang.binaries.static_probes import static_probes
from tracelang.binaries.symbols import functions, symbols_named


def test_an_address_becomes_the_place_of_its_bytes(program: Path) -> None:
    elf = open_elf(str(program))
    (address,) = {s.address for s in symbols_named(elf, "marked")}
    assert elf.file_offset(address, executable=True) == program.read_bytes().index(MARKED)


def test_an_address_outside_of_every_segment_has_no_place(program: Path) -> None:
    elf = open_elf(str(program))
    assert elf.file_offset(1 << 40) is None
    data = {s.address for s in symbols_named(elf, "counter")}.pop()
    assert elf.file_offset(data) is not None
    assert elf.file_offset(data, executable=True) is None


def test_sections_are_found_by_name(program: Path) -> None:
    elf = open_elf(str(program))
    text = elf.section(".text")
    assert text is not None
    assert MARKED in elf.read(text)
    assert elf.section(".nothing") is None


def test_the_libraries_a_program_needs(program: Path) -> None:
    assert needed_libraries(open_elf(str(program))) == ["libc.so.6"]


def test_an_object_file_is_not_traceable(tmp_path: Path) -> None:
    path = compile_c(tmp_path, "part.o", {"part.c": "int part(void) { return 1; }"}, "-c")
    with pytest.raises(BinaryError) as error:
        require_traceable(open_elf(str(path)), platform.machine())
    assert (error.value.code, "not linked" in error.value.message) == ("T241", True)


def test_another_machines_binary_is_refused(program: Path) -> None:
    other = "aarch64" if platform.machine() == "x86_64" else "x86_64"
    with pytest.raises(BinaryError) as error:
        require_traceable(open_elf(str(program)), other)
    assert error.value.code == "T243"
    assert platform.machine() in error.value.message


def test_a_binary_of_32_bits_is_refused(program: Path) -> None:
    raw = bytearray(program.read_bytes())
    raw[4] = 1
    with pytest.raises(BinaryError) as error:
        parse_elf("old", bytes(raw))
    assert (error.value.code, "32 bits" in error.value.message) == ("T243", True)


@pytest.mark.parametrize("length", [0, 4, 40, 63, 1000])
def test_a_file_cut_short_is_damaged(program: Path, tmp_path: Path, length: int) -> None:
    path = tmp_path / "cut"
    path.write_bytes(program.read_bytes()[:length])
    with pytest.raises(BinaryError) as error:
        open_elf(str(path))
    assert error.value.code == "T241"


def test_more_sections_than_16_bits_can_count(program: Path) -> None:
    raw = bytearray(program.read_bytes())
    (at,) = struct.unpack_from("<Q", raw, 40)
    count, names = struct.unpack_from("<HH", raw, 60)
    struct.pack_into("<HH", raw, 60, 0, 0xFFFF)
    struct.pack_into("<Q", raw, at + 32, count)
    struct.pack_into("<I", raw, at + 40, names)
    assert parse_elf("many", bytes(raw)).sections[1:] == open_elf(str(program)).sections[1:]


@given(st.data())
def test_damage_is_an_error_of_the_binary_or_of_no_consequence(
    program: Path, data: st.DataObject
) -> None:
    raw = bytearray(program.read_bytes())
    (sections,) = struct.unpack_from("<Q", raw, 40)
    low = data.draw(st.sampled_from((0, 64, sections)))
    for _ in range(data.draw(st.integers(1, 8))):
        raw[data.draw(st.integers(low, min(low + 2500, len(raw) - 1)))] = data.draw(
            st.integers(0, 255)
        )
    try:
        elf = parse_elf("damaged", bytes(raw))
    except BinaryError:
        return
    build_id(elf)
    needed_libraries(elf)
    assert all(s.name is not None for s in functions(elf))
    assert symbols_named(elf, "no such name") == []
    assert all(p.name is not None for p in static_probes(elf))
