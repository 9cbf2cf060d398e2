"""Spans of kernel functions by kprobe and by fentry: the entry's arguments, the return's value."""

from __future__ import annotations

import pytest

from tests.live.runs import accounting, events_of, python_command, trace
from tests.processes import TracelangCommand

WORK = """import os
p, q = os.pipe()
for n in (3, 5): os.write(q, b"x" * n); os.read(p, 64)"""
CAPTURE = "where count == 64 capture count, retval, duration"


@pytest.mark.needs("kprobe", "fentry")
@pytest.mark.parametrize(
    ("kind", "prefer"), [("kprobe", "kprobe"), ("kprobe", "fentry"), ("fentry", "fentry")]
)
def test_arguments_and_results_of_a_function(
    tracelang: TracelangCommand, kind: str, prefer: str
) -> None:
    script = f"span {kind}:vfs_read {CAPTURE}"
    events = trace(tracelang, script, "--prefer", prefer, "-c", python_command(WORK))
    assert [e["retval"] for e in events if e["retval"] in (3, 5)] == [3, 5]
    assert all(e["duration"] > 0 for e in events)


@pytest.mark.needs("kprobe", "fentry")
@pytest.mark.parametrize("prefer", ["kprobe", "fentry"])
def test_inside_a_function_and_programs_in_their_order(
    tracelang: TracelangCommand, prefer: str
) -> None:
    """Within vfs_read, and its entry and return with it; each end before the next start."""
    script = """
    probe kprobe:vfs_read where count == 64 and inside(kprobe:vfs_read) aggregate count() as n
    probe kretprobe:vfs_read where inside(kprobe:vfs_read) and retval in (3, 5)
        aggregate count() as n
    probe kprobe:vfs_write where inside(kprobe:vfs_read) aggregate count() as n
    probe tracepoint:syscalls:sys_enter_read where count == 64 and not inside(kprobe:vfs_read)
        aggregate count() as n
    span from kprobe:vfs_read when count == 64 to kprobe:vfs_read when count == 64
        aggregate count() as n, min(duration) as least
    """
    done = tracelang(script, "--prefer", prefer, "-c", python_command(WORK), "-o", "json")
    rows = {event["rule"]: event for event in events_of(done) if "rule" in event}
    assert {rule: row["n"] for rule, row in rows.items()} == {1: 2, 2: 2, 4: 2, 5: 1}, done.stderr
    assert rows[5]["least"] > 0
    assert accounting(done)["span still open"] == 1


@pytest.mark.needs("kprobe", "fentry")
def test_stages_of_functions(tracelang: TracelangCommand) -> None:
    script = """span from kprobe:vfs_write when count == 3 key tid
             via read: kprobe:vfs_read when count == 64 key tid
             to kprobe:vfs_write when count == 5 key tid
        capture start.count as first, read.count as room, end.count as last, read.duration as half,
            duration"""
    (event,) = trace(tracelang, script, "-c", python_command(WORK))
    assert (event["first"], event["room"], event["last"]) == (3, 64, 5)
    assert 0 < event["half"] < event["duration"]
