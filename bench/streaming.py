"""Streaming: formatted events at full speed into a file, and what that costs the traced calls."""

from __future__ import annotations

from bench.processes import Load, bpftrace, tracelang
from bench.results import Row, Section, Series

CALLS = 1_000_000
_TIMES = 5
_SCRIPT = 'syscall:write where pid == {} capture ts, pid, comm, count print "%d %d %s %d"'
_THEIRS = (
    "tracepoint:syscalls:sys_enter_write /pid == {}/ "
    '{{ printf("%llu %d %s %d\\n", nsecs, pid, comm, args->count); }}'
)


def measure() -> Section:
    """Measure loss, the tracer's processor time and the cost at the call, beside bpftrace's."""
    section = Section("Streaming")
    bare, ours, theirs, cpu, their_cpu, lost, peak = (Series() for _ in range(7))
    with Load(CALLS) as load:
        for _ in range(_TIMES):
            bare.values.append(load.run())
            with tracelang(_SCRIPT.format(load.pid)) as tracer:
                before = tracer.cpu()
                ours.values.append(load.run())
                tracer.settle()
                cpu.values.append((tracer.cpu() - before) / CALLS * 1e6)
                peak.values.append(tracer.memory())
                lines = tracer.end().output.count(b"\n")
                lost.values.append(CALLS + 1 - lines)  # the load writes what it measured, too
            with bpftrace(_THEIRS.format(load.pid)) as tracer:
                before = tracer.cpu()
                theirs.values.append(load.run())
                tracer.settle()
                their_cpu.values.append((tracer.cpu() - before) / CALLS * 1e6)
                tracer.end()
    added, their_added = ours.median - bare.median, theirs.median - bare.median
    section.rows += [
        Row(
            *("streaming 1,000,000 events: lost", f"{max(lost.values):,.0f}", ""),
            *(max(lost.values), 0, f"{max(lost.values):,.0f} in the worst of {_TIMES} runs, none"),
        ),
        Row(
            *("streaming: tracer's CPU an event", cpu.show("µs"), their_cpu.show("µs")),
            *(cpu.median, 0.6, f"{cpu.median:.2f} µs, at most 0.6"),
        ),
        Row(
            *("streaming: a traced call", ours.show("ns"), theirs.show("ns")),
            *(
                added / their_added,
                1 / 8,
                f"adds {added / their_added:.3f} × bpftrace, at most 1/8",
            ),
        ),
        Row(
            *("streaming: added to an untraced call", f"{added:.0f} ns", f"{their_added:.0f} ns"),
            *(added, 350, f"{added:.0f} ns, at most 350"),
        ),
        Row(
            *("memory after a million events", peak.show("MiB"), ""),
            *(peak.median, 60, f"{peak.median:.0f} MiB resident, at most 60"),
        ),
    ]
    section.notes.append(f"A call that nobody traces takes {bare.show('ns')}.")
    section.commands += [f"tracelang '{_SCRIPT}'", f"bpftrace -e '{_THEIRS}'"]
    return section
