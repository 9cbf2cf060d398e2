"""Programs whose calls the tests know to the last one, and what runs that sum them up say."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from typing import Final

import pytest

from tests.live.runs import Event, accounting, events_of, python_command
from tests.processes import TracelangCommand

OPTION: Final = 12345
"""An option of prctl(2) that there is not: the calls with it are the tests' own."""
OURS: Final = f"syscall:prctl where option == {OPTION}"
SEEKS: Final = "syscall:lseek where cast(fd, s32) == -7"

PRELUDE: Final = f"""
import ctypes, os, sys
call = ctypes.CDLL(None, use_errno=True).syscall
def prctl(*words):
    given = map(ctypes.c_ulong, (*words, 0, 0, 0)[:4])
    call(ctypes.c_long(157), ctypes.c_long({OPTION}), *given)
def lseek(offset):
    call(ctypes.c_long(8), ctypes.c_long(-7), ctypes.c_long(offset), ctypes.c_long(0))
"""
"""Python's `prctl(…)` and `lseek(offset)`: x86-64 has these numbers for them."""
NUMBERED = pytest.mark.skipif(
    platform.machine() != "x86_64", reason="its calls have the numbers of x86-64"
)


def work(source: str) -> str:
    """Return a `-c` that runs Python with `prctl(…)` and `lseek(offset)`."""
    return python_command(PRELUDE + source)


def summarise(tracelang: TracelangCommand, script: str, source: str, *options: str) -> list[Event]:
    """Return the rows of a run that lost nothing."""
    done = tracelang(script, "-c", work(source), "-o", "json", *options)
    assert done.status == 0, done.stderr
    assert accounting(done)["lost"] == 0
    assert "not counted" not in done.stderr
    return events_of(done)


def seek(values: Sequence[int]) -> str:
    return f"for n in {list(values)}: lseek(n)"


def call(values: Sequence[int]) -> str:
    return f"for n in {list(values)}: prctl(n)"
