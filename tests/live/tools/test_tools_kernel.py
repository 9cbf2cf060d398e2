"""The tools for what the kernel itself does: interrupts, queues, memory and the scheduler."""

from __future__ import annotations

import os
import pty
import socket
from pathlib import Path

import pytest

from tests.live.runs import python_command, run_summary, run_tool, shell, summing, total
from tests.live.tools.test_tools_processes import small_memory
from tests.processes import TracelangCommand, Workloads


def handled(file: str, name: str) -> int:
    """Return how many interrupts of a name a file of /proc counts, over all processors."""
    for line in Path(file).read_text().splitlines():
        word, *numbers = line.split()
        if word == f"{name}:":
            return sum(int(number) for number in numbers if number.isdigit())
    return 0


@pytest.mark.tool("softirqs")
def test_softirqs(tracelang: TracelangCommand) -> None:
    before = handled("/proc/softirqs", "NET_RX")
    with (
        summing(tracelang, "softirqs", "--dist", "yes") as rows,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as there,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as here,
    ):
        there.bind(("127.0.0.1", 0))
        for _ in range(200):
            here.sendto(b"x", there.getsockname())
            there.recv(9)
    most = handled("/proc/softirqs", "NET_RX") - before
    (sums,) = [r for r in rows if r["rule"] == 2 and r["softirq_text"] == "NET_RX"]
    (times,) = [r for r in rows if r["rule"] == 3 and r["softirq_text"] == "NET_RX"]
    assert 200 <= sums["count"] <= most
    assert 0 < sums["longest"] <= sums["total"]
    assert sum(n for _, _, n in times["us"]) == sums["count"]


@pytest.mark.tool("hardirqs")
def test_hardirqs(tracelang: TracelangCommand, disk: Path) -> None:
    before = {n: handled("/proc/interrupts", str(n)) for n in range(256)}
    with summing(tracelang, "hardirqs") as rows:
        file = os.open(disk / "file", os.O_CREAT | os.O_WRONLY | os.O_SYNC)
        for _ in range(20):
            os.write(file, b"x" * 4096)
        os.close(file)
    assert rows
    for row in rows:
        most = handled("/proc/interrupts", str(row["irq"])) - before[row["irq"]]
        assert 0 < row["count"] <= most, row
        assert 0 < row["longest"] <= row["total"]


@pytest.mark.tool("wqlat")
def test_wqlat(tracelang: TracelangCommand) -> None:
    leader, follower = pty.openpty()
    with summing(tracelang, "wqlat", "--queue", "events*") as rows:
        for _ in range(50):  # what is written comes to the other side by work that is queued
            os.write(follower, b"x")
            os.read(leader, 9)
    os.close(leader)
    os.close(follower)
    assert sum(row["count"] for row in rows) >= 50
    assert all(row["workqueue"].startswith("events") for row in rows)
    assert all(0 < row["mean"] <= row["longest"] for row in rows)


@pytest.mark.tool("slabratetop")
def test_slabratetop(tracelang: TracelangCommand, home: Path) -> None:
    source = "import os\nfor n in range(500): os.close(os.open('/dev/null', 0))"
    rows = run_summary(tracelang, "slabratetop", "-c", python_command(source))
    objects = total(rows, "objects", cache="filp")
    assert 500 <= objects < 1000
    assert total(rows, "bytes", cache="filp") >= objects * 100


@pytest.mark.tool("runqslower")
def test_runqslower(tracelang: TracelangCommand, home: Path) -> None:
    # Two that want one processor: each waits while the other has its slice.
    source = """
import os, time
os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
child = os.fork()
open("/proc/self/comm", "w").write("in-a-queue")
end = time.monotonic() + 0.5
while time.monotonic() < end: pass
if child: os.wait()
"""
    events = run_tool(tracelang, "runqslower", "--min", "1ms", "-c", python_command(source))
    waits = [event["us"] for event in events if event["comm"] == "in-a-queue"]
    assert min(waits) >= 1000
    assert sum(waits) >= 200_000
    assert {e["cpu"] for e in events if e["comm"] == "in-a-queue"} == {max(os.sched_getaffinity(0))}


@pytest.mark.tool("cpudist")
def test_cpudist(tracelang: TracelangCommand, workloads: Workloads) -> None:
    source = """
import time
for n in range(5): time.sleep(0.03)
end = time.process_time() + 0.2
while time.process_time() < end: pass
"""
    for off in ("yes", "no"):
        work = workloads.python(source)
        with summing(tracelang, "cpudist", "--pid", str(work.pid), "--off", off) as rows:
            work.go()
            work.wait()
        (row,) = [row for row in rows if row["rule"] > 1]
        if off == "yes":
            assert sum(n for low, _, n in row["us"] if low >= 16384) >= 5
        else:
            assert sum(high * n for _, high, n in row["us"]) >= 200_000


@pytest.mark.tool("drsnoop")
def test_drsnoop(tracelang: TracelangCommand, disk: Path) -> None:
    # A group that may use 20 MiB writes a file of 60: its pages must go for the next to come.
    with small_memory(20 << 20) as group:
        source = "f = open('file', 'wb')\nfor n in range(60): f.write(bytes(1 << 20))"
        command = shell(f"echo $$ >{group}/cgroup.procs; exec {python_command(source)}")
        events = run_tool(tracelang, "drsnoop", "-c", command)
    assert {event["pid"] for event in events} == {int((disk / "sh.pid").read_text())}
    assert sum(event["pages"] for event in events) >= (20 << 20) // os.sysconf("SC_PAGE_SIZE")
    assert all(event["us"] >= 0 and "GFP" in event["wanted_text"] for event in events)
