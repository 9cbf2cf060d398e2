"""Attaching to many places at once: all system calls, entry and return."""

from __future__ import annotations

import subprocess
import time

from bench.processes import TRACELANG, environment
from bench.results import Row, Section, Series

_TIMES = 5
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
    section.notes.append(f"A script of one probe takes {one.show('s')}.")
    return section


def _whole(script: str) -> Series:
    series = Series()
    command = [TRACELANG, "--dry-run", script]
    subprocess.run(command, check=True, capture_output=True, env=environment())
    for _ in range(_TIMES):
        started = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True, env=environment())
        series.values.append(time.perf_counter() - started)
    return series
