"""The tools for who reads and writes what: bytes, calls and times against what the workload did."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.live.runs import Event, python_command, run_summary, run_tool, summing, total
from tests.processes import TracelangCommand

# A wait in `open` of a FIFO is no read; one in `read` of a pipe is, but of no file.
WORK = """
import os, time
os.mkdir("folder")
file = os.open("folder/known", os.O_CREAT | os.O_RDWR)
for n in range(5): os.write(file, b"x" * 1000)
os.pwrite(file, b"y" * 24, 0)
os.pread(file, 4096, 0)
os.pread(file, 100, 0)
p, q = os.pipe()
if not os.fork():
    time.sleep(0.2); os.write(q, b"z" * 77); os._exit(0)
os.read(p, 77)
"""
DIRECT = """
import mmap, os
page = mmap.mmap(-1, 1 << 16)
file = os.open("file", os.O_CREAT | os.O_WRONLY | os.O_DIRECT)
for n in range(20): os.write(file, page)
"""


def check_the_known_file(rows: list[Event]) -> None:
    sums = [sum(row[n] for row in rows) for n in ("read", "written", "reads", "writes")]
    assert sums == [4096 + 100, 5024, 2, 6]


@pytest.mark.tool("filetop")
def test_filetop(tracelang: TracelangCommand, home: Path) -> None:
    rows = run_summary(tracelang, "filetop", "--all", "yes", "-c", python_command(WORK))
    check_the_known_file([row for row in rows if row["file"] == "known"])
    assert total(rows, "read", file="") == 77
    files = run_summary(tracelang, "filetop", "-c", python_command(WORK.replace("mkdir", "stat")))
    check_the_known_file([row for row in files if row["file"] == "known"])
    assert total(files, "read", file="") == 0


@pytest.mark.tool("dirtop")
def test_dirtop(tracelang: TracelangCommand, home: Path) -> None:
    rows = run_summary(tracelang, "dirtop", "-c", python_command(WORK))
    check_the_known_file([row for row in rows if row["directory"] == "folder"])


@pytest.mark.tool("fileslower")
def test_fileslower(tracelang: TracelangCommand, home: Path) -> None:
    command = python_command(WORK)
    events = run_tool(tracelang, "fileslower", "--min", "0", "-c", command)
    known = [(e["func"], e["bytes"]) for e in events if e["file"].endswith("known")]
    writes = [("write", 1000)] * 5 + [("pwrite64", 24)]
    assert known == [*writes, ("pread64", 4096), ("pread64", 100)]
    command = python_command(WORK.replace("mkdir", "stat"))
    slow = run_tool(tracelang, "fileslower", "--min", "150ms", "-c", command)
    assert [e for e in slow if e["bytes"] == 77] == []  # the pipe's wait is no file's
    assert run_tool(tracelang, "fileslower", "--type", "no*", "--min", "0", "-c", command) == []


@pytest.mark.tool("filelife")
def test_filelife(tracelang: TracelangCommand, disk: Path) -> None:
    source = """
import os, time
for name in ("short", "kept"): os.close(os.open(name, os.O_CREAT | os.O_WRONLY))
os.close(os.open("short", os.O_CREAT | os.O_WRONLY))
time.sleep(0.2)
os.unlink("short")
os.unlink("old")
"""
    (disk / "old").touch()
    (event,) = run_tool(tracelang, "filelife", "-c", python_command(source))
    assert event["file"] == "short"
    assert event["age_ms"] >= 200
    (disk / "old").touch()
    fresh = python_command(source.replace('"kept"', '"other"'))
    assert run_tool(tracelang, "filelife", "--max", "100ms", "-c", fresh) == []


@pytest.mark.tool("biotop")
def test_biotop(tracelang: TracelangCommand, disk: Path) -> None:
    rows = run_summary(tracelang, "biotop", "-c", python_command(DIRECT))
    written = [row for row in rows if "W" in row["how"] and row["comm"].startswith("python")]
    assert len({row["pid"] for row in written}) == 1
    assert sum(row["bytes"] for row in written) >= 20 << 16
    assert f"{os.major(disk.stat().st_dev)}:" in written[0]["disk_text"]


@pytest.mark.tool("biopattern")
def test_biopattern(tracelang: TracelangCommand, disk: Path) -> None:
    with summing(tracelang, "biopattern") as rows:
        file = os.open(disk / "file", os.O_CREAT | os.O_WRONLY | os.O_SYNC)
        for _ in range(20):
            os.write(file, b"x" * 65536)
        os.close(file)
    assert sum(row["bytes"] for row in rows) >= 20 << 16
    assert all(row["percent"] == 100 * row["in_order"] / row["ios"] for row in rows)


@pytest.mark.tool("biolatpcts")
def test_biolatpcts(tracelang: TracelangCommand, disk: Path) -> None:
    rows = run_summary(tracelang, "biolatpcts", "-c", python_command(DIRECT))
    assert sum(row["ios"] for row in rows if "W" in row["how"]) >= 15
    # Percentiles are within 3 % of the true values, the largest value is exact.
    assert all(0 < row["p50"] <= row["p90"] <= row["p99"] <= row["max"] * 1.03 for row in rows)
