"""Every example on this kernel, with a workload whose doings are known: the events are those."""

from __future__ import annotations

import re
import socket
from pathlib import Path

import pytest

from tests.live.runs import EXAMPLES, Event, connections, shell, trace
from tests.processes import TracelangCommand


def run(tracelang: TracelangCommand, name: str, *arguments: str | Path) -> list[Event]:
    return trace(tracelang, EXAMPLES / f"{name}.trace", *arguments)


def test_every_example_is_run_here() -> None:
    tested = Path(__file__).read_text()
    for path in EXAMPLES.glob("*.trace"):
        assert f'"{path.stem}"' in tested, path.name


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
    (event,) = run(tracelang, "namespaces", "-c", shell("(exit)"))
    assert event["pid"] == int((home / "sh.pid").read_text())
    for name in ("pid", "net", "mnt", "user"):
        assert event[f"{name}ns"] == Path(f"/proc/self/ns/{name}").stat().st_ino, name


def test_who_calls_connect(tracelang: TracelangCommand, home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = server.getsockname()
        events = run(tracelang, "who-calls-connect", "-c", connections(address, address))
    assert [event["daddr"] for event in events] == ["127.0.0.1"] * 2
    assert len({event["pid"] for event in events}) == 1
