"""The grammar file itself, the parser made from it, and where the parser is kept."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from lark import Lark

from tracelang import resources
from tracelang.private_cache import cache_file
from tracelang.syntax.build_script import ScriptBuilder


def build(grammar: str, start: list[str]) -> Lark:
    return Lark(grammar, parser="lalr", start=start, keep_all_tokens=True, debug=True)


def test_the_grammar_has_no_conflicts(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG", logger="lark")
    build(resources.grammar_text("tracelang.lark"), ["script", "expression"])
    assert not [r for r in caplog.records if "conflict" in r.getMessage().lower()]


def test_conflicts_would_be_noticed(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG", logger="lark")
    build('start: "if" start | "if" start "else" start | "x"', ["start"])
    assert [r for r in caplog.records if "conflict" in r.getMessage().lower()]


def test_every_rule_has_a_method_that_builds_its_node() -> None:
    parser = build(resources.grammar_text("tracelang.lark"), ["script", "expression"])
    names = {rule.alias or rule.origin.name for rule in parser.rules if not rule.options.expand1}
    names |= {rule.alias for rule in parser.rules if rule.alias}
    missing = {
        name for name in names if not name.startswith("_") and not hasattr(ScriptBuilder, name)
    }
    assert not missing


def test_data_directories_are_found() -> None:
    assert (resources.mistakes_directory() / "c-and.mistake").is_file()
    assert resources.template_directory().is_dir()
    assert resources.examples_directory().is_dir()


def test_the_parser_is_kept_in_a_private_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "new" / "cache"))
    file = cache_file("grammar")
    assert file is not None
    assert file.parent == tmp_path / "new" / "cache" / "tracelang"
    assert file.parent.stat().st_mode & 0o777 == 0o700
    file.touch(0o600)
    assert cache_file("grammar") == file


@pytest.mark.parametrize("mode", [0o777, 0o770, 0o750, 0o1777])
def test_a_directory_others_can_enter_is_not_used(
    mode: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    (tmp_path / "tracelang").mkdir()
    (tmp_path / "tracelang").chmod(mode)
    assert cache_file("grammar") is None


def test_below_a_directory_others_can_change_nothing_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    monkeypatch.setenv("XDG_CACHE_HOME", str(shared))
    assert cache_file("grammar") is None
    assert not list(shared.iterdir())


def test_a_link_in_place_of_directory_or_file_is_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir(mode=0o700)
    (tmp_path / "tracelang").symlink_to(elsewhere)
    assert cache_file("grammar") is None
    (tmp_path / "tracelang").unlink()
    file = cache_file("grammar")
    assert file is not None
    file.symlink_to(elsewhere / "pickle")
    assert cache_file("grammar") is None


def test_a_file_others_can_write_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    file = cache_file("grammar")
    assert file is not None
    file.touch()
    file.chmod(0o666)
    assert cache_file("grammar") is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a directory away; run as root")
def test_a_directory_of_somebody_else_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    os.chown(home, 65534, 65534)
    monkeypatch.setenv("XDG_CACHE_HOME", str(home))
    assert cache_file("grammar") is None
    assert not list(home.iterdir())


@pytest.mark.parametrize("home", ["relative/cache", "/proc/none", "/dev/null"])
def test_where_there_is_no_place_there_is_no_cache(
    home: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", home)
    assert cache_file("grammar") is None


SCRIPT = """
from tracelang.source import SourceFile
from tracelang.syntax.parse import parse_script
print(parse_script(SourceFile("x", "syscall:openat")).items[0].targets[0].options[0])
"""


@pytest.mark.parametrize("content", [None, b"", b"garbage\n\x80\x04N.", b"\x80\x04garbage"])
def test_parsing_works_with_any_cache(content: bytes | None, tmp_path: Path) -> None:
    environment = {"XDG_CACHE_HOME": str(tmp_path), "PATH": os.environ["PATH"]}
    directory = tmp_path / "tracelang"
    if content is not None:
        directory.mkdir(mode=0o700)
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        (directory / f"grammar-{version}.pickle").write_bytes(content)
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.stdout, done.stderr) == ("syscall:openat\n", "")
    assert list(directory.iterdir())
