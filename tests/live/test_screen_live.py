"""Periodic aggregates in a real terminal: refreshed in place, and gone without a trace."""

from __future__ import annotations

import re
import sys
from typing import Final

import pytest

from tests.live.runs import python_command
from tests.terminal import CTRL_C, Terminal

WORK: Final = python_command("""import os, time
while True:
    for n in range(1, 41): os.getpriority(os.PRIO_PROCESS, 0); os.getpgid(0)
    time.sleep(0.01)""")
COUNT: Final = "probe syscall:getpgid aggregate count() as calls by comm every 200ms"
HIDDEN, SHOWN = "\x1b[?25l", "\x1b[?25h"
TIME: Final = re.compile(r"\d\d:\d\d:\d\d")


def tracing(
    script: str, command: str, *, size: tuple[int, int] = (24, 80), kind: str = "xterm"
) -> Terminal:
    argv = [sys.executable, "-m", "tracelang.cli.main", script, "-c", command]
    return Terminal.start(argv, size=size, environment={"TERM": kind, "NO_COLOR": "1"})


def test_a_table_takes_the_place_of_the_last_and_stays_at_the_end() -> None:
    script = f'probe begin print "counting" {COUNT} probe end print "that was all"'
    with tracing(script, WORK) as terminal:
        terminal.wait_for(lambda text: "CALLS" in text)
        drawn = terminal.written.count("\x1b[H")
        while terminal.written.count("\x1b[H") < drawn + 3:
            terminal.wait_for(lambda text: text.count("CALLS") == 1)
            terminal.read()
        assert len(TIME.findall(terminal.text)) == 1
        assert HIDDEN in terminal.written
        assert SHOWN not in terminal.written
        terminal.send(CTRL_C)
        status = terminal.end()
    assert status == 0
    assert terminal.written.count(SHOWN) == terminal.written.count(HIDDEN) == 1
    after = terminal.written.rpartition("\x1b[?1049l")[2]
    assert 1 <= after.count("CALLS") <= 2
    assert "that was all" in after
    assert re.search(r"[\d,]+ events, 0 lost", after)
    before = terminal.written.partition("\x1b[?1049h")[0]
    assert "counting" in before
    assert "CALLS" not in before


def test_a_window_too_low_is_told_of_and_one_that_grows_is_filled() -> None:
    script = """probe syscall:getpgid aggregate count() as calls by comm, ts / 1000 as at
        every 200ms top 60"""
    with tracing(script, WORK, size=(8, 60)) as terminal:
        text = terminal.wait_for(lambda text: "more lines" in text)
        assert len(text.splitlines()) == 8
        assert text.splitlines()[0].startswith(TIME.findall(text)[0])
        assert text.splitlines()[-1].startswith("… ")
        terminal.resize(16, 40)
        text = terminal.wait_for(lambda text: len(text.splitlines()) > 9)
        assert len(text.splitlines()) <= 16
        terminal.send(CTRL_C)
        assert terminal.end() == 0


def test_several_tables_stand_below_one_another_and_a_silent_one_says_so() -> None:
    script = f"""{COUNT} probe syscall:getpriority aggregate hist(which) as which every 300ms keep
        probe syscall:getsid aggregate count() every 200ms"""
    work = python_command("""import os, time
for n in range(12): os.getsid(0); os.getpgid(0); os.getpriority(0, 0); time.sleep(0.05)
while True: os.getpgid(0); os.getpriority(0, 0); time.sleep(0.01)""")
    with tracing(script, work, size=(30, 80)) as terminal:
        terminal.wait_for(lambda text: "[0] " in text and text.count("getpgid") == 1)
        text = terminal.wait_for(lambda text: "getsid: no events" in text)
        assert text.count("getpriority") == 1
        terminal.send(CTRL_C)
        assert terminal.end() == 0


@pytest.mark.parametrize(
    ("script", "kind"),
    [(COUNT, "dumb"), (f"{COUNT} probe syscall:getpriority limit 3/s capture pid", "xterm")],
    ids=["a terminal that cannot", "beside a rule that streams"],
)
def test_elsewhere_tables_follow_one_another(script: str, kind: str) -> None:
    with tracing(script, WORK, kind=kind) as terminal:
        terminal.wait_for(lambda text: text.count("CALLS") >= 2)
        terminal.send(CTRL_C)
        assert terminal.end() == 0
    assert "\x1b" not in terminal.written
