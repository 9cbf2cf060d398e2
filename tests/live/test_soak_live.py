"""Many events out of the kernel: the tracer's memory does not grow with them.

`make soak` makes three million; otherwise it is as many as take a second.
"""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.processes import TracelangCommand, finish

CALLS: Final = int(os.environ.get("TRACELANG_SOAK_ROWS", "60000"))
_MOST_GROWTH: Final = 8 << 20
_SCRIPT: Final = """
probe syscall:getpgid capture comm, pid, ts as at, kstack
probe syscall:getpgid aggregate count() as calls, hist(ts % 1000) by cpu every 20ms
"""
_WORK: Final = """
import os, sys, time
calls, seen = int(sys.argv[1]), []
def tracer():
    time.sleep(0.5)  # what was offered is taken out and shown
    status = open(f"/proc/{os.getppid()}/status").read()
    seen.append(int(status.split("RssAnon:")[1].split()[0]))
for n in range(calls):
    os.getpgid(0)
    if n % 500 == 0: time.sleep(0.004)
    if n == calls // 3: tracer()
tracer()
print(os.getppid(), *seen)
"""


@pytest.mark.parametrize(
    "words", [("-o", "json", "--out"), ("record", "-w")], ids=["json", "record"]
)
def test_memory_does_not_grow_with_events(
    tracelang: TracelangCommand, tmp_path: Path, words: tuple[str, ...]
) -> None:
    *before, option = words
    command = shlex.join([sys.executable, "-S", "-c", _WORK, str(CALLS)])
    process = tracelang.start(*before, _SCRIPT, option, tmp_path / "out", "-c", command)
    done = finish(process, timeout=60 + CALLS / 10_000)
    assert done.status == 0, done.stderr
    pid, early, late = map(int, done.stdout.splitlines()[-1].split())
    assert pid == process.pid
    assert f"{2 * CALLS:,} events, 0 lost" in done.stderr, done.stderr
    print(f"{before[-1]}: {early >> 10} MiB of its own after a third, {late >> 10} MiB at the end")
    assert (late - early) << 10 < _MOST_GROWTH
