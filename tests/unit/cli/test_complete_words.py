"""Completion of command lines: what a shell's last word can become, and what each shell is told."""

from __future__ import annotations

from pathlib import Path

import pytest

import tracelang.cli.describe  # noqa: F401 - before a test replaces what it imports
from tests.unit.cli.commands import Commands
from tests.unit.kernel.kernels import KERNELS
from tracelang.cli.complete_words import complete_words
from tracelang.cli.main import COMMANDS
from tracelang.cli.shell_words import read_word, split_line
from tracelang.kernel.recorded import RecordedKernel


def _words(*words: str) -> list[str]:
    return [c.text for c in complete_words(words[:-1], words[-1]).candidates]


def test_commands_flags_and_values_are_completed() -> None:
    assert {"describe", "doctor"} <= set(_words("d"))
    assert _words("emit", "") == ["ast", "plan", "c", "ctypes", "asm"]
    assert "--max-probes" in _words("--m")
    assert "--check" in _words("fmt", "--")
    assert {"json", "csv", "table", "text"} <= set(_words("syscall:read", "-o", ""))
    assert _words("--prefer", "f") == ["fentry"]
    assert _words("completion", "z") == ["zsh"]


@pytest.mark.parametrize(
    "before", [[], ["run"], ["record"], ["schema"], ["explain"], ["emit", "c"]]
)
def test_scripts_are_completed_wherever_a_command_takes_one(before: list[str]) -> None:
    assert _words(*before, "begin captur") == ["capture"]


def test_describe_completes_structs(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel = RecordedKernel(KERNELS / "debian-6.1")
    monkeypatch.setattr("tracelang.launch.kernels.open_kernel", lambda _directory: kernel)
    found = complete_words(["describe"], "struct tcp_so")
    assert found.start == len("struct ")
    assert "tcp_sock" in [candidate.text for candidate in found.candidates]


def test_every_command_can_be_completed() -> None:
    for command in COMMANDS:
        complete_words([command], "-")


def test_a_scripts_own_options_are_completed(tmp_path: Path) -> None:
    script = tmp_path / "watch.trace"
    script.write_text('param slow_read = 10ms "how long"\nparam loud = false\nprobe syscall:read\n')
    assert "--slow-read" in _words(str(script), "--")
    assert _words(str(script), "--loud", "") == ["yes", "no"]
    assert "--x" in _words("param x = 3 probe syscall:read", "--x")


@pytest.mark.parametrize(
    ("line", "words", "text", "quote"),
    [
        ("tracelang 'sys", ["tracelang"], "sys", "'"),
        ("tracelang 'a b c", ["tracelang"], "a b c", "'"),
        ('tracelang "x == \\"y', ["tracelang"], 'x == "y', '"'),
        ("tracelang a\\ b 'c d' ", ["tracelang", "a b", "c d"], "", ""),
        ("sleep 1; tracelang li", ["tracelang"], "li", ""),
        ("tracelang '", ["tracelang"], "", "'"),
    ],
)
def test_a_line_is_taken_apart(line: str, words: list[str], text: str, quote: str) -> None:
    before, last = split_line(line.replace("1;", "1 ;"))
    assert (before, last.text, last.quote) == (words, text, quote)


def test_a_place_in_a_word_is_found_in_what_was_typed() -> None:
    last = read_word('"a\\"b')
    assert (last.text, last.raw[last.places[2] :]) == ('a"b', "b")


def test_bash_is_told_what_leaves_a_quote_open(run: Commands) -> None:
    # One match comes twice, since readline closes the quotes behind a single one.
    answer = run("complete-line", "bash", "tracelang 'begin capture c", ":")
    assert answer.lines[0] == "nospace"
    answer = run("complete-line", "bash", "tracelang 'begin captur", ":")
    assert answer.lines == ["nospace", "begin capture ", "begin capture  "]
    answer = run("complete-line", "bash", "tracelang desc", ":")
    assert answer.lines == ["space", "describe"]


def test_zsh_is_told_how_much_stays_and_fish_gets_whole_words(run: Commands) -> None:
    answer = run("complete-line", "zsh", "'begin captur")
    assert answer.lines[0] == "6 nospace"
    assert answer.lines[1].startswith("capture \tcapture  the fields")
    answer = run("complete-line", "fish", "'begin captur")
    assert answer.lines == [
        "begin capture\tthe fields of the event, in order",
        "begin capture \tthat, and a space",
    ]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_its_script(run: Commands, shell: str) -> None:
    answer = run("completion", shell)
    assert answer.status == 0
    assert f"complete-line {shell}" in answer.stdout
