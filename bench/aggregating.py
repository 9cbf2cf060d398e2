"""Aggregating and filtering: what tracing adds to a call, beside C through bcc, and bpftrace."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bench.processes import Load, Tracer, bpftrace, by_hand, tracelang
from bench.results import Row, Section, Series, alternate

_TIMES = 7
_CALLS = 20_000
_RUNS = 50
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
        for name in _CASES:
            _compare(name, load, bare, section)
        starts = {"ours": lambda: tracelang(_FILTER), "by hand": lambda: by_hand("filter", 1)}
        found = _measure(starts, load, bare)
        section.rows.append(_row("an event that is filtered out", found, "by hand", 1.1))
    section.notes.append(f"A call that nobody traces takes {bare.show('ns')}.")
    return section


def _compare(name: str, load: Load, bare: Series, section: Section) -> None:
    clause, action = _CASES[name]
    script = f"syscall:write where pid == {load.pid} {clause}"
    theirs = f"tracepoint:syscalls:sys_enter_write /pid == {load.pid}/ {{ {action} }}"
    starts = {
        "ours": lambda: tracelang(script),
        "by hand": lambda: by_hand(name, load.pid),
        "bpftrace": lambda: bpftrace(theirs),
    }
    found = _measure(starts, load, bare)
    for other, limit in (("by hand", 1.1), ("bpftrace", 0.75)):
        section.rows.append(_row(_NAMES[name], found, other, limit))
    section.commands += [f"tracelang '{script}'", f"bpftrace -e '{theirs}'"]


def _measure(
    starts: Mapping[str, Callable[[], Tracer]], load: Load, bare: Series
) -> dict[str, Series]:
    """Return what each tracer adds to a call; `bare` gets what an untraced call takes meanwhile."""

    def during(start: Callable[[], Tracer]) -> float:
        with start() as tracer:
            took = _best(load)
            tracer.end()
        return took

    measures = {name: lambda start=start: during(start) for name, start in starts.items()}
    found = alternate(_TIMES, {"bare": lambda: _best(load), **measures})
    untraced = found.pop("bare")
    bare.values += untraced.values
    return {
        name: Series([value - untraced.median for value in series.values])
        for name, series in found.items()
    }


def _best(load: Load) -> float:
    return min(load.run() for _ in range(_RUNS))


def _row(what: str, found: Mapping[str, Series], other: str, limit: float) -> Row:
    ratio = found["ours"].median / found[other].median
    return Row(
        f"added to a call: {what}",
        found["ours"].show("ns"),
        f"{other}: {found[other].show('ns')}",
        ratio,
        limit,
        f"{ratio:.2f} × {other}, at most {limit}",
    )
