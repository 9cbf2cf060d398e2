"""Calls that programs make all the time, by the tracepoint that every call passes, and `comm`."""

from __future__ import annotations

import platform
from collections.abc import Callable
from errno import EBADF
from pathlib import Path

import pytest

from tests.live.runs import Event, accounting, events_of, python_command
from tests.processes import TracelangCommand

# One rule each, as only a script's one rule on calls goes by the tracepoint of all.
WRITTEN = """
probe syscall:pwrite64 where comm == "busy" capture pid, tid, fd, str(buf, 8) as text, count, pos
"""
RESULTS = 'sysret:p* where comm == "busy" capture func, retval'
SPANS = 'span syscall:p* where comm == "busy" capture func, retval'
COUNTED = 'syscall:read, syscall:getpgid where comm == "busy" aggregate count() by func'

WORK = """
import ctypes, mmap, os, tempfile
open("/proc/self/comm", "w").write("busy")
# What 64-bit programs call 0 is read, what 32-bit programs call 0 restarts a call.
code = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
code.write(bytes.fromhex("53 31db b800000000 cd80 5b c3"))
call_as_32_bit = ctypes.CFUNCTYPE(ctypes.c_long)(ctypes.addressof(ctypes.c_char.from_buffer(code)))
with tempfile.TemporaryFile(buffering=0) as file:
    fd = os.dup2(file.fileno(), 60)
    os.pwrite(fd, b"abc", 7_000_000_000)
    try:
        os.pwrite(63, b"closed", 5)
    except OSError:
        pass
    for size in (4, 3, 5):
        os.pread(fd, size, 7_000_000_000)
    for _ in range(3):
        os.read(fd, 1)
        if IS_X86:
            call_as_32_bit()
    os.getpgid(0)
"""


# What finds out about the kernel, told that it is an older one.
OLDER = """
from tracelang.kernel.features import absent
from tracelang.kernel.live_features import LiveFeatures
for name in {names}:
    setattr(LiveFeatures, name, absent("nothing of the kind"))
"""
NEWER_FEATURES = {
    "this one": (),
    "before 5.15": ("typed_registers",),
    "before 5.11": ("typed_task", "typed_registers"),
}


@pytest.fixture(params=NEWER_FEATURES)
def seen(
    tracelang: TracelangCommand, request: pytest.FixtureRequest, tmp_path: Path
) -> Callable[[str], list[Event]]:
    """What shows a script's events by this kernel's means, and by those that older ones have."""
    text = OLDER.format(names=NEWER_FEATURES[request.param])
    (tmp_path / "sitecustomize.py").write_text(text)
    work = WORK.replace("IS_X86", str(platform.machine() == "x86_64"))
    return lambda script: run(tracelang, script, work, "--no-cache", PYTHONPATH=str(tmp_path))


def run(
    tracelang: TracelangCommand, script: str, work: str, *options: str, **environment: str
) -> list[Event]:
    command = python_command(work)
    done = tracelang(script, "-c", command, "-o", "json", *options, environment=environment)
    assert done.status == 0, done.stderr
    assert accounting(done)["lost"] == 0, done.stderr
    return events_of(done)


def of_rule(seen: list[Event], number: int) -> list[Event]:
    return [event for event in seen if event["rule"] == number]


def test_arguments(seen: Callable[[str], list[Event]]) -> None:
    written, failed = seen(WRITTEN)
    assert written["pid"] == written["tid"]
    names = ("fd", "text", "count", "pos")
    assert [written[n] for n in names] == [60, "abc", 3, 7_000_000_000]
    assert [failed[n] for n in names] == [63, "closed", 6, 5]


@pytest.mark.parametrize("script", [RESULTS, SPANS])
def test_results_of_the_calls_that_a_wildcard_names(
    seen: Callable[[str], list[Event]], script: str
) -> None:
    found = [(e["func"], e["retval"]) for e in seen(script)]
    assert [r for f, r in found if f == "pwrite64"] == [3, -EBADF]
    assert [r for f, r in found if f == "pread64"] == [3, 3, 3]


def test_calls_of_32_bit_programs_are_others_though_their_numbers_are_the_same(
    seen: Callable[[str], list[Event]],
) -> None:
    rows = {row["func"]: row["count"] for row in seen(COUNTED)}
    assert rows == {"read": 3, "getpgid": 1}


NAMES = ("a", "of four", "seven by", "just 9 by", "fifteen letters", "short", "")


def test_names_are_whole_and_end_where_they_end(tracelang: TracelangCommand) -> None:
    """As keys all of their bytes count, those of a longer name before as well."""
    work = f"""
import os
for round in range(2):
    for name in {NAMES!r}:
        with open("/proc/self/comm", "w") as comm:
            comm.write(name or chr(0))
        os.getpgid(0)
"""
    script = """
probe syscall:getpgid capture comm
probe syscall:getpgid aggregate count() by comm
"""
    found = run(tracelang, script, work)
    assert [e["comm"] for e in of_rule(found, 1)] == [*NAMES, *NAMES]
    assert {row["comm"]: row["count"] for row in of_rule(found, 2)} == dict.fromkeys(NAMES, 2)
