"""The tools for functions, call stacks and waits, against known calls and sleeps."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.live.runs import python_command, run_summary, run_tool, total
from tests.processes import TracelangCommand

CALLS = """
import os, time
for n in range(37): os.getpgid(0)
for n in range(5): os.getsid(0)
for n in range(3): time.sleep(0.05)
"""
SLEEP = "syscall:clock_nanosleep"


@pytest.mark.tool("funccount")
def test_funccount(tracelang: TracelangCommand, home: Path) -> None:
    what = "syscall:getpgid, syscall:getsid"
    rows = run_summary(tracelang, "funccount", "--what", what, "-c", python_command(CALLS))
    assert [(row["func"], row["calls"]) for row in rows] == [("getpgid", 37), ("getsid", 5)]
    other = run_summary(tracelang, "funccount", "--pid", str(os.getpid()), "-c", "true")
    assert other == []


@pytest.mark.tool("funclatency")
def test_funclatency(tracelang: TracelangCommand, home: Path) -> None:
    (row,) = run_summary(tracelang, "funclatency", "--what", SLEEP, "-c", python_command(CALLS))
    assert row["func"] == "clock_nanosleep"
    assert sum(n for _, _, n in row["us"]) == 3
    assert min(low for low, _, n in row["us"] if n) >= 32768


@pytest.mark.tool("funcslower")
def test_funcslower(tracelang: TracelangCommand, home: Path) -> None:
    what = ("--what", f"{SLEEP}, syscall:getpgid", "--min", "50ms")
    events = run_tool(tracelang, "funcslower", *what, "-c", python_command(CALLS))
    slept = [e["us"] for e in events if e["func"] == "clock_nanosleep"]
    assert len(slept) == 3
    assert min(slept) >= 50_000
    assert {event["retval"] for event in events} == {0}


@pytest.mark.tool("stackcount")
def test_stackcount(tracelang: TracelangCommand, home: Path) -> None:
    what = ("--what", "uprobe:libc:getpgid")
    rows = run_summary(tracelang, "stackcount", *what, "-c", python_command(CALLS))
    assert total(rows, "count", func="getpgid") == 37
    assert "getpgid" in str(rows[0]["ustack"])


@pytest.mark.tool("profile")
def test_profile(tracelang: TracelangCommand, home: Path) -> None:
    source = "import time; end = time.process_time() + 0.5\nwhile time.process_time() < end: pass"
    command = python_command(source)
    rows = run_summary(tracelang, "profile", "--rate", "profile:199hz", "-c", command)
    samples = sum(row["samples"] for row in rows)
    # Half a second of work, 199 times a second; the kernel's own time for the process comes on top.
    assert 50 <= samples <= 1000
    assert "python" in str(rows[0]["comm"])


@pytest.mark.tool("offcputime")
def test_offcputime(tracelang: TracelangCommand, home: Path) -> None:
    source = "import time\nfor n in range(3): time.sleep(0.1)"
    rows = run_summary(tracelang, "offcputime", "-c", python_command(source))
    slept = [row for row in rows if "nanosleep" in str(row["kstack"])]
    assert sum(row["count"] for row in slept) == 3
    assert sum(row["waited"] for row in slept) >= 300_000_000


@pytest.mark.tool("wakeuptime", "offwaketime")
@pytest.mark.parametrize(("tool", "sleeper"), [("wakeuptime", "who"), ("offwaketime", "comm")])
def test_wakers(tracelang: TracelangCommand, home: Path, tool: str, sleeper: str) -> None:
    source = """
import os, time
p, q = os.pipe()
if not os.fork():
    open("/proc/self/comm", "w").write("the-waker")
    time.sleep(0.2); os.write(q, b"x"); os._exit(0)
open("/proc/self/comm", "w").write("the-sleeper")
os.read(p, 1)
"""
    rows = run_summary(tracelang, tool, "-c", python_command(source))
    (row,) = [r for r in rows if (r[sleeper], r["waker"]) == ("the-sleeper", "the-waker")]
    assert row["count"] == 1
    assert row["waited"] >= 150_000_000
    assert "pipe_write" in str(row["waker_stack"])
    if tool == "offwaketime":
        assert "pipe_read" in str(row["kstack"])


@pytest.mark.tool("klockstat")
def test_klockstat(tracelang: TracelangCommand, home: Path) -> None:
    # Writes to one file exclude one another, and each of these takes long enough to be met.
    source = """
import os
file = os.open("file", os.O_CREAT | os.O_RDWR)
block = b"x" * (8 << 20)
for n in range(3):
    if not os.fork():
        for n in range(8): os.pwrite(file, block, 0)
        os._exit(0)
for n in range(3): os.wait()
"""
    rows = run_summary(tracelang, "klockstat", "-c", python_command(source))
    waits = [row for row in rows if "pwrite64" in str(row["kstack"])]
    assert waits
    assert all(0 < row["longest"] <= row["waited"] for row in waits)


@pytest.mark.tool("futexctn")
def test_futexctn(tracelang: TracelangCommand, home: Path) -> None:
    source = """
import threading, time
lock = threading.Lock()
lock.acquire()
thread = threading.Thread(target=lock.acquire)
thread.start()
time.sleep(0.3)
lock.release()
thread.join()
"""
    command = python_command(source)
    rows = run_summary(tracelang, "futexctn", "--min", "100ms", "-c", command)
    assert max(row["longest"] for row in rows) >= 200_000_000
    assert len({row["pid"] for row in rows}) == 1
