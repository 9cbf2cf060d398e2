"""Start-up: from spawning the command to the first event read from its output."""

from __future__ import annotations

import itertools
import subprocess
import time
from collections.abc import Callable

from bench.processes import BPFTRACE, PYTHON, TRACELANG, Load, environment
from bench.results import Row, Section, Series, alternate

_TIMES = 9


def first_event(command: list[str], expected: bytes) -> float:
    """Return the seconds until a line that begins with `expected` is read."""
    started = time.perf_counter()
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment()
    )
    assert process.stdout is not None
    while not (line := process.stdout.readline()).startswith(expected):
        if not line:
            raise RuntimeError(f"{command} ended without an event")
    seconds = time.perf_counter() - started
    process.kill()
    process.wait()
    process.stdout.close()
    return seconds


def whole(command: list[str]) -> Callable[[], float]:
    """Return what measures the seconds a command takes altogether."""

    def measure() -> float:
        started = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True, env=environment())
        return time.perf_counter() - started

    return measure


def measure() -> Section:
    """Measure cold and warm starts beside bpftrace's, and the commands that trace nothing."""
    section = Section("Starting")
    with Load(10_000_000, 1_000_000) as load:
        load.start()
        script = f'syscall:write where pid == {load.pid} capture count print "event %d"'
        section.rows += _first_events(script, _their_command(load.pid))
        section.commands += [f"tracelang '{script}'", _as_typed(_their_command(load.pid))]
    rows, python = _whole_commands(script)
    section.rows += rows
    section.notes.append(f"Python that does nothing: {python.show('s')}.")
    return section


def _their_command(pid: int) -> list[str]:
    action = '{ printf("event %d\\n", args->count); }'
    script = f"tracepoint:syscalls:sys_enter_write /pid == {pid}/ {action}"
    return [BPFTRACE, "-B", "line", "-e", script]


def _as_typed(command: list[str]) -> str:
    return " ".join(command[:-1]) + f" '{command[-1]}'"


def _first_events(script: str, bpftrace: list[str]) -> list[Row]:
    """Return how long a script takes to its first event, compiled anew and from the cache."""
    fresh = itertools.count(time.time_ns() % 1_000_000)
    first_event([TRACELANG, script], b"event")
    found = alternate(
        _TIMES,
        {
            "bpftrace": lambda: first_event(bpftrace, b"event"),
            "cold": lambda: first_event([TRACELANG, f"{script} # {next(fresh)}"], b"event"),
            "warm": lambda: first_event([TRACELANG, script], b"event"),
        },
    )
    reference = found["bpftrace"]
    rows = []
    for name, limit in (("cold", 4.2), ("warm", 1.2)):
        ratio = found[name].median / reference.median
        rows.append(
            Row(
                f"start, {name}: spawn to first event",
                found[name].show("s"),
                reference.show("s"),
                ratio,
                limit,
                f"{ratio:.2f} × bpftrace, at most {limit}",
            )
        )
    return rows


def _whole_commands(script: str) -> tuple[list[Row], Series]:
    """Return how long commands that trace nothing take, and Python alone."""
    found = alternate(
        _TIMES,
        {
            "python": whole([PYTHON, "-c", "pass"]),
            "`--help`": whole([TRACELANG, "--help"]),
            "`check`": whole([TRACELANG, "check", script]),
        },
    )
    rows = []
    for name, limit in (("`--help`", 0.060), ("`check`", 0.100)):
        took = found[name].median
        meaning = f"{took * 1000:.0f} ms, at most {limit * 1000:.0f}"
        rows.append(Row(name, found[name].show("s"), "", took, limit, meaning))
    return rows, found["python"]
