"""Every example on this kernel, with a workload whose doings are known: the events are those."""

from __future__ import annotations

import re
import socket
from pathlib import Path

import pytest

from tests.live.runs import EXAMPLES, Event, connections, events_of, python_command, shell, trace
from tests.processes import TracelangCommand


def run(tracelang: TracelangCommand, name: str, *arguments: str | Path) -> list[Event]:
    return trace(tracelang, EXAMPLES / f"{name}.trace", *arguments)


def test_every_example_is_run_here() -> None:
    tested = Path(__file__).read_text()
    for path in EXAMPLES.glob("*.trace"):
        assert re.search(rf'"{path.stem}(\.trace)?"', tested), path.name


@pytest.mark.parametrize("path", sorted(EXAMPLES.rglob("*.trace")), ids=lambda path: path.stem)
def test_its_comment_says_what_it_is_for(path: Path) -> None:
    first, *_ = path.read_text().splitlines()
    assert re.fullmatch(rf"# {path.name}: \w.*\w", first)


def test_all_are_in_the_canonical_layout(tracelang: TracelangCommand) -> None:
    done = tracelang("fmt", "--check", *sorted(EXAMPLES.rglob("*.trace")))
    assert (done.status, done.stdout) == (0, "")


def test_who_calls_execve(tracelang: TracelangCommand, home: Path) -> None:
    events = run(tracelang, "who-calls-execve", "-c", shell("/bin/true; exec /bin/false"))
    pid = int((home / "sh.pid").read_text())
    assert [event["path"] for event in events] == ["/bin/sh", "/bin/true", "/bin/false"]
    assert [event["comm"] for event in events][1:] == ["sh", "sh"]
    assert (events[0]["pid"], events[2]["pid"]) == (pid, pid)


def test_namespaces(tracelang: TracelangCommand, home: Path) -> None:
    """Each new process with the namespaces it has itself, not those of who made it."""
    work = r'''import os, subprocess, sys
report = """import os
print(os.getpid(), *(os.stat('/proc/self/ns/' + n).st_ino for n in 'pid net mnt user'.split()))"""
child = [sys.executable, "-S", "-c", report]
plain = subprocess.run(child, capture_output=True, text=True).stdout
flags = "--pid --net --mount --user --map-root-user --fork"
apart = subprocess.run(["unshare", *flags.split(), *child], capture_output=True, text=True).stdout
open("facts", "w").write(plain + apart)'''
    events = run(tracelang, "namespaces", "-c", python_command(work))
    plain, apart = (
        [int(n) for n in line.split()] for line in Path("facts").read_text().splitlines()
    )
    names = ("nspid", "pidns", "netns", "mntns", "userns")
    rows = [[event[name] for name in names] for event in events]
    assert plain in rows
    (inner,) = [event for event in events if [event[name] for name in names] == apart]
    assert inner["comm"] == "unshare"
    assert inner["nspid"] == 1 != inner["child_pid"]
    assert all(a != b for a, b in zip(plain[1:], apart[1:], strict=True))


def test_namespace_changes(tracelang: TracelangCommand, home: Path) -> None:
    work = """import ctypes, os
libc = ctypes.CDLL(None)
libc.unshare(0x04000000 | 0x40000000)
libc.unshare(0x00000400)
fd = os.open("/proc/self/ns/uts", os.O_RDONLY)
libc.setns(fd, 0x04000000)
libc.setns(fd, 0x40000000)
libc.syscall(56, 0x20000000 | 17, 0, 0, 0, 0) or os._exit(0)
os.wait()"""
    events = run(tracelang, "namespace-changes", "-c", python_command(work))
    assert [(e["func"], e["kinds_text"], e["result"] < 0) for e in events] == [
        ("unshare", "CLONE_NEWUTS|CLONE_NEWNET", False),
        ("setns", "CLONE_NEWUTS", False),
        ("setns", "CLONE_NEWNET", True),
        ("clone", "CLONE_NEWPID", False),
    ]
    assert events[-1]["result"] > 0


def test_namespaces_live(tracelang: TracelangCommand, home: Path) -> None:
    command = shell("unshare -n cat /dev/null; cat /dev/null")
    done = tracelang(EXAMPLES / "namespaces-live.trace", "-c", command, "-o", "json")
    rows = events_of(done)
    assert len({row["netns"] for row in rows}) == 2
    assert Path("/proc/self/ns/net").stat().st_ino in {row["netns"] for row in rows}


def test_who_calls_connect(tracelang: TracelangCommand, home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = server.getsockname()
        events = run(tracelang, "who-calls-connect", "-c", connections(address, address))
    assert [event["daddr"] for event in events] == ["127.0.0.1"] * 2
    assert len({event["pid"] for event in events}) == 1
