"""Functions of compiled programs by address, compared with what the compiler's tools say."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.unit.binaries.programs import compile_c
from tracelang.binaries.addresses import FunctionTable
from tracelang.binaries.elf import open_elf

SOURCE = """
__attribute__((noinline)) static int hidden(int n) { return n * 3 + 1; }
__attribute__((noinline)) int first(int n) { return hidden(n) + 1; }
int first_again(int n) __attribute__((alias("first")));
int main(void) { return first(2); }
"""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compile_c(tmp_path_factory.mktemp("addresses"), "prog", {"prog.c": SOURCE}, "-O1")


def symbols(program: Path) -> dict[str, tuple[int, int]]:
    lines = subprocess.run(
        ["nm", "-S", program], check=True, capture_output=True, text=True
    ).stdout.splitlines()
    fields = [line.split() for line in lines]
    return {f[3]: (int(f[0], 16), int(f[1], 16)) for f in fields if len(f) == 4 and f[2] in "tT"}


def test_every_byte_of_a_function_is_in_it(program: Path) -> None:
    table = FunctionTable(open_elf(str(program)))
    known = symbols(program)
    for name in ("hidden", "main"):
        start, size = known[name]
        assert table.find(start) == (name, 0)
        assert table.find(start + size - 1) == (name, size - 1)
    start, _ = known["first"]
    found = table.find(start + 1)
    assert found is not None
    assert found[0] in ("first", "first_again")


def test_what_is_in_no_function_has_no_name(program: Path) -> None:
    table = FunctionTable(open_elf(str(program)))
    known = symbols(program)
    last = max(start + size for start, size in known.values())
    assert table.find(last + 4096) is None
    assert table.find(0) is None


def test_a_stripped_library_names_what_it_exports_and_guesses_nothing(tmp_path: Path) -> None:
    library = compile_c(tmp_path, "lib.so", {"lib.c": SOURCE}, "-O1", "-shared", "-fPIC")
    known = symbols(library)
    subprocess.run(["strip", library], check=True)
    table = FunctionTable(open_elf(str(library)))
    found = table.find(known["first"][0])
    assert found is not None
    assert found[0] in ("first", "first_again")
    assert table.find(known["hidden"][0]) is None
