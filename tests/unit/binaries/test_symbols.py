from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.unit.binaries.programs import compile_c
from tracelang.binaries.debug_files import build_id, find_debug_symbols
from tracelang.binaries.elf import ElfFile, open_elf
from tracelang.binaries.find import find_binaries
from tracelang.binaries.missing import explain_missing
from tracelang.binaries.symbols import functions, is_stripped, symbols_named, unalias


def addresses_by_nm(path: Path, *flags: str) -> dict[str, set[int]]:
    """Return the addresses of all code symbols as binutils sees them."""
    nm = shutil.which("nm")
    if nm is None:
        pytest.skip("no nm to compare with")
    lines = subprocess.run([nm, *flags, path], check=True, capture_output=True, text=True).stdout
    found: dict[str, set[int]] = {}
    for line in lines.splitlines():
        words = line.split()
        if len(words) == 3 and words[1] in "TtWi":
            found.setdefault(words[2].partition("@")[0], set()).add(int(words[0], 16))
    return found


def names(elf: ElfFile) -> set[str]:
    return {s.name for s in functions(elf)}


def test_functions_are_those_that_nm_lists(program: Path) -> None:
    expected = addresses_by_nm(program)
    for label in ("first", "second", "data_start", "_.stapsdt.base"):  # labels, not functions
        del expected[label]
    found: dict[str, set[int]] = {}
    for symbol in functions(open_elf(str(program))):
        found.setdefault(symbol.name, set()).add(symbol.address)
    assert found == expected


def test_each_function_of_a_real_library_is_found_by_name() -> None:
    (libc,) = find_binaries("libc", open_elf("/proc/self/exe").machine)
    for name, addresses in addresses_by_nm(Path(libc.path), "-D", "--defined-only").items():
        assert addresses <= {s.address for s in symbols_named(libc.elf, name)}, name


def test_a_name_that_is_the_tail_of_another_is_found(program: Path) -> None:
    elf = open_elf(str(program))
    assert {s.name for s in symbols_named(elf, "marked")} == {"marked"}
    assert symbols_named(elf, "arked") == []
    assert symbols_named(elf, "mark") == []


def test_what_is_no_function_is_told_apart(program: Path) -> None:
    elf = open_elf(str(program))
    assert all(s.is_data and not s.is_function for s in symbols_named(elf, "counter"))
    assert all(s.is_imported and not s.is_function for s in symbols_named(elf, "puts"))
    assert any(s.is_indirect and s.is_function for s in symbols_named(elf, "chosen"))


def test_aliases_become_the_plain_name(program: Path) -> None:
    elf = open_elf(str(program))
    both = [*symbols_named(elf, "work_again"), *symbols_named(elf, "work")]
    assert [s.name for s in unalias(both)] == ["work"]


def test_versions_of_a_function(library: Path) -> None:
    elf = open_elf(str(library))
    old = {s.address for s in symbols_named(elf, "answer@SHOP_1")}
    new = {s.address for s in symbols_named(elf, "answer@@SHOP_2")}
    assert len(old) == len(new) == 1
    assert old != new
    assert {s.address for s in symbols_named(elf, "answer")} == old | new
    assert symbols_named(elf, "answer@SHOP_9") == []


def test_a_stripped_program_has_its_exports_only(program: Path, stripped: Path) -> None:
    assert not is_stripped(open_elf(str(program)))
    elf = open_elf(str(stripped))
    assert is_stripped(elf)
    assert "work" in names(elf)
    assert "helper" not in names(elf)


def test_a_debug_file_gives_a_stripped_program_its_symbols_back(
    program: Path, stripped: Path, tmp_path: Path
) -> None:
    elf = open_elf(str(stripped))
    build = build_id(elf)
    assert len(build) == 40
    folder = tmp_path / build[:2]
    folder.mkdir()
    (folder / f"{build[2:]}.debug").write_bytes(program.read_bytes())
    (debug,) = find_debug_symbols(elf, tmp_path)
    assert "helper" in names(debug)


def test_embedded_debug_data_gives_a_stripped_program_its_symbols_back(
    program: Path, stripped: Path, tmp_path: Path
) -> None:
    objcopy = shutil.which("objcopy")
    if objcopy is None:
        pytest.skip("no objcopy")
    import lzma

    packed, output = tmp_path / "packed", tmp_path / "output"
    packed.write_bytes(lzma.compress(program.read_bytes()))
    command = [objcopy, "--add-section", f".gnu_debugdata={packed}", str(stripped), str(output)]
    subprocess.run(command, check=True)
    elf = open_elf(str(output))
    assert not is_stripped(elf)
    assert {s.address for s in symbols_named(elf, "helper")} == {
        s.address for s in symbols_named(open_elf(str(program)), "helper")
    }


def test_a_missing_function_is_explained(stripped: Path) -> None:
    error = explain_missing([open_elf(str(stripped))], "wrok", "uprobe:shop:")
    assert error.code == "T202"
    assert "did you mean `uprobe:shop:work`" in error.help_[0]
    assert "stripped" in error.notes[0]


def test_a_function_of_a_library_is_pointed_to(program: Path) -> None:
    error = explain_missing([open_elf(str(program))], "puts", "uretprobe:shop:")
    assert "in a library" in error.notes[0]
    assert error.help_[0] == "`libc.so.6` has it: `uretprobe:libc:puts`"


def test_a_variable_is_no_function(program: Path) -> None:
    error = explain_missing([open_elf(str(program))], "counter", "uprobe:shop:")
    assert "is a variable" in error.message


def test_a_mangled_name_is_suggested(tmp_path: Path) -> None:
    source = "void _ZN4shop4sellEi(int n) { } int main(void) { return 0; }"
    elf = open_elf(str(compile_c(tmp_path, "mangled", {"mangled.c": source})))
    error = explain_missing([elf], "shop::sell", "uprobe:mangled:")
    assert error.help_[0] == "did you mean `uprobe:mangled:_ZN4shop4sellEi`?"
