"""Spans of kernel functions by kprobe and by fentry: the entry's arguments, the return's value."""

from __future__ import annotations

import pytest

from tests.live.runs import python_command, trace
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
