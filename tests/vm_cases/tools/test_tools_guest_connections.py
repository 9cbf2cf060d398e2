"""Tools around real TCP connections on loopback, by kprobes and by this kernel's tracepoints."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path
from shlex import quote

import pytest

from tests.live.replays import assert_replayed, recording
from tests.live.runs import EXAMPLES, Event, accounting, events_of, python_command
from tests.live.tools.test_tools_network import LIFE
from tests.processes import Completed, TracelangCommand, interrupt, next_line

TOGETHER = (("tcplife", "funclatency"), ("tcpconnect", "vfsstat"))
"""Tools that one run shows: no two have a param in common."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What a tool showed, what the work says of itself, and the run with its recording."""

    events: list[Event]
    client: int
    server: int
    port: int
    run: tuple[Path, Completed]


@pytest.fixture(scope="module")
def shown(
    tracelang: TracelangCommand, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Shown]:
    home = tmp_path_factory.mktemp("connections")
    found: dict[str, Shown] = {}
    for tools in TOGETHER:
        facts = home / tools[0]
        scripts: list[str | Path] = [EXAMPLES / "tools" / f"{tool}.trace" for tool in tools]
        if "funclatency" in tools:
            scripts += ["--what", "kprobe:tcp_sendmsg"]
        path = facts.with_suffix(".tl")
        command = f"exec {python_command(LIFE)} >{facts}"
        if "tcplife" in tools:
            # A thread of the kernel may see a connection through, which `-c` leaves out.
            beside = tracelang.start(*recording(path, *scripts), "-v")
            next_line(beside.stderr)  # written when everything is attached
            subprocess.run(["sh", "-c", command], check=True)
            done = interrupt(beside)
        else:
            done = tracelang(*recording(path, *scripts), "-c", f"sh -c {quote(command)}")
        assert done.status == 0, done.stderr
        assert accounting(done)["lost"] == 0, done.stderr
        client, server, port = map(int, facts.read_text().split())
        for rule, tool in enumerate(tools, 1):
            events = [event for event in events_of(done) if event["rule"] == rule]
            found[tool] = Shown(events, client, server, port, (path, done))
    return found


@pytest.mark.needs("kprobe")
def test_replays_are_what_the_runs_said(
    shown: dict[str, Shown], tracelang: TracelangCommand
) -> None:
    for first, *_ in TOGETHER:
        assert_replayed(tracelang, *shown[first].run)
    assert all(tool.events for tool in shown.values())


@pytest.mark.tool("tcpconnect")
def test_connections_opened_and_refused(shown: dict[str, Shown]) -> None:
    tool = shown["tcpconnect"]
    opened = [(e["pid"], e["daddr"], e["dport"]) for e in tool.events]
    assert opened == [(tool.client, "127.0.0.1", tool.port)] * 2
    assert {event["probe"] for event in tool.events} == {"kprobe:tcp_connect"}


@pytest.mark.tool("tcplife")
def test_the_lives_of_connections(shown: dict[str, Shown]) -> None:
    tool = shown["tcplife"]
    lives = {(e["pid"], e["sent"], e["received"]): e for e in tool.events}
    client, server = (tool.client, 3000, 500), (tool.server, 500, 3000)
    assert set(lives) == {client, server, (tool.client, 0, 0)}
    assert (lives[client]["dport"], lives[server]["sport"]) == (tool.port, tool.port)
    assert lives[client]["ms"] >= 100


@pytest.mark.needs("kprobe")
@pytest.mark.tool("funclatency")
def test_how_long_a_function_takes(shown: dict[str, Shown]) -> None:
    (row,) = shown["funclatency"].events
    assert row["func"] == "tcp_sendmsg"
    assert sum(count for _, _, count in row["us"]) == 2  # once in each direction


@pytest.mark.needs("kprobe")
@pytest.mark.tool("vfsstat")
def test_what_the_work_did_with_files(shown: dict[str, Shown]) -> None:
    calls = {event["func"]: 0 for event in shown["vfsstat"].events}
    for event in shown["vfsstat"].events:
        calls[event["func"]] += event["calls"]
    assert calls["vfs_open"] >= 1
    assert calls["vfs_read"] >= 1
