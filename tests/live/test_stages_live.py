"""Spans of three stages and more, and what happens inside a call."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from tests.live.runs import accounting, events_of, python_command, trace
from tests.processes import TracelangCommand
from tests.unit.binaries.programs import compile_c

STAGES: Final = """span from syscall:getpgid key tid
     via middle: syscall:getppid key tid
     via late: syscall:getuid, syscall:geteuid key tid
     to syscall:getsid key tid
  capture args.pid as n, start.ts as began, middle.ts as at_middle, late.ts as at_late,
    end.ts as ended, middle.duration as to_middle, late.duration as to_late, duration,
    middle.comm as name, late.cpu + 1 as late_cpu, end.arg0 as last"""
WORK: Final = """import os
def call(f, *a):
    try: f(*a)
    except OSError: pass
call(os.getpgid, 1); call(os.getppid); call(os.getuid); call(os.getsid, 1)
call(os.getpgid, 2); call(os.getsid, 2)
call(os.getpgid, 3); call(os.getppid); call(os.getuid); call(os.getppid); call(os.getsid, 3)
call(os.getpgid, 4); call(os.geteuid); call(os.getsid, 4)
call(os.getppid); call(os.getuid); call(os.getsid, 5)"""
C: Final = r"""
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

__attribute__((noinline)) int fib(int n)
{
    if (n == 1)
        syscall(SYS_getpgid, 1);
    int r = n < 2 ? n : fib(n - 1) + fib(n - 2);
    __asm__ volatile("" : "+r"(r));
    return r;
}

__attribute__((noinline)) int outer(int n)
{
    int r = fib(n);
    syscall(SYS_getpgid, 2);
    __asm__ volatile("" : "+r"(r));
    return r;
}

__attribute__((noinline)) void *vanish(void *unused)
{
    pthread_exit(unused);
}

int main(void)
{
    pthread_t thread;

    syscall(SYS_getpgid, 3);
    fib(1);
    outer(3);
    syscall(SYS_getpgid, 4);
    for (int i = 0; i < 3; i++) {
        pthread_create(&thread, 0, vanish, 0);
        pthread_join(thread, 0);
    }
    return 0;
}
"""


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("calls")
    return compile_c(folder, "calls", {"calls.c": C}, "-O1", "-fno-inline", "-pthread")


# --- Stages ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("transport", ["ring", "perf"])
def test_stages_are_read_in_order_and_those_that_never_came_are_empty(
    tracelang: TracelangCommand, transport: str
) -> None:
    done = tracelang(STAGES, "-c", python_command(WORK), "-o", "json", "--transport", transport)
    all_, none, again, late_only = events_of(done)
    assert [e["n"] for e in (all_, none, again, late_only)] == [1, 2, 3, 4]
    assert all_["began"] < all_["at_middle"] < all_["at_late"] < all_["ended"]
    for event in (all_, none, again, late_only):
        assert event["last"] == event["n"]
        assert event["duration"] == event["ended"] - event["began"]
        for stage in ("middle", "late"):
            reached = event[f"at_{stage}"]
            assert event[f"to_{stage}"] == (reached - event["began"] if reached else 0)
    assert all_["name"].startswith("python")
    assert all_["late_cpu"] > 0
    # The third went back to its middle: what came after it has yet to come.
    middle = ("at_middle", "name"), ("at_late", "late_cpu")
    came = [[bool(e[a]) and bool(e[b]) for a, b in middle] for e in (all_, none, again, late_only)]
    assert came == [[True, True], [False, False], [True, False], [False, True]]
    empty = [(e[a], e[b]) for e in (none, again, late_only) for a, b in middle if not e[a]]
    assert empty == [(0, ""), (0, 0), (0, 0), (0, "")]
    counts = accounting(done)
    assert counts["spans without one of the stages"] == 3


def test_a_stage_may_be_on_another_thread(tracelang: TracelangCommand) -> None:
    script = """span from syscall:getpgid key args.pid
             via seen: syscall:getpriority when which == 2 key who
             to syscall:getsid key args.pid
          capture args.pid as n, tid, seen.tid as other, end.tid as ending, seen.which as which"""
    work = """import os, threading
def other(n):
    t = threading.Thread(target=lambda: (os.getpriority(0, n), os.getpriority(2, n)))
    t.start(); t.join()
me = os.getpid()
os.getpgid(me); other(os.getuid()); os.getsid(me)
os.getpgid(0); other(0); os.getsid(0)"""
    events = trace(tracelang, script, "-c", python_command(work))
    (found,) = [e for e in events if e["n"] == 0]
    assert found["tid"] == found["ending"] != found["other"]
    assert found["which"] == 2


def test_stages_are_summed_up(tracelang: TracelangCommand) -> None:
    script = """span from syscall:getpgid via half: syscall:getppid to syscall:getsid
        aggregate count() as n, sum(duration) as whole, sum(half.duration) as first,
            sum(duration - half.duration) as second by half.ts != 0 as seen"""
    work = "import os\nfor n in range(5): os.getpgid(0); n and os.getppid(); os.getsid(0)"
    done = tracelang(script, "-c", python_command(work), "-o", "json")
    rows = {bool(row["seen"]): row for row in events_of(done)}
    assert (rows[True]["n"], rows[False]["n"]) == (4, 1)
    for row in rows.values():
        assert row["first"] + row["second"] == row["whole"]
    assert rows[False]["first"] == 0 < rows[True]["first"]


# --- Inside ---------------------------------------------------------------------------------------


def test_inside_is_true_between_entry_and_return(tracelang: TracelangCommand, calls: Path) -> None:
    script = f"""let in_fib = inside(uprobe:{calls}:fib)
        probe syscall:getpgid where args.pid > 0 capture args.pid as n, in_fib,
            inside(uprobe:{calls}:outer) as in_outer, inside(syscall:getpgid) as in_itself,
            inside(syscall:execve) as in_exec
        probe sysret:getpgid where inside(uprobe:{calls}:outer) and not in_fib capture retval
        probe uprobe:{calls}:fib where inside(uprobe:{calls}:f* or syscall:read)
            aggregate count() as own
        span uprobe:{calls}:fib(n: int) where inside(uprobe:{calls}:outer) capture n as of"""
    done = tracelang(script, "-c", str(calls), "-o", "json")
    events = events_of(done)
    of = {rule: [e for e in events if e["rule"] == rule] for rule in (1, 2, 3, 4)}
    flags = ("in_fib", "in_outer", "in_itself", "in_exec")
    assert [(e["n"], *(bool(e[f]) for f in flags)) for e in of[1]] == [
        (3, False, False, True, False),
        (1, True, False, True, False),  # fib(1)
        (1, True, True, True, False),  # fib(3): fib(2): fib(1), fib(0); fib(1)
        (1, True, True, True, False),
        (2, False, True, True, False),
        (4, False, False, True, False),
    ]
    assert len(of[2]) == 1
    assert of[3][0]["own"] == 6
    assert [e["of"] for e in of[4]] == [1, 0, 2, 1, 3]
    assert done.status == 0


def test_a_thread_that_ends_within_a_call_is_forgotten(
    tracelang: TracelangCommand, calls: Path
) -> None:
    script = f"""probe uprobe:{calls}:vanish capture inside(uprobe:{calls}:vanish) as within"""
    done = tracelang(script, "-c", str(calls), "-o", "json")
    assert [bool(e["within"]) for e in events_of(done)] == [True] * 3
    # Were they kept, there would be three more than the one that is known to be left.
    assert "forgotten" not in done.stderr


def test_more_threads_than_there_is_room_for_are_counted(tracelang: TracelangCommand) -> None:
    script = "syscall:getpgid where inside(syscall:poll, syscall:ppoll, syscall:pause)"
    work = """import select, threading
threads = [threading.Thread(target=select.poll().poll, args=(700,)) for n in range(120)]
for t in threads: t.start()
for t in threads: t.join()"""
    done = tracelang(script, "-c", python_command(work), "--pending", "20")
    counts = accounting(done)
    forgotten = [n for name, n in counts.items() if "forgotten to be inside" in name]
    assert forgotten, done.stderr
    assert 1 <= forgotten[0] <= 120


def test_programs_of_one_place_run_in_the_order_of_the_script(
    tracelang: TracelangCommand, calls: Path
) -> None:
    fib = f"uprobe:{calls}:fib"
    script = f"""probe {fib} capture ts probe {fib} capture ts
        span from {fib} to {fib} capture duration"""
    done = tracelang(script, "-c", str(calls), "-o", "json")
    events = events_of(done)
    assert [e["rule"] for e in events] == [1, 2, *[1, 2, 3] * 5]
    counts = accounting(done)
    assert (counts["span unmatched"], counts["span still open"]) == (1, 1)


def test_explain_shows_stages_and_watched_calls(tracelang: TracelangCommand) -> None:
    text = (
        "span from syscall:read via half: syscall:write to syscall:close where inside(syscall:dup)"
    )
    done = tracelang("explain", text)
    assert "passes `half` at syscall:write" in done.stdout
    assert "not attached" not in done.stdout
    assert "inside(syscall:dup)" in done.stdout
