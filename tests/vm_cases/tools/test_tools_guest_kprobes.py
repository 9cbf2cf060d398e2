"""Tools of bcc's that need kprobes, or take another way where there are some.

Two traces run at once, each with several tools, around one piece of work: the guest needs as long
to start one tool as to start many.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from shlex import join
from typing import Any

import pytest

from tests.live.replays import assert_replayed, recording
from tests.live.runs import EXAMPLES, Event, accounting, events_of, total
from tests.processes import Completed, TracelangCommand, finish, next_line

WORK = Path(__file__).with_name("kprobe_work.py")
# By the numbers of their rules: each has one. No two of a line have a param in common.
FIRST = ("cachestat", "dcstat", "ext4slower", "compactsnoop", "slabratetop", "tcpsubnet")
SECOND = ("cachetop", "filelife", "tcptop")


@dataclass(frozen=True, slots=True)
class Shown:
    """What each tool showed, what the work says that it was, and the runs by recording."""

    events: Mapping[str, list[Event]]
    done: Mapping[str, Any]
    runs: Mapping[Path, Completed]


@pytest.fixture(scope="module")
def shown(tracelang: TracelangCommand, tmp_path_factory: pytest.TempPathFactory) -> Shown:
    home = tmp_path_factory.mktemp("kprobes")
    make_disk(home)
    facts = home / "facts"
    go = home / "go"
    work = join([sys.executable, "-S", str(WORK), str(facts), str(home / "ext4"), str(go)])
    # The work is the second trace's command. It begins when the first one has its probes as well.
    recordings = home / "second.tl", home / "first.tl"
    second = tracelang.start(*recording(recordings[0], *map(script, SECOND)), "-c", work)
    while not facts.exists():
        assert second.poll() is None, finish(second).stderr
    pid = json.loads(facts.read_text())["pid"]
    ready = 'probe begin print "ready"'
    scripts = recording(recordings[1], *map(script, FIRST), ready)
    first = tracelang.start(*scripts, "--min", "0", "-p", str(pid))
    begun = next_line(first.stdout)
    go.touch()
    ended = [finish(second), finish(first)]
    ended[1] = replace(ended[1], stdout=begun + ended[1].stdout)
    events = by_tool(SECOND, ended[0]) | by_tool(FIRST, ended[1])
    runs = dict(zip(recordings, ended, strict=True))
    return Shown(events, json.loads(facts.read_text()), runs)


def make_disk(home: Path) -> None:
    """Mount a file system of our own, on a file in memory."""
    (home / "ext4").mkdir()
    for command in (
        "modprobe loop",
        f"dd if=/dev/zero of={home}/image bs=1M count=0 seek=48 status=none",
        f"mkfs.ext4 -q {home}/image",
        f"mount -o loop {home}/image {home}/ext4",
    ):
        subprocess.run(command, shell=True, check=True)


def script(tool: str) -> Path:
    return EXAMPLES / "tools" / f"{tool}.trace"


def by_tool(tools: tuple[str, ...], ended: Completed) -> dict[str, list[Event]]:
    print(ended.stderr)
    assert ended.status == 0, ended.stderr
    assert accounting(ended)["lost"] == 0, ended.stderr
    events = events_of(ended)
    return {t: [e for e in events if e["rule"] == n] for n, t in enumerate(tools, 1)}


@pytest.mark.needs("kprobe", "fentry")
def test_replays_are_what_the_runs_said(shown: Shown, tracelang: TracelangCommand) -> None:
    for path, live in shown.runs.items():
        assert_replayed(tracelang, path, live)
    assert all(shown.events[tool] for tool in (*FIRST, *SECOND))


@pytest.mark.needs("kprobe")
@pytest.mark.tool("cachestat", "cachetop")
@pytest.mark.parametrize("tool", ["cachestat", "cachetop"])
def test_the_page_cache(shown: Shown, tool: str) -> None:
    rows, pages = shown.events[tool], shown.done["pages"]
    # Each page was read twice, of which the first time it was not there.
    assert pages <= total(rows, "misses") <= pages + 50
    assert pages <= total(rows, "hits")
    assert all(row["hits"] + row["misses"] == row["total"] for row in rows)


@pytest.mark.needs("kprobe")
@pytest.mark.tool("dcstat")
def test_the_cache_of_names(shown: Shown) -> None:
    rows, names = shown.events["dcstat"], shown.done["names"]
    # Names that are nowhere are asked of the file system once, and then known not to be there.
    assert names <= total(rows, "missed") < 2 * names
    assert total(rows, "asked") >= 2 * names


@pytest.mark.needs("kprobe")
@pytest.mark.tool("ext4slower")
def test_a_file_system(shown: Shown) -> None:
    events = [(e["func"], e["bytes"]) for e in shown.events["ext4slower"] if e["file"] == "known"]
    assert events == [
        *(("ext4_file_open", 0), ("ext4_file_write_iter", 100), ("ext4_file_write_iter", 200)),
        *(("ext4_sync_file", 0), ("ext4_file_read_iter", 100)),
    ]


@pytest.mark.tool("compactsnoop")
def test_compaction(shown: Shown) -> None:
    events = shown.events["compactsnoop"]
    assert {event["pid"] for event in events} == {shown.done["pid"]}
    assert all(event["us"] > 0 and event["sync"] for event in events)


@pytest.mark.needs("kprobe")
@pytest.mark.tool("slabratetop")
def test_the_kernel_s_caches(shown: Shown) -> None:
    objects = total(shown.events["slabratetop"], "objects", cache="filp")
    assert shown.done["opens"] <= objects < 2 * shown.done["opens"]


@pytest.mark.needs("kprobe")
@pytest.mark.tool("filelife")
def test_a_short_life(shown: Shown) -> None:
    (event,) = [e for e in shown.events["filelife"] if e["file"] == "short"]
    assert event["age_ms"] >= 300
    assert event["pid"] == shown.done["pid"]


@pytest.mark.needs("fentry")
@pytest.mark.tool("tcptop", "tcpsubnet")
def test_a_conversation(shown: Shown) -> None:
    port, peer = shown.done["ports"]
    rows = shown.events["tcptop"]
    there = [total(rows, n, sport=peer, dport=port) for n in ("sent", "received")]
    back = [total(rows, n, sport=port, dport=peer) for n in ("sent", "received")]
    assert (there, back) == ([3000, 500], [500, 3000])
    assert total(shown.events["tcpsubnet"], "sent", network="127.0.0.0") == 3500
