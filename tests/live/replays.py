"""Whether a replay says what the run said: what is compared, wherever it is run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from tests.live.runs import Event, json_events
from tests.processes import Completed, TracelangCommand


def assert_same(what: str, live: Iterable[str], replayed: Iterable[str]) -> list[Event]:
    """Compare the lines of JSON of a run with those of its replay; return the run's events."""
    events = json_events(line for line in live if line.startswith("{"))
    again = json_events(replayed)
    for number, (event, other) in enumerate(zip(events, again, strict=False), 1):
        assert event == other, f"{what}, event {number}"
    assert len(events) == len(again), what
    return events


def recording(path: Path, *scripts: str | Path) -> Sequence[str | Path]:
    """Return the arguments that record scripts and show them as JSON."""
    return ("record", *scripts, "-w", path, "-o", "json")


def assert_replayed(tracelang: TracelangCommand, path: Path, live: Completed) -> None:
    """Replay what was recorded with `recording`, and compare it with what was shown."""
    done = tracelang("replay", path, "-o", "json", "-q")
    assert done.status == 0, done.stderr
    assert assert_same(path.name, live.stdout.splitlines(), done.stdout.splitlines())
