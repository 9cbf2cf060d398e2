"""The tools for processes on this kernel: each shows what the workload did."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shlex import join

import pytest

from tests.live.runs import python_command, run_tool, shell
from tests.processes import TracelangCommand

NOBODY = 65534


@pytest.mark.tool("execsnoop")
def test_execsnoop(tracelang: TracelangCommand, home: Path) -> None:
    command = shell("/bin/true 'a b' \"it's\"")
    events = run_tool(tracelang, "execsnoop", "--uid", str(os.getuid()), "-c", command)
    assert [event["command"] for event in events][1:] == ["/bin/true 'a b' 'it'\"'\"'s'"]
    assert events[1]["ppid"] == int((home / "sh.pid").read_text())
    assert run_tool(tracelang, "execsnoop", "--uid", str(NOBODY), "-c", command) == []


@pytest.mark.tool("exitsnoop")
def test_exitsnoop(tracelang: TracelangCommand, home: Path) -> None:
    command = shell("(exit 3); sh -c 'kill -KILL $$'; sleep 0.2")
    events = run_tool(tracelang, "exitsnoop", "-c", command)
    ends = [(event["comm"], event["status"], event["signal_text"]) for event in events]
    assert ends == [("sh", 3, "0"), ("sh", 0, "SIGKILL"), ("sleep", 0, "0"), ("sh", 0, "0")]
    assert 0.2 <= events[2]["age"] < 2
    assert events[3]["pid"] == int((home / "sh.pid").read_text())
    assert len(run_tool(tracelang, "exitsnoop", "--failed", "-c", command)) == 2


@pytest.mark.tool("setuids")
def test_setuids(tracelang: TracelangCommand, home: Path) -> None:
    source = f"""
import os
os.setreuid(-1, {NOBODY}); os.seteuid(0); os.setuid({NOBODY})
try: os.setuid(0)
except PermissionError: os._exit(0)
"""
    events = run_tool(tracelang, "setuids", "-c", python_command(source))
    changes = [tuple(e.get(n) for n in ("new", "real", "effective")) for e in events]
    unchanged = 2**32 - 1
    assert changes == [
        (None, unchanged, NOBODY),
        (None, unchanged, 0),
        (NOBODY, None, None),
        (0, None, None),
    ]
    assert [(event["user"], event["result_text"]) for event in events] == [
        (0, "0"),
        (0, "0"),
        (0, "0"),
        (NOBODY, "EPERM"),
    ]


@pytest.mark.tool("killsnoop")
def test_killsnoop(tracelang: TracelangCommand, home: Path) -> None:
    command = shell("sleep 9 & echo $! >sleep.pid; kill -0 $!; kill -TERM $!; wait")
    (event,) = run_tool(tracelang, "killsnoop", "-c", command)
    assert event["signal"] == signal.SIGTERM
    assert event["pid"] == int((home / "sh.pid").read_text())
    assert event["target"] == int((home / "sleep.pid").read_text())
    assert event["result"] == 0
    assert len(run_tool(tracelang, "killsnoop", "--asking", "-c", command)) == 2
    gone = python_command(
        "import os, sys\ntry: os.kill(2**22, 9)\nexcept OSError: os.kill(os.getpid(), 18)"
    )
    (failed,) = run_tool(tracelang, "killsnoop", "--failed", "-c", gone)
    assert (failed["target"], failed["result_text"]) == (2**22, "ESRCH")


@pytest.mark.tool("capable")
def test_capable(tracelang: TracelangCommand, home: Path) -> None:
    source = f"""
import os
file = os.open("file", os.O_CREAT)
os.fchown(file, 1, 1)
os.setuid({NOBODY})
try: os.fchown(file, 2, 2)
except PermissionError: os._exit(0)
"""
    command = python_command(source)
    asked = [
        (e["user"], e["capability_text"]) for e in run_tool(tracelang, "capable", "-c", command)
    ]
    assert {user for user, name in asked if name == "CAP_CHOWN"} == {0, NOBODY}
    refused = [e["user"] for e in run_tool(tracelang, "capable", "--denied", "-c", command)]
    assert 0 not in refused
    assert NOBODY in refused


@contextmanager
def small_memory(limit: int) -> Iterator[Path]:
    """A cgroup of our own that may use `limit` bytes; the kernel kills in it who needs more."""
    for root, file in (
        (Path("/sys/fs/cgroup/memory"), "memory.limit_in_bytes"),
        (Path("/sys/fs/cgroup"), "memory.max"),
    ):
        group = root / f"tracelang-test-{os.getpid()}"
        if not (root / "cgroup.procs").exists():
            continue
        group.mkdir()
        try:
            if (group / file).exists():
                (group / file).write_text(str(limit))
                yield group
                return
        finally:
            group.rmdir()
    pytest.skip("no memory cgroup can be made here; mount one to have this test run")


@pytest.mark.tool("oomkill")
def test_oomkill(tracelang: TracelangCommand, home: Path) -> None:
    with small_memory(20 << 20) as group:
        grow = join([sys.executable, "-S", "-c", "x = bytearray(1 << 28)"])
        command = shell(f"echo $$ >{group}/cgroup.procs; exec {grow}")
        events = run_tool(tracelang, "oomkill", "-c", command)
    pid = int((home / "sh.pid").read_text())
    assert [(event["pid"], event["victim"]) for event in events] == [(pid, pid)]
