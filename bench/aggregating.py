"""Aggregating and filtering: what a traced call costs beside C through bcc, and bpftrace."""

from __future__ import annotations

from collections.abc import Callable

from bench.processes import Load, Tracer, bpftrace, by_hand, tracelang
from bench.results import Row, Section, alternate

_TIMES = 5
_CALLS = 500_000
_CASES = {
    "count": ("aggregate count()", "@ = count();"),
    "comm": ("aggregate count() by comm", "@[comm] = count();"),
    "hist": ("aggregate hist(count)", "@ = hist(args->count);"),
}
_NAMES = {"count": "`count()`", "comm": "`count() by comm`", "hist": "`hist`"}


def measure() -> Section:
    """Measure each case in turn; of the cost of tracing, the untraced call is taken off."""
    section = Section("Aggregating and filtering")
    with Load(_CALLS) as load:

        def during(start: Callable[[], Tracer]) -> Callable[[], float]:
            def measure() -> float:
                with start() as tracer:
                    load.run()
                    took = min(load.run() for _ in range(3))
                    tracer.end()
                return took

            return measure

        pid = load.pid
        for name, (clause, action) in _CASES.items():
            script = f"syscall:write where pid == {pid} {clause}"
            theirs = f"tracepoint:syscalls:sys_enter_write /pid == {pid}/ {{ {action} }}"
            found = alternate(
                _TIMES,
                {
                    "ours": during(lambda s=script: tracelang(s)),  # type: ignore[misc]
                    "hand": during(lambda n=name: by_hand(n, pid)),  # type: ignore[misc]
                    "bpftrace": during(lambda s=theirs: bpftrace(s)),  # type: ignore[misc]
                },
            )
            for other, limit, what in (("hand", 1.1, "by hand"), ("bpftrace", 0.75, "bpftrace")):
                ratio = found["ours"].median / found[other].median
                section.rows.append(
                    Row(
                        f"a call, {_NAMES[name]}",
                        found["ours"].show("ns"),
                        f"{what}: {found[other].show('ns')}",
                        ratio,
                        limit,
                        f"{ratio:.2f} × {what}, at most {limit}",
                    )
                )
            section.commands += [f"tracelang '{script}'", f"bpftrace -e '{theirs}'"]
        nobody = "syscall:write where pid == 1 capture ts, pid, comm, count"
        found = alternate(
            _TIMES,
            {
                "ours": during(lambda: tracelang(nobody)),
                "hand": during(lambda: by_hand("filter", 1)),
            },
        )
        ratio = found["ours"].median / found["hand"].median
        section.rows.append(
            Row(
                "a call, filtered out",
                found["ours"].show("ns"),
                f"by hand: {found['hand'].show('ns')}",
                ratio,
                1.1,
                f"{ratio:.2f} × by hand, at most 1.1",
            )
        )
    return section
