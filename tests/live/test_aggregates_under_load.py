"""Aggregates of calls from two processors at once, periods among them: nothing is lost."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from typing import Any, Final

import pytest

from tests.live.prctl import NUMBERED, OURS, PRELUDE, work
from tests.live.runs import accounting, json_events
from tests.processes import TracelangCommand, Workloads, interrupt

pytestmark = NUMBERED

HAMMER: Final = """
import time
children = []
for cpu in sorted(os.sched_getaffinity(0))[:2]:
    pid = os.fork()
    if not pid:
        os.sched_setaffinity(0, {cpu})
        end, n = time.monotonic() + SECONDS, 0
        while time.monotonic() < end:
            for _ in range(100): prctl(n % 1000); n += 1
        # Both write to one pipe: a line must be one write.
        os.write(1, b'%d\\n' % n)
        os._exit(0)
    children.append(pid)
for pid in children: os.waitpid(pid, 0)
"""


def hammer(seconds: float) -> str:
    """Return a `-c` of two processes on two processors; each prints how often it called."""
    return work(HAMMER.replace("SECONDS", str(seconds)))


def hammered(lines: Sequence[str]) -> tuple[int, int]:
    """Return how many calls they made and the sum of what they passed."""
    counts = [int(line) for line in lines if line.isdecimal()]
    assert len(counts) == min(2, len(os.sched_getaffinity(0)))
    assert sum(counts) > 10_000
    whole = sum(n // 1000 * 499_500 for n in counts)
    return sum(counts), whole + sum(sum(range(n % 1000)) for n in counts)


def split(stdout: str) -> tuple[list[dict[str, Any]], tuple[int, int]]:
    """Return the rows, and what the processes between them said."""
    lines = stdout.splitlines()
    rows = json_events(line for line in lines if line.startswith("{"))
    return rows, hammered(lines)


@pytest.mark.parametrize("keys", ["", "by comm"])
def test_two_processors_at_one_key_lose_nothing(tracelang: TracelangCommand, keys: str) -> None:
    columns = "count() as n, sum(arg2) as s, hist(arg2) as h, distinct(arg2) as d"
    script = f"{OURS} aggregate {columns} {keys}"
    done = tracelang(script, "-o", "json", "-c", hammer(1))
    (row,), (calls, total) = split(done.stdout)
    assert (row["n"], row["s"], row["d"]) == (calls, total, 1000)
    assert sum(bucket[2] for bucket in row["h"]) == calls
    assert accounting(done)["events"] == calls


@pytest.mark.parametrize("keys", ["", "by arg2 & 63 as k"])
def test_periods_add_up_exactly(tracelang: TracelangCommand, keys: str) -> None:
    script = f"{OURS} aggregate count() as n, sum(arg2) as s, hist(arg2) as h {keys} every 100ms"
    done = tracelang(script, "-o", "json", "-c", hammer(2))
    rows, (calls, total) = split(done.stdout)
    assert len(rows) > (2 if not keys else 2 * 64)  # several periods, however slow the machine
    assert sum(r["n"] for r in rows) == calls
    assert sum(r["s"] for r in rows) == total
    assert sum(b[2] for r in rows for b in r["h"]) == calls
    assert accounting(done)["events"] == calls


def test_a_nearly_full_map_loses_nothing_between_periods(tracelang: TracelangCommand) -> None:
    script = f"{OURS} aggregate count() as n by arg2 & 63 as k every 50ms reset"
    done = tracelang(script, "-o", "json", "--keys", "64", "-c", hammer(1))
    rows, (calls, _) = split(done.stdout)
    assert "not counted" not in done.stderr
    assert sum(r["n"] for r in rows) == calls


def test_keep_carries_on(tracelang: TracelangCommand) -> None:
    done = tracelang(
        f"{OURS} aggregate count() as n every 200ms keep", "-o", "json", "-c", hammer(1)
    )
    rows, (calls, _) = split(done.stdout)
    counts = [r["n"] for r in rows]
    assert len(counts) >= 2
    assert counts == sorted(counts)
    assert counts[-1] == calls
    assert counts[0] < calls


def test_interrupted_under_load_it_still_tells(
    tracelang: TracelangCommand, workloads: Workloads
) -> None:
    load = workloads.python(f"{PRELUDE}\nwhile True: prctl(1)")
    process = tracelang.start(
        f'probe begin print "ready" probe {OURS} aggregate count() as n by pid', "-p", str(load.pid)
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    load.go()
    time.sleep(0.5)
    done = interrupt(process)
    assert done.status == 0
    lines = [line.split() for line in done.stdout.splitlines()]
    assert lines[:-1] in ([["PID", "N"]], [[], ["prctl"], ["PID", "N"]], [["prctl"], ["PID", "N"]])
    assert lines[-1][0] == str(load.pid)
    assert int(lines[-1][1]) > 1000
    assert accounting(done)["lost"] == 0
