"""Running scripts for the live tests: JSON events, the accounting line, and compiled C programs."""

from __future__ import annotations

import json
import re
import shlex
import sys
from pathlib import Path
from typing import Any, Final

from tests.processes import Completed, TracelangCommand

Event = dict[str, Any]

_PART: Final = re.compile(r"([\d,]+) (?:strings? )?([a-z ]+)")


def trace(tracelang: TracelangCommand, *arguments: str | Path) -> list[Event]:
    """Run with JSON output; return the events, after checking the status and the accounting."""
    done = tracelang(*arguments, "-o", "json")
    assert done.status == 0, done.stderr
    found = events_of(done)
    assert accounting(done)["events"] == len(found), done.stderr
    assert accounting(done)["lost"] == 0, done.stderr
    return found


def events_of(done: Completed) -> list[Event]:
    """Return the events of a run with `-o json`."""
    return [json.loads(line) for line in done.stdout.splitlines()]


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
