"""Diagnostics on narrow terminals: prose is wrapped, commands stay whole, the place is in sight."""

from __future__ import annotations

import re
import sys

import pytest

from tests.terminal import Terminal
from tracelang.diagnostics import Diagnostic, fail
from tracelang.render import Painter, fitted, render
from tracelang.source import SourceFile, Span

PLAIN = Painter(on=False)
COMMAND = "`tracelang list 'syscall:*' --kernel some/where`"


def diagnostic() -> Diagnostic:
    text = "syscall:openat capture " + ", ".join(["comm"] * 40) + ", wrong"
    span = Span(SourceFile("s", text), text.index("wrong"), len(text))
    help_ = [f"there is something to be said that takes many words, so run {COMMAND} and look"]
    return fail("T203", "a message " * 12, span, notes=["one\ntwo"], help=help_).diagnostics[0]


@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    text = render(diagnostic(), PLAIN, width)
    assert max(map(len, text.splitlines())) <= width
    assert COMMAND in text
    lines = text.splitlines()
    mark = next(n for n, line in enumerate(lines) if "^" in line)
    start = lines[mark].index("^")
    assert lines[mark - 1][start : start + lines[mark].count("^")] == "wrong"


def test_wrapping_loses_no_word() -> None:
    wide, narrow = (render(diagnostic(), PLAIN, width) for width in (None, 80))
    assert re.findall(r"message|many|words|one|two|look", narrow) == re.findall(
        r"message|many|words|one|two|look", wide
    )
    odd = fail("T203", "an odd ` stays " * 8).diagnostics[0]
    assert render(odd, PLAIN, 40).count("`") == 8


def test_a_terminal_tells_how_wide_it_is() -> None:
    script = "syscall:openat, syscall:open, syscall:openat2, syscall:creat capture filenam"
    command = [sys.executable, "-m", "tracelang.cli.main", "check", script]
    with Terminal.start(command, size=(40, 50), environment={"NO_COLOR": "1"}) as terminal:
        terminal.wait_for("did you mean")
        terminal.end()
    lines = terminal.written.splitlines()
    assert any(line.rstrip().endswith("capture filenam") for line in lines)
    assert max(map(len, lines)) <= 50


LINE = f"      uid   u32   4      {'the running task':<45}text up to its NUL, cut"


@pytest.mark.parametrize("width", [60, 80, 90])
def test_a_line_of_columns_is_wrapped_below_its_last_column(width: int) -> None:
    text = fitted(LINE, width)
    assert max(map(len, text.splitlines())) <= width
    assert text.split() == LINE.split()
    assert text.splitlines()[-1].startswith(" " * 10 + "text up")
    assert fitted(LINE, None) == fitted(LINE, 200) == LINE
    row = f"  ends   {'when the command ends, or ' * 5}"
    assert {line.find(next(iter(line.split()))) for line in fitted(row, 50).splitlines()[1:]} == {9}
