from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.unit.binaries.programs import compile_c
from tracelang.binaries.errors import BinaryError
from tracelang.binaries.find import find_binaries
from tracelang.binaries.libraries import Library, find_libraries, named

MACHINE = platform.machine()


def find_one(name: str) -> str:
    (binary,) = find_binaries(name, MACHINE)
    return binary.path


def refusal(name: str) -> BinaryError:
    with pytest.raises(BinaryError) as error:
        find_binaries(name, MACHINE)
    return error.value


def test_a_path_and_its_links_mean_the_file(
    program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = tmp_path / "link"
    link.symlink_to(program)
    monkeypatch.chdir(program.parent)
    assert find_one(str(program)) == find_one("./shop") == find_one(str(link)) == str(program)


def test_a_path_into_proc_stays_as_it_is() -> None:
    assert find_one("/proc/self/exe") == "/proc/self/exe"


def test_a_program_on_the_path(program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"/nowhere{os.pathsep}{program.parent}")
    assert find_one("shop") == str(program)


def test_a_librarys_short_name_is_the_file_this_process_has_mapped() -> None:
    mapped = Path("/proc/self/maps").read_text()
    for name in ("libc", "libc.so", "libc.so.6", "c"):
        assert f" {find_one(name)}\n" in mapped


def test_every_library_of_the_cache_exists() -> None:
    libraries = find_libraries(MACHINE)
    assert any(lib.soname == "libc.so.6" and lib.short_name == "libc" for lib in libraries)
    assert all(Path(lib.path).name == lib.soname for lib in libraries)


def test_without_a_cache_the_directories_are_looked_through(tmp_path: Path) -> None:
    libraries = find_libraries(MACHINE, tmp_path / "none")
    assert any(lib.soname == "libc.so.6" for lib in libraries)


@pytest.mark.parametrize("name", ["ssl", "libssl", "libssl.so", "libssl.so.10"])
def test_the_newest_version_is_first(name: str) -> None:
    sonames = ("libssl.so.9", "libssl.so.10", "libssl3.so", "libsslx.so.99", "libssl.so.1.1")
    libraries = tuple(Library(n, f"/lib/{n}") for n in sonames)
    found = [lib.soname for lib in named(name, libraries)]
    assert found[0] == "libssl.so.10"
    expected = {"libssl.so.9", "libssl.so.10", "libssl.so.1.1"} if name != "libssl.so.10" else set()
    assert set(found) == expected | {"libssl.so.10"}


def test_a_version_in_the_name() -> None:
    libraries = (Library("libLLVM-14.so.1", "/14"), Library("libLLVM-15.so.1", "/15"))
    assert [lib.path for lib in named("libLLVM", libraries)] == ["/15", "/14"]


def test_wildcards_in_a_path_pass_over_what_is_no_binary(program: Path) -> None:
    (program.parent / "shop.txt").write_text("not a program")
    found = find_binaries(f"{program.parent}/sh*", MACHINE)
    assert [b.path for b in found] == [str(program)]
    assert refusal(f"{program.parent}/nothing*").code == "T240"


def test_wildcards_in_a_bare_name_match_libraries() -> None:
    assert find_one("libc.so.[0-9]") == find_one("libc")


def test_a_script_names_its_interpreter(tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text("#!/usr/bin/env -S LANG=C python3 -u\nprint()\n")
    error = refusal(str(script))
    assert error.code == "T241"
    assert "its interpreter, `python3`" in error.message
    assert error.help_ == ("trace the interpreter: `uprobe:python3:FUNCTION`",)


def test_a_linker_script_names_the_library(tmp_path: Path) -> None:
    text = tmp_path / "libx.so"
    text.write_text("/* GNU ld script */\nGROUP ( /lib/libx.so.6 AS_NEEDED ( /lib/ld.so ) )\n")
    assert refusal(str(text)).help_ == ("name the library: `/lib/libx.so.6`",)


def test_what_is_no_binary_is_refused(tmp_path: Path) -> None:
    text, empty, pipe = tmp_path / "text", tmp_path / "empty", tmp_path / "pipe"
    text.write_text("words")
    empty.write_text("")
    os.mkfifo(pipe)
    assert "directory" in refusal(str(tmp_path)).message
    assert "not an ELF file" in refusal(str(text)).message
    assert "empty" in refusal(str(empty)).message
    assert "not a file" in refusal(str(pipe)).message
    assert {refusal(str(p)).code for p in (tmp_path, text, empty, pipe)} == {"T241"}


@contextmanager
def nobody() -> Iterator[None]:
    """Be a user without rights for the time of the test."""
    before = os.geteuid()
    if before == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(before)


def test_an_unreadable_file_needs_rights() -> None:
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        secret, hidden = Path(folder) / "secret", Path(folder) / "hidden"
        secret.write_text("")
        secret.chmod(0)
        hidden.mkdir(0)
        with nobody():
            errors = refusal(str(secret)), refusal(str(hidden / "file"))
    assert [e.code for e in errors] == ["T242", "T242"]
    assert "run as root" in errors[0].help_[0]


def test_a_path_with_a_nul_is_missing() -> None:
    assert refusal("/tmp/a\0b").code == "T240"


def test_a_misspelt_path_is_mended(program: Path) -> None:
    error = refusal(str(program.parent / "shpo"))
    assert error.code == "T240"
    assert error.help_ == (f"did you mean `{program}`?",)


def test_a_misspelt_name_is_mended(program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(program.parent))
    error = refusal("shoop")
    assert error.code == "T240"
    assert "did you mean `shop`" in error.help_[0]


def test_a_file_here_needs_a_path(program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(program.parent)
    monkeypatch.setenv("PATH", "/nowhere")
    assert "`./shop`" in refusal("shop").help_[0]


def test_a_file_with_wildcards_in_its_name(program: Path, tmp_path: Path) -> None:
    path = tmp_path / "shop[1]"
    shutil.copy(program, path)
    assert find_one(str(path)) == str(path)


def test_another_machines_binary_is_named(tmp_path: Path) -> None:
    path = compile_c(tmp_path, "foreign", {"f.c": "int main(void) { return 0; }"})
    raw = bytearray(path.read_bytes())
    raw[18] = 243
    path.write_bytes(raw)
    error = refusal(str(path))
    assert (error.code, "riscv64" in error.message) == ("T243", True)
