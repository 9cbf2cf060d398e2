"""The command of `-c` before anything runs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tracelang.diagnostics import DiagnosticError
from tracelang.runtime.command import Command, resolve_command, split_command


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ls -l /tmp", ("ls", "-l", "/tmp")),
        ("  echo  'a b' \"c 'd'\" e\\ f ", ("echo", "a b", "c 'd'", "e f")),
        ("echo $HOME *.c | wc > x", ("echo", "$HOME", "*.c", "|", "wc", ">", "x")),
        ("sh -c 'a | b'", ("sh", "-c", "a | b")),
    ],
)
def test_split(text: str, words: tuple[str, ...]) -> None:
    assert split_command(text) == words


@pytest.mark.parametrize(
    ("text", "says"),
    [("echo 'a", "no closing quotation"), ("a\\", "no escaped char"), (" ", "is empty")],
)
def test_what_cannot_be_split(text: str, says: str) -> None:
    with pytest.raises(DiagnosticError, match=f"U220: .*{says}") as caught:
        split_command(text)
    assert caught.value.status == 2
    assert caught.value.diagnostics[0].help


def make_program(path: Path, mode: int = 0o755) -> str:
    path.parent.mkdir(exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(mode)
    return str(path)


def test_the_first_that_can_be_executed_along_path(tmp_path: Path) -> None:
    make_program(tmp_path / "a/tool", 0o644)
    (tmp_path / "b/tool").mkdir(parents=True)
    wanted = make_program(tmp_path / "c/tool")
    make_program(tmp_path / "d/tool")
    path = ":".join(f"{tmp_path}/{name}" for name in "nabcd")
    assert resolve_command(["tool", "-x"], {"PATH": path}) == Command(wanted, ("tool", "-x"))


def test_a_path_is_taken_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_program(tmp_path / "tool")
    monkeypatch.chdir(tmp_path)
    assert resolve_command(["./tool"], {"PATH": ""}) == Command("./tool", ("./tool",))
    assert resolve_command(["tool"], {"PATH": "/nowhere:"}).path == "./tool"


def test_without_path_the_systems_default_is_searched() -> None:
    assert resolve_command(["sh"], {}).path in {f"{d}/sh" for d in os.defpath.split(":")}


@pytest.mark.parametrize(
    ("name", "code", "says"),
    [
        ("nonesuch", "U221", "command not found: nonesuch: it is in no directory of PATH"),
        ("", "U221", "command not found"),
        ("./nonesuch", "U221", "command not found: ./nonesuch: there is no such file"),
        ("plain", "U222", "has no permission to be executed"),
        ("./plain", "U222", "has no permission to be executed"),
        ("folder", "U222", "is a directory"),
    ],
)
def test_what_cannot_be_executed(
    name: str, code: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_program(tmp_path / "plain", 0o644)
    (tmp_path / "folder").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DiagnosticError, match=says) as caught:
        resolve_command([name], {"PATH": str(tmp_path)})
    assert caught.value.diagnostics[0].code == code
    assert caught.value.status == 2
