"""The tools for what processes say to one another: signals, shared memory and terminals."""

from __future__ import annotations

import errno
import signal
from pathlib import Path

import pytest

from tests.live.runs import python_command, run_tool, shell
from tests.processes import TracelangCommand

# There is no shmget in Python's library.
SHARED = """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
libc.shmat.restype = ctypes.c_void_p
libc.shmdt.argtypes = [ctypes.c_void_p]
name = libc.shmget(0, 8192, 0o1600)
place = libc.shmat(name, None, 0)
libc.shmdt(place)
libc.shmctl(name, 0, None)
libc.shmat(name, None, 0)
print(name, place, flush=True)
"""


@pytest.mark.tool("sigsnoop")
def test_sigsnoop(tracelang: TracelangCommand, home: Path) -> None:
    command = shell("sleep 9 & echo $! >sleep.pid; kill -TERM $!; wait; sh -c 'kill -SEGV $$'")
    events = run_tool(tracelang, "sigsnoop", "-c", command)
    sleeper, own = (int((home / f).read_text()) for f in ("sleep.pid", "sh.pid"))
    sent = [(e["pid"], e["signal_text"], e["target"]) for e in events]
    assert (own, "SIGTERM", sleeper) in sent
    # That its child has ended is told by the kernel, in the child's name.
    assert (sleeper, "SIGCHLD", own) in sent
    only = run_tool(tracelang, "sigsnoop", "--signal", str(int(signal.SIGSEGV)), "-c", command)
    assert [event["signal_text"] for event in only] == ["SIGSEGV"]


@pytest.mark.tool("shmsnoop")
def test_shmsnoop(tracelang: TracelangCommand, home: Path) -> None:
    command = f"sh -c 'exec \"$@\" >facts' sh {python_command(SHARED)}"
    events = run_tool(tracelang, "shmsnoop", "-c", command)
    name, place = map(int, (home / "facts").read_text().split())
    made, attached, left, removed, refused = events
    assert (made["size"], made["flags_text"], made["id"]) == (8192, "01600", name)
    assert (attached["shmid"], attached["address"]) == (name, place)
    assert (left["address"], left["result"]) == (place, 0)
    assert (removed["shmid"], removed["command"], removed["result"]) == (name, 0, 0)
    assert refused["address"] == -errno.EINVAL  # it is gone


@pytest.mark.tool("ttysnoop")
def test_ttysnoop(tracelang: TracelangCommand, home: Path) -> None:
    source = """
import os, pty
pid, terminal = pty.fork()
if not pid:
    os.write(1, b"hello\\x1b there")
    os.write(os.open("file", os.O_CREAT | os.O_WRONLY), b"elsewhere")
    os._exit(0)
try:
    while os.read(terminal, 4096): pass
except OSError: os.waitpid(pid, 0)
"""
    (event,) = run_tool(tracelang, "ttysnoop", "-c", python_command(source))
    assert event["tty"].startswith("pts")
    assert "hello" in event["text_text"]
    assert run_tool(tracelang, "ttysnoop", "--tty", "ttyS*", "-c", python_command(source)) == []
