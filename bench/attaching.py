"""Attaching to many places at once: all system calls, entry and return; many tracepoints."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from bench.processes import TRACELANG, environment
from bench.results import Row, Section, Series, Table

_TIMES = 5
_NUMBERS = {1: 3, 10: 3, 100: 2, 500: 1}
"""Of tracepoints, and how often each is measured: the kernel is slow to let go of 500."""
_EVENTS = Path("/sys/kernel/tracing/events")
_OTHERWISE = {"syscalls", "ftrace", "irq_vectors"}
"""System calls go another way; to the others' one cannot attach, or not to all."""
_SCRIPTS = (
    "syscall:* aggregate count() by func",
    "span syscall:* aggregate count(), p99(duration) by func",
)


def measure() -> Section:
    """Measure a dry run from the cache: load, attach, detach; less what a script of one takes."""
    section = Section("Attaching")
    one = _whole("syscall:close aggregate count()")
    for script in _SCRIPTS:
        took = _whole(script)
        section.rows.append(
            Row(
                *(f"`{script.partition(' aggregate')[0]}`: attach and detach", took.show("s"), ""),
                *(took.median, 0.5, f"{took.median:.2f} s with Python's start, at most 0.5"),
            )
        )
        section.commands.append(f"tracelang --dry-run '{script}'")
    section.tables.append(_probes())
    section.notes.append(f"A script of one probe takes {one.show('s')}.")
    return section


def _whole(script: str, times: int = _TIMES) -> Series:
    series = Series()
    command = [TRACELANG, "--dry-run", script]
    subprocess.run(command, check=True, capture_output=True, env=environment())
    for _ in range(times):
        started = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True, env=environment())
        series.values.append(time.perf_counter() - started)
    return series


def _probes() -> Table:
    """Return how the time grows with the number of tracepoints."""
    rows = []
    for number, times in _NUMBERS.items():
        places = ", ".join(islice(_tracepoints(), number))
        took = _whole(f"{places} where pid == 1 aggregate count()", times)
        rows.append((float(number), took.median))
    return Table("Probes", ("probes", "s to load, attach and detach"), rows)


def _tracepoints() -> Iterator[str]:
    for place in sorted(_EVENTS.glob("*/*/format")):
        name, group = place.parent.name, place.parts[-3]
        if group not in _OTHERWISE:
            yield f"tracepoint:{group}:{name}"
