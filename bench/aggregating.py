"""Aggregating and filtering: what tracing adds to a call, beside C through bcc, and bpftrace."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bench.processes import Load, Tracer, bpftrace, by_hand, tracelang
from bench.results import Row, Section, Series, alternate

_TIMES = 7
_CALLS = 20_000
_RUNS = 100
"""For tenths of a second at a time the machine takes up to a third longer for every system call,
traced or not. The shortest of many short runs is what a call costs when it does not."""
_CASES = {
    "count": ("aggregate count()", "@ = count();"),
    "comm": ("aggregate count() by comm", "@[comm] = count();"),
    "hist": ("aggregate hist(count)", "@ = hist(args->count);"),
}
_NAMES = {"count": "`count()`", "comm": "`count() by comm`", "hist": "`hist`"}
_FILTER = "syscall:write where pid == 1 capture ts, pid, comm, count"


def measure() -> Section:
    """Measure each case in turn, and the call that nobody traces, which is taken off."""
    section = Section("Aggregating and filtering")
    bare = Series()
    with Load(_CALLS) as load:
        found = {name: _measure(_case(name, load, section), load, bare) for name in _CASES}
        starts = {"ours": lambda: tracelang(_FILTER), "by hand": lambda: by_hand("filter", 1)}
        left_out = _measure(starts, load, bare)
    for name, series in found.items():
        for other, limit in (("by hand", 1.1), ("bpftrace", 0.75)):
            section.rows.append(_row(_NAMES[name], series, other, limit, bare.median))
    what = "an event that is filtered out"
    section.rows.append(_row(what, left_out, "by hand", 1.1, bare.median))
    section.notes.append(f"A call that nobody traces takes {bare.show('ns')}.")
    return section


def _case(name: str, load: Load, section: Section) -> dict[str, Callable[[], Tracer]]:
    """Return what starts each tracer; `section` gets their commands."""
    clause, action = _CASES[name]
    script = f"syscall:write where pid == {load.pid} {clause}"
    theirs = f"tracepoint:syscalls:sys_enter_write /pid == {load.pid}/ {{ {action} }}"
    section.commands += [f"tracelang '{script}'", f"bpftrace -e '{theirs}'"]
    return {
        "ours": lambda: tracelang(script),
        "by hand": lambda: by_hand(name, load.pid),
        "bpftrace": lambda: bpftrace(theirs),
    }


def _measure(
    starts: Mapping[str, Callable[[], Tracer]], load: Load, bare: Series
) -> dict[str, Series]:
    """Return what a call takes with each tracer; `bare` gets what it takes without, meanwhile."""

    def during(start: Callable[[], Tracer]) -> float:
        with start() as tracer:
            took = _best(load)
            tracer.end()
        return took

    measures = {name: lambda start=start: during(start) for name, start in starts.items()}
    found = alternate(_TIMES, {"bare": lambda: _best(load), **measures})
    bare.values += found.pop("bare").values
    return dict(found)


def _best(load: Load) -> float:
    return min(load.run() for _ in range(_RUNS))


def _row(what: str, found: Mapping[str, Series], other: str, limit: float, bare: float) -> Row:
    added = {n: Series([v - bare for v in series.values]) for n, series in found.items()}
    ratio = added["ours"].median / added[other].median
    return Row(
        f"added to a call: {what}",
        added["ours"].show("ns"),
        f"{other}: {added[other].show('ns')}",
        ratio,
        limit,
        f"{ratio:.2f} × {other}, at most {limit}",
    )
