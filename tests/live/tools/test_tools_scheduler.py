"""The tools for processors and the scheduler on this kernel, against work that is known."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.live.runs import python_command, run_summary, run_tool
from tests.processes import TracelangCommand

SPINNERS = 5
# All on one processor, where only one of them can run at a time.
CROWD = f"""
import os, time
os.sched_setaffinity(0, {{max(os.sched_getaffinity(0))}})
for n in range({SPINNERS}):
    if not os.fork():
        end = time.monotonic() + 1
        while time.monotonic() < end: pass
        os._exit(0)
for n in range({SPINNERS}): os.wait()
"""
Histogram = list[tuple[int, int, int]]


@pytest.mark.tool("cpuwalk")
def test_cpuwalk(tracelang: TracelangCommand, home: Path) -> None:
    (row,) = run_summary(tracelang, "cpuwalk", "-c", python_command(CROWD))
    processor = max(os.sched_getaffinity(0))
    (most,) = [n for low, _, n in row["processor"] if low == processor]
    assert most > sum(n for low, _, n in row["processor"] if low != processor)
    nothing = python_command("import os; os.sched_yield()")
    assert run_summary(tracelang, "cpuwalk", "--pid", str(os.getpid()), "-c", nothing) == []


@pytest.mark.tool("runqlen")
def test_runqlen(tracelang: TracelangCommand, home: Path) -> None:
    (row,) = run_summary(tracelang, "runqlen", "-c", python_command(CROWD))
    counts: Histogram = row["waiting"]
    assert max(low for low, _, n in counts if n) >= SPINNERS - 1
    crowded = sum(n for low, _, n in counts if low >= SPINNERS - 1)
    assert crowded > sum(n for low, _, n in counts if low < SPINNERS - 1)


@pytest.mark.tool("runqlat")
def test_runqlat(tracelang: TracelangCommand, home: Path) -> None:
    (row,) = run_summary(tracelang, "runqlat", "-c", python_command(CROWD))
    # In turns on one processor: each of them waits while four others have their slices.
    waited = sum(low * n for low, _, n in row["us"])
    assert waited > 1_000_000
    assert run_summary(tracelang, "runqlat", "--pid", "1", "-c", "true") == []


@pytest.mark.tool("pidpersec")
def test_pidpersec(tracelang: TracelangCommand, home: Path) -> None:
    source = """
import os, threading, time
for n in range(7):
    if not os.fork(): os._exit(0)
time.sleep(1.1)
for n in range(4): os.waitpid(-1, 0)
thread = threading.Thread(target=int); thread.start(); thread.join()
"""
    rows = run_summary(tracelang, "pidpersec", "-c", python_command(source))
    assert sum(row["started"] for row in rows) == 8
    assert len(rows) == 2


@pytest.mark.tool("syscount")
def test_syscount(tracelang: TracelangCommand, home: Path) -> None:
    source = "import os\nfor n in range(5000): os.getppid()\nos._exit(0)"
    rows = run_summary(tracelang, "syscount", "-c", python_command(source))
    calls = [row for row in rows if "func" in row]
    assert (calls[0]["func"], calls[0]["calls"]) == ("getppid", 5000)
    assert len(calls) <= 10
    (program,) = [row for row in rows if "comm" in row]
    assert program["calls"] >= sum(row["calls"] for row in calls)
    assert run_summary(tracelang, "syscount", "--pid", "1", "-c", "true") == []


@pytest.mark.tool("naptime")
def test_naptime(tracelang: TracelangCommand, home: Path) -> None:
    sleeps = "sh -c 'sleep .05; sleep .1'"
    short, long = run_tool(tracelang, "naptime", "--least", "40ms", "-c", sleeps)
    assert (short["seconds"], long["seconds"]) == (0.05, 0.1)
    assert (short["pcomm"], short["comm"]) == ("sh", "sleep")
    assert short["ppid"] == long["ppid"]
    (only,) = run_tool(tracelang, "naptime", "--least", "60ms", "-c", sleeps)
    assert only["seconds"] == 0.1
