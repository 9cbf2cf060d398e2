"""Running scripts for the live tests: JSON events, the accounting line, and compiled C programs."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from tests.processes import Completed, TracelangCommand, finish, interrupt

Event = dict[str, Any]

EXAMPLES: Final = Path(__file__).parents[2] / "examples"
_PART: Final = re.compile(r"([\d,]+) (?:strings? )?([a-z ]+)")


def trace(tracelang: TracelangCommand, *arguments: str | Path) -> list[Event]:
    """Run with JSON output; return the events, after checking the status and the accounting."""
    done = tracelang(*arguments, "-o", "json")
    assert done.status == 0, done.stderr
    found = events_of(done)
    assert accounting(done)["events"] == len(found), done.stderr
    assert accounting(done)["lost"] == 0, done.stderr
    return found


def run_tool(tracelang: TracelangCommand, name: str, *arguments: str | Path) -> list[Event]:
    """Run a script of `examples/tools` with JSON output; return its events."""
    return trace(tracelang, EXAMPLES / "tools" / f"{name}.trace", *arguments)


def run_summary(tracelang: TracelangCommand, name: str, *arguments: str | Path) -> list[Event]:
    """Run a script of `examples/tools` that aggregates; return its rows, of which none is amiss."""
    script = EXAMPLES / "tools" / f"{name}.trace"
    done = tracelang(script, *arguments, "-o", "json")
    assert done.status == 0, done.stderr
    assert accounting(done)["lost"] == 0, done.stderr
    return events_of(done)


@contextmanager
def watching(
    tracelang: TracelangCommand, name: str, number: int, *arguments: str | Path
) -> Iterator[list[Event]]:
    """Run a script of `examples/tools` beside the block, for any process, until `number` events.

    The block begins when all is attached; the events are there after it.
    """
    with _beside(tracelang, name, finish, *arguments, "-n", str(number)) as events:
        yield events


@contextmanager
def summing(
    tracelang: TracelangCommand, name: str, *arguments: str | Path
) -> Iterator[list[Event]]:
    """Run a script of `examples/tools` that aggregates beside the block, for any process.

    The block begins when all is attached; the rows of all periods are there after it.
    """
    with _beside(tracelang, name, interrupt, *arguments) as rows:
        yield rows


@contextmanager
def _beside(
    tracelang: TracelangCommand,
    name: str,
    end: Callable[[subprocess.Popen[str]], Completed],
    *arguments: str | Path,
) -> Iterator[list[Event]]:
    script = EXAMPLES / "tools" / f"{name}.trace"
    process = tracelang.start('probe begin print "ready"', script, *arguments, "-o", "json")
    events: list[Event] = []
    try:
        assert process.stdout is not None
        process.stdout.readline()
        yield events
        done = end(process)
        assert done.status == 0, done.stderr
        events += events_of(done)
    finally:
        process.kill()
        process.communicate()


def total(rows: list[Event], column: str, **key: object) -> int:
    """Return the sum of a column over the rows that have these values."""
    wanted = [row for row in rows if all(row.get(n) == value for n, value in key.items())]
    return sum(row[column] for row in wanted)


def events_of(done: Completed) -> list[Event]:
    """Return the events of a run with `-o json`, without the account that comes last."""
    return json_events(done.stdout.splitlines())


def json_events(lines: Iterable[str]) -> list[Event]:
    """Return the events among lines of JSON: the account has no time."""
    return [event for event in map(json.loads, lines) if "ts" in event]


def accounting(done: Completed) -> dict[str, int]:
    """Return the counts of the accounting line by what they count, events in the plural."""
    line = done.stderr.splitlines()[-1]
    assert line.endswith(" s of CPU"), done.stderr
    counts = {match[2].strip(): int(match[1].replace(",", "")) for match in _PART.finditer(line)}
    if "event" in counts:
        counts["events"] = counts.pop("event")
    return counts


def python_command(source: str) -> str:
    """Return the text for `-c` that runs Python, bare of site packages, on a source."""
    return shlex.join([sys.executable, "-S", "-c", source])


def shell(script: str) -> str:
    """Return the text for `-c` that runs a script by `sh`, whose pid it leaves in `sh.pid`."""
    return shlex.join(["/bin/sh", "-c", f"echo $$ >sh.pid; {script}"])


def connections(*addresses: tuple[str, int]) -> str:
    """Return the text for `-c` that connects to each address in turn and closes at once."""
    lines = [f"socket.create_connection({address!r}).close()" for address in addresses]
    return python_command("import socket\n" + "\n".join(lines))
