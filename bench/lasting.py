"""Two tracers of the same calls for a minute: neither loses an event, neither grows."""

from __future__ import annotations

import time

from bench.processes import Load, Tracer, tracelang
from bench.results import Row, Section

_CALLS = 2_000_000
_BETWEEN = 30_000
_EXPECTED = 60.0
_ROWS = 5
"""MiB that the rows of one full drain take: so much comes and goes with how busy the machine is."""


def measure() -> Section:
    """Stream two million events over a minute by two tracers at once."""
    section = Section("Lasting")
    with Load(_CALLS, _BETWEEN) as load:
        script = f'syscall:write where pid == {load.pid} capture ts, comm, count print "%d %s %d"'
        with tracelang(script) as one, tracelang(script) as other:
            tracers = (one, other)
            load.start()
            time.sleep(_EXPECTED / 4)
            before = [tracer.memory() for tracer in tracers]
            load.wait()
            for tracer in tracers:
                tracer.settle()
            grown = max(t.memory() - b for t, b in zip(tracers, before, strict=True))
            peak = max(tracer.memory() for tracer in tracers)
            lost = max(_lost(tracer) for tracer in tracers)
    section.rows += [
        Row(
            *("2,000,000 events in a minute, two tracers: lost", f"{lost:,}", "", lost, 0),
            f"{lost:,} by the worse of them, none",
        ),
        Row(
            *("the same: memory gained after a quarter", f"{grown:.1f} MiB", "", grown, _ROWS),
            f"{grown:.1f} MiB to {peak:.0f} MiB, at most the {_ROWS} of a drain",
        ),
    ]
    section.commands.append(f"tracelang '{script}'")
    return section


def _lost(tracer: Tracer) -> int:
    return _CALLS + 1 - tracer.end().output.count(b"\n")
