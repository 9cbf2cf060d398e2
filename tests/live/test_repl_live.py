"""The prompt in a real terminal: what a person types, and what the screen shows for it."""

from __future__ import annotations

import re
import stat
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.processes import SLOWNESS, TracelangCommand, Workloads, programs_of
from tests.terminal import CTRL_C, CTRL_D, ENTER, TAB, UP, Terminal
from tracelang.complete.target_names import BY_BINARY
from tracelang.repl.settings import Settings
from tracelang.repl.workshop import Workshop

Prompt = Callable[..., Terminal]


@pytest.fixture
def prompt(tracelang: TracelangCommand, tmp_path: Path) -> Iterator[Prompt]:
    """Starts `tracelang` at a terminal of 24 lines of 80 characters, and waits for its prompt."""
    environment = {**tracelang.environment, "XDG_STATE_HOME": str(tmp_path / "state")}
    with ExitStack() as stack:

        def start(**more: str) -> Terminal:
            argv = [sys.executable, "-m", "tracelang.cli.main"]
            terminal = Terminal.start(argv, cwd=tmp_path, environment={**environment, **more})
            stack.enter_context(terminal)
            terminal.wait_for("trace>")
            return terminal

        yield start


def _is_ready(text: str) -> bool:
    """Tell whether the prompt waits, with nothing typed: only the tool bar may stand below it."""
    return text.rpartition("trace>")[2].partition("\n")[0] == ""


def _say(terminal: Terminal, text: str) -> None:
    """Type a line at a prompt that waits, so that none of it is typed ahead."""
    terminal.wait_for(_is_ready)
    terminal.send(text + ENTER)


def test_a_session(prompt: Prompt, workloads: Workloads, tmp_path: Path) -> None:
    workload = workloads.python("for _ in range(3): os.getpgid(os.getpid())")
    terminal = prompt()

    # Complete a target, a clause and a field, each by what the menu offers first.
    terminal.send("sysret:getpgi")
    terminal.wait_for("(→ retval)")
    terminal.send(TAB)
    terminal.wait_for("trace> sysret:getpgid")
    terminal.send(ENTER + " capt")
    terminal.wait_for("the fields of the event")
    terminal.send(TAB + ENTER + " pid, ret")
    terminal.wait_for("s64")
    terminal.send(TAB)
    terminal.wait_for("trace> sysret:getpgid capture pid, retval")
    # The tool bar has the type of what is under the cursor.
    terminal.send(ENTER)
    terminal.wait_for("retval: s64")
    # It runs until Ctrl-C, with a process of ours to look at.
    terminal.send(f" where pid == {workload.pid}" + ENTER)
    terminal.wait_for(lambda _: bool(programs_of(terminal.process.pid)))
    workload.go()
    workload.wait()
    terminal.wait_for(lambda text: text.count(f" {workload.pid} ") == 3)
    terminal.send(CTRL_C)
    terminal.wait_for("3 events, 0 lost")
    assert "PID" in terminal.text
    assert not programs_of(terminal.process.pid)

    # The last one is back for changes; what is wrong is shown, and the text stays.
    _say(terminal, ":last")
    terminal.wait_for(lambda text: text.count("trace> sysret:getpgid") == 2)
    terminal.send(" and retvall > 0" + ENTER)
    terminal.wait_for("did you mean `retval`?")
    terminal.wait_for(lambda text: text.rpartition("trace> ")[2].startswith("sysret:getpgid"))
    terminal.send(CTRL_C)

    # Settings are those of `run`; a script with an end of its own comes back by itself.
    for line in (":set output json", ":set quiet yes"):
        _say(terminal, line)
        terminal.wait_for(f"trace> {line}")
    _say(terminal, "stop after 1 events probe interval:10ms capture 42 as answer")
    terminal.wait_for('"answer":42')

    _say(terminal, ":save kept.trace")
    terminal.wait_for("saved; run it by")
    assert "capture 42 as answer\n" in (tmp_path / "kept.trace").read_text()
    terminal.wait_for(_is_ready)
    terminal.send(CTRL_D)
    assert terminal.end() == 0


def test_earlier_sessions_are_remembered(prompt: Prompt, tmp_path: Path) -> None:
    terminal = prompt()
    _say(terminal, ":describe ENOENT")
    terminal.wait_for("ENOENT = 2")
    _say(terminal, ":quit")
    assert terminal.end() == 0
    history = tmp_path / "state" / "tracelang" / "history"
    assert stat.S_IMODE(history.stat().st_mode) == 0o600

    terminal = prompt()
    terminal.send(UP)
    terminal.wait_for("trace> :quit")
    terminal.send(UP)
    terminal.wait_for("trace> :describe ENOENT")


def test_a_text_that_goes_on_gets_a_new_line(prompt: Prompt) -> None:
    terminal = prompt(NO_COLOR="1")
    terminal.send("begin where (1 ==" + ENTER)
    terminal.wait_for("   ...")
    terminal.send("1)" + ENTER)
    terminal.wait_for("TIME")
    terminal.send(CTRL_C)
    terminal.wait_for("1 event, 0 lost")
    # No colours were asked for: nothing on the screen has one.
    cells = [cell for row in terminal.screen.buffer.values() for cell in row.values()]
    assert {cell.fg for cell in cells} == {"default"}


def test_a_span_is_written_leg_by_leg(prompt: Prompt) -> None:
    terminal = prompt()
    terminal.send("span from syscall:openat key tid" + ENTER)
    terminal.wait_for("   ...")
    terminal.send("via half: syscall:read key tid" + ENTER)
    terminal.wait_for(lambda text: text.count("   ...") == 2)
    terminal.send("to syscall:close key tid capture ha")
    terminal.wait_for("what the stage `half` has")
    # Nobody is told what is missing from a text that is still being written.
    assert "has no `to`" not in terminal.written
    # What is forgotten is not talked of any more.
    terminal.send("lf.duration")
    terminal.wait_for("half.duration: duration")
    terminal.send(CTRL_C)
    terminal.wait_for(lambda text: "half.duration" not in text and "Tab: what can stand" in text)


def test_what_is_asked_for_first_is_looked_up_beforehand() -> None:
    with Workshop(Settings()) as workshop:
        names = workshop._machine.names
        wanted = {kind.name for kind in names.offered} - set(BY_BINARY)
        until = time.monotonic() + 30 * SLOWNESS
        while not wanted <= set(names._texts):
            assert time.monotonic() < until, wanted - set(names._texts)
            time.sleep(0.05)


def test_a_dumb_terminal_will_do(prompt: Prompt) -> None:
    terminal = prompt(TERM="dumb")
    terminal.send("stop after 1 events probe interval:10ms capture 42 as answer" + ENTER)
    terminal.wait_for("1 event, 0 lost")
    _say(terminal, ":quit")
    assert terminal.end() == 0


def test_the_time_to_compile_and_to_attach_is_told(prompt: Prompt, workloads: Workloads) -> None:
    terminal = prompt()
    _say(terminal, ":set times yes")
    terminal.wait_for("trace> :set times yes")
    _say(terminal, "stop after 1 events probe interval:10ms capture 42 as answer")
    times = re.compile(r"compiled in \d+ ms, attached in \d+ ms")
    terminal.wait_for(lambda text: times.search(text) is not None)
