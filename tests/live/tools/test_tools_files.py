"""The tools for files on this kernel: each shows what the workload did."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from shlex import join

import pytest

from tests.live.runs import python_command, run_tool
from tests.processes import TracelangCommand


@pytest.mark.tool("opensnoop")
def test_opensnoop(tracelang: TracelangCommand, home: Path) -> None:
    (home / "there").touch()
    command = join(["cat", "there", "missing"])
    results = {e["filename"]: e["result"] for e in run_tool(tracelang, "opensnoop", "-c", command)}
    assert (results["there"], results["missing"]) == (3, -errno.ENOENT)
    failed = run_tool(tracelang, "opensnoop", "--failed", "-c", command)
    assert failed[-1]["result"] < 0
    assert "missing" in [event["filename"] for event in failed]
    assert "there" not in [event["filename"] for event in failed]
    assert run_tool(tracelang, "opensnoop", "--pid", str(os.getpid()), "-c", "cat there") == []


@pytest.mark.tool("statsnoop")
def test_statsnoop(tracelang: TracelangCommand, home: Path) -> None:
    source = "import os\ntry: os.stat('missing')\nexcept OSError: os.lstat('.')"
    events = run_tool(tracelang, "statsnoop", "-c", python_command(source))
    assert [(e["filename"], e["result"]) for e in events][-2:] == [("missing", -2), (".", 0)]
    failed = run_tool(tracelang, "statsnoop", "--failed", "-c", python_command(source))
    assert failed[-1]["filename"] == "missing"
    assert all(event["result"] < 0 for event in failed)


@pytest.mark.tool("unlinksnoop")
def test_unlinksnoop(tracelang: TracelangCommand, home: Path) -> None:
    (home / "one").touch()
    (home / "two").touch()
    (home / "folder").mkdir()
    source = (
        "import os; d = os.open('.', 0)\n"
        "os.unlink('one'); os.unlink('two', dir_fd=d); os.rmdir('folder')"
    )
    events = run_tool(tracelang, "unlinksnoop", "-c", python_command(source))
    seen = [(event["func"], event["pathname"]) for event in events]
    assert seen == [("unlink", "one"), ("unlinkat", "two"), ("rmdir", "folder")]
    events = run_tool(tracelang, "unlinksnoop", "--name", "f*", "-c", "rm -f one folder fog")
    assert [event["pathname"] for event in events] == ["folder", "fog"]


@pytest.mark.tool("syncsnoop")
def test_syncsnoop(tracelang: TracelangCommand, home: Path) -> None:
    source = "import os; f = os.open('file', os.O_CREAT | 1); os.fsync(f); os.fdatasync(f)"
    events = run_tool(tracelang, "syncsnoop", "-c", python_command(source))
    assert [event["func"] for event in events] == ["fsync", "fdatasync"]
    assert len({event["pid"] for event in events}) == 1


@pytest.mark.tool("mountsnoop")
def test_mountsnoop(tracelang: TracelangCommand, home: Path) -> None:
    (home / "here").mkdir()
    steps = "mount -t tmpfs nothing here && umount here"
    events = run_tool(
        tracelang, "mountsnoop", "-c", join(["unshare", "--mount", "sh", "-c", steps])
    )
    mounted = [e for e in events if str(home / "here") in e.values() or "here" in e.values()]
    assert [event["comm"] for event in mounted] == ["mount", "umount"]
