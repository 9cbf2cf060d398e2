"""The tools that this machine's own kernel has no events for, against work that is known.

All tools run at once: the guest needs as long to start one as to start many.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from shlex import join
from typing import Any

import pytest

from tests.live.replays import assert_replayed, recording
from tests.live.runs import EXAMPLES, Event, accounting, events_of
from tests.processes import Completed, TracelangCommand, interrupt, next_line
from tracelang.source import SourceFile
from tracelang.syntax import ast
from tracelang.syntax.parse import parse_script

HERE = Path(__file__).parent
WORKLOAD = HERE / "workload.py"
TOGETHER = ("vfscount", "vfsstat", "dcsnoop", "ext4dist", "mdflush", "swapin", "undump", "loads")
DISKS = ("biolatency-kp", "biolatency", "biosnoop", "bitesize")
ALONE = ("xfsdist", "writeback", *DISKS, "tcpsynbl")
"""Disks and connections may be served by threads of the kernel, which `-c` leaves out."""
SLOW = 20_000
"""Microseconds that the slow disk takes for a request."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What each tool showed, what the workload says that it did, and the runs by recording."""

    events: Mapping[str, list[Event]]
    done: Mapping[str, Any]
    runs: Mapping[Path, Completed]


@pytest.fixture(scope="module")
def disks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("disks")
    subprocess.run(["sh", HERE / "disks.sh", made], check=True)
    return made


@pytest.fixture(scope="module")
def shown(
    tracelang: TracelangCommand, disks: Path, tmp_path_factory: pytest.TempPathFactory
) -> Shown:
    """Both runs: that of one process, and that of which the kernel's own threads are part."""
    facts = tmp_path_factory.mktemp("facts")
    work = [sys.executable, "-S", str(WORKLOAD)]
    ready = 'probe begin print "ready"'
    recordings = facts / "alone.tl", facts / "together.tl"
    beside = tracelang.start(*recording(recordings[0], ready, *map(script, ALONE)))
    command = join([*work, str(facts / "together"), str(disks)])
    together = tracelang(*recording(recordings[1], *map(script, TOGETHER)), "-c", command)
    begun = next_line(beside.stdout)
    assert "begin" in begun
    subprocess.run([*work, facts / "alone", disks, *ALONE], check=True)
    alone = interrupt(beside)
    alone = replace(alone, stdout=begun + alone.stdout)
    events = by_tool(TOGETHER, together, 0) | by_tool(ALONE, alone, 1)
    done = [json.loads((facts / name).read_text()) for name in ("together", "alone")]
    runs = dict(zip(recordings, (alone, together), strict=True))
    return Shown(events, done[0] | done[1], runs)


def by_tool(tools: tuple[str, ...], ended: Completed, before: int) -> dict[str, list[Event]]:
    """Return each tool's events, from the numbers of the rules, of which `before` are another's."""
    print(ended.stderr)
    assert ended.status == 0, ended.stderr
    assert accounting(ended)["lost"] == 0, ended.stderr
    numbers: dict[int, str] = {}
    for tool in tools:
        rules = sum(isinstance(item, ast.ProbeRule | ast.SpanRule) for item in parsed(tool).items)
        numbers |= {before + len(numbers) + n: tool for n in range(1, rules + 1)}
    found: dict[str, list[Event]] = {tool: [] for tool in tools}
    for event in events_of(ended):
        if event["rule"] in numbers:
            found[numbers[event["rule"]]].append(event)
    return found


def script(tool: str) -> Path:
    return EXAMPLES / "tools" / f"{tool}.trace"


def parsed(tool: str) -> ast.Script:
    return parse_script(SourceFile(tool, script(tool).read_text()))


@pytest.mark.needs("kprobe")
def test_replays_are_what_the_runs_said(shown: Shown, tracelang: TracelangCommand) -> None:
    for path, live in shown.runs.items():
        assert_replayed(tracelang, path, live)
    assert all(shown.events[tool] for tool in (*TOGETHER, *ALONE))


# --- Disks ----------------------------------------------------------------------------------------


@pytest.mark.needs("kprobe")
@pytest.mark.tool("biolatency-kp")
def test_biolatency_kp(shown: Shown) -> None:
    (row,) = shown.events["biolatency-kp"]
    # Other disks are quick; a timer of the slow one is never early.
    slow = sum(n for _, high, n in row["us"] if high > SLOW)
    assert slow == shown.done["biolatency-kp"]


@pytest.mark.tool("biolatency")
def test_biolatency(shown: Shown) -> None:
    (row,) = [row for row in shown.events["biolatency"] if "nullb0" in row["disk_text"]]
    assert sum(n for _, _, n in row["us"]) == shown.done["biolatency-kp"]
    assert all(high > SLOW for _, high, n in row["us"] if n)


@pytest.mark.tool("biosnoop")
def test_biosnoop(shown: Shown) -> None:
    events = [event for event in shown.events["biosnoop"] if event["disk"] == "nullb0"]
    assert len(events) == shown.done["biolatency-kp"]
    # Whoever hands the request to the disk, the process shown is the one that wanted it.
    assert len({event["pid"] for event in events}) == 1
    for number, event in enumerate(events):
        assert event["comm"].startswith("python")
        assert (event["size"], event["sector"]) == (8192, 16 * number)
        assert event["how_text"] == "REQ_OP_WRITE"
        assert event["us"] >= SLOW


@pytest.mark.tool("bitesize")
def test_bitesize(shown: Shown) -> None:
    sizes = [bar for row in shown.events["bitesize"] for bar in row["bytes"]]
    assert sum(n for low, _, n in sizes if low == 8192) == shown.done["biolatency-kp"]


@pytest.mark.tool("writeback")
def test_writeback(shown: Shown) -> None:
    events = [e for e in shown.events["writeback"] if e["device"] == "1:0"]
    written = [e["pages"] for e in events if e["reason_text"] == "sync"]
    assert max(written) >= shown.done["writeback"]
    assert all(event["ms"] > 0 for event in events)


@pytest.mark.needs("kprobe")
@pytest.mark.tool("mdflush")
def test_mdflush(shown: Shown) -> None:
    events = shown.events["mdflush"]
    assert [event["disk"] for event in events] == ["md_tools"] * shown.done["mdflush"]
    assert len({event["pid"] for event in events}) == 1


@pytest.mark.needs("kprobe")
@pytest.mark.tool("swapin")
def test_swapin(shown: Shown) -> None:
    rows = shown.events["swapin"]
    assert sum(row["pages"] for row in rows) == shown.done["swapin"]
    assert all(row["comm"].startswith("python") for row in rows)


# --- Files ----------------------------------------------------------------------------------------


@pytest.mark.needs("kprobe")
@pytest.mark.tool("vfscount")
def test_vfscount(shown: Shown) -> None:
    calls = {row["func"]: row["calls"] for row in shown.events["vfscount"]}
    made = shown.done["vfscount"]
    assert (calls["vfs_mkdir"], calls["vfs_rmdir"]) == (made, made)
    assert calls["vfs_read"] > 0


@pytest.mark.needs("kprobe")
@pytest.mark.tool("vfsstat")
def test_vfsstat(shown: Shown) -> None:
    calls = Counter[str]()
    for row in shown.events["vfsstat"]:
        calls[row["func"]] += row["calls"]
    every = {row["func"]: row["calls"] for row in shown.events["vfscount"]}
    assert set(calls) <= {"vfs_read", "vfs_write", "vfs_fsync", "vfs_open", "vfs_create"}
    assert all(calls[name] == every[name] for name in calls)
    assert calls["vfs_write"] >= shown.done["vfsstat"]


@pytest.mark.needs("kprobe")
@pytest.mark.tool("dcsnoop")
def test_dcsnoop(shown: Shown) -> None:
    names = [event["name"] for event in shown.events["dcsnoop"]]
    assert [name for name in names if name in shown.done["dcsnoop"]] == shown.done["dcsnoop"]
    assert {event["what"] for event in shown.events["dcsnoop"]} == {"miss"}


@pytest.mark.needs("kprobe")
@pytest.mark.tool("ext4dist", "xfsdist")
@pytest.mark.parametrize(
    ("tool", "functions"),
    [
        ("ext4dist", "ext4_file_open ext4_file_write_iter ext4_file_read_iter ext4_sync_file"),
        ("xfsdist", "xfs_file_open xfs_file_write_iter xfs_file_read_iter xfs_file_fsync"),
    ],
)
def test_file_systems(shown: Shown, tool: str, functions: str) -> None:
    calls = {row["func"]: sum(n for _, _, n in row["us"]) for row in shown.events[tool]}
    assert [calls[name] for name in functions.split()] == list(shown.done[tool].values())


# --- Sockets, and the system as a whole -----------------------------------------------------------


@pytest.mark.needs("kprobe")
@pytest.mark.tool("tcpsynbl")
def test_tcpsynbl(shown: Shown) -> None:
    (row,) = shown.events["tcpsynbl"]
    assert row["room"] == shown.done["tcpsynbl"]["room"]
    # In each of the two queues the connections found nobody, one and two waiting.
    assert [n for _, _, n in row["waiting"]] == [2, 2, 2]


@pytest.mark.needs("kprobe")
@pytest.mark.tool("undump")
def test_undump(shown: Shown) -> None:
    said = [bytes.fromhex(e["data"])[: e["bytes"]].decode() for e in shown.events["undump"]]
    assert said == shown.done["undump"]


@pytest.mark.needs("variables")
@pytest.mark.tool("loads")
def test_loads(shown: Shown) -> None:
    before, after = (list(map(float, text.split()[:3])) for text in shown.done["loads"])
    # The averages change every five seconds: an event of each second shows those that were read.
    seen = [[e[name] / 1000 for name in ("one", "five", "fifteen")] for e in shown.events["loads"]]
    assert any(
        all(
            min(low, high) - 0.02 <= load <= max(low, high) + 0.02
            for load, low, high in zip(loads, before, after, strict=True)
        )
        for loads in seen
    ), (before, after, seen)
