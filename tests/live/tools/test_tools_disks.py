"""The tools for disks on this kernel: writes of known number and size, past the page cache."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.live.runs import EXAMPLES, Event, accounting, events_of, python_command
from tests.processes import TracelangCommand

WRITES = 20
SIZE = 1 << 16
_SOURCE = f"""
import mmap, os
page = mmap.mmap(-1, {SIZE})
file = os.open("file", os.O_CREAT | os.O_WRONLY | os.O_DIRECT)
for n in range({WRITES}): os.write(file, page)
"""


def run(tracelang: TracelangCommand, name: str) -> list[Event]:
    """Return what a tool shows of the writes.

    The kernel keeps a probe out where another one is at work on the same processor. That is
    counted, and then the writes are made again.
    """
    for _ in range(5):
        script = EXAMPLES / "tools" / f"{name}.trace"
        done = tracelang(script, "-c", python_command(_SOURCE), "-o", "json")
        assert done.status == 0, done.stderr
        assert accounting(done)["lost"] == 0, done.stderr
        if "missed" not in done.stderr:
            break
    return events_of(done)


@pytest.mark.tool("biolatency")
def test_biolatency(tracelang: TracelangCommand, disk: Path) -> None:
    rows = run(tracelang, "biolatency")
    assert sum(n for row in rows for _, _, n in row["us"]) >= WRITES
    assert str(disk.stat().st_dev >> 8) in str([row["disk_text"] for row in rows])


@pytest.mark.tool("biosnoop")
def test_biosnoop(tracelang: TracelangCommand, disk: Path) -> None:
    shown = run(tracelang, "biosnoop")
    events = [e for e in shown if e["size"] == SIZE and "WRITE" in e["how_text"]]
    assert len(events) == WRITES
    assert len({(event["comm"], event["pid"], event["disk"]) for event in events}) == 1
    assert all(event["us"] > 0 for event in events)


@pytest.mark.tool("bitesize")
def test_bitesize(tracelang: TracelangCommand, disk: Path) -> None:
    (row,) = run(tracelang, "bitesize")
    ((_, _, writes),) = [b for b in row["bytes"] if b[0] == SIZE]
    assert writes == WRITES


@pytest.mark.tool("biostacks")
def test_biostacks(tracelang: TracelangCommand, disk: Path) -> None:
    rows = run(tracelang, "biostacks")
    frames = [{frame["name"] for frame in row["kstack"]} for row in rows]
    requests = [sum(n for _, _, n in row["us"]) for row in rows]
    writing = [n for n, names in zip(requests, frames, strict=True) if "vfs_write" in names]
    # When the disk is busy, a thread of the kernel passes on what a write left behind.
    assert WRITES / 2 < sum(writing) <= WRITES <= sum(requests)
