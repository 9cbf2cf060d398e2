"""Streaming: formatted events at full speed into a file, and what that costs the traced calls."""

from __future__ import annotations

from dataclasses import dataclass, field

from bench.processes import Load, Tracer, bpftrace, tracelang
from bench.results import Row, Section, Series

CALLS = 1_000_000
_TIMES = 5
_SCRIPT = 'syscall:write where pid == {} capture ts, pid, comm, count print "%d %d %s %d"'
_THEIRS = (
    "tracepoint:syscalls:sys_enter_write /pid == {}/ "
    '{{ printf("%llu %d %s %d\\n", nsecs, pid, comm, args->count); }}'
)


@dataclass(slots=True)
class _Measured:
    """Of each run: nanoseconds a call, microseconds of the tracer's processor time an event."""

    call: Series = field(default_factory=Series)
    cpu: Series = field(default_factory=Series)

    def during(self, load: Load, tracer: Tracer) -> None:
        """Measure one run; the tracer has nothing to do any more after it."""
        before = tracer.cpu()
        self.call.values.append(load.run())
        tracer.settle()
        self.cpu.values.append((tracer.cpu() - before) / CALLS * 1e6)


def measure() -> Section:
    """Measure loss, the tracer's processor time and the cost at the call, beside bpftrace's."""
    section = Section("Streaming")
    bare, lost, peak = Series(), Series(), Series()
    ours, theirs = _Measured(), _Measured()
    with Load(CALLS) as load:
        for _ in range(_TIMES):
            bare.values.append(load.run())
            with tracelang(_SCRIPT.format(load.pid)) as tracer:
                ours.during(load, tracer)
                peak.values.append(tracer.memory())
                lines = tracer.end().output.count(b"\n")
                lost.values.append(CALLS + 1 - lines)  # the load writes what it measured, too
            with bpftrace(_THEIRS.format(load.pid)) as tracer:
                theirs.during(load, tracer)
                tracer.end()
    section.rows += [_loss(lost), *_costs(bare, ours, theirs), _memory(peak)]
    section.notes.append(f"A call that nobody traces takes {bare.show('ns')}.")
    section.commands += [f"tracelang '{_SCRIPT}'", f"bpftrace -e '{_THEIRS}'"]
    return section


def _loss(lost: Series) -> Row:
    worst = max(lost.values)
    return Row(
        *("streaming 1,000,000 events: lost", f"{worst:,.0f}", ""),
        *(worst, 0, f"{worst:,.0f} in the worst of {_TIMES} runs, none"),
    )


def _costs(bare: Series, ours: _Measured, theirs: _Measured) -> list[Row]:
    cpu = ours.cpu.median
    added, their_added = (m.call.median - bare.median for m in (ours, theirs))
    ratio = added / their_added
    return [
        Row(
            *("streaming: tracer's CPU an event", ours.cpu.show("µs"), theirs.cpu.show("µs")),
            *(cpu, 0.6, f"{cpu:.2f} µs, at most 0.6"),
        ),
        Row(
            *("streaming: a traced call", ours.call.show("ns"), theirs.call.show("ns")),
            *(ratio, 1 / 8, f"adds {ratio:.3f} × bpftrace, at most 1/8"),
        ),
        Row(
            *("streaming: added to an untraced call", f"{added:.0f} ns", f"{their_added:.0f} ns"),
            *(added, 350, f"{added:.0f} ns, at most 350"),
        ),
    ]


def _memory(peak: Series) -> Row:
    return Row(
        *("memory after a million events", peak.show("MiB"), ""),
        *(peak.median, 60, f"{peak.median:.0f} MiB resident, at most 60"),
    )
