"""Spans: each end with its own start, what the start knew, and starts and ends left over."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Final

import pytest

from tests.live.runs import accounting, events_of, python_command, trace
from tests.processes import TracelangCommand
from tests.unit.binaries.programs import compile_c

C: Final = r"""
#include <setjmp.h>

__attribute__((noinline)) int fib(int n)
{
    int r = n < 2 ? n : fib(n - 1) + fib(n - 2);
    __asm__ volatile("" : "+r"(r));
    return r;
}

__attribute__((noinline)) int fouter(int n)
{
    int r = fib(n);
    __asm__ volatile("" : "+r"(r));
    return r + 100;
}

static jmp_buf back;

__attribute__((noinline)) int leap(int n)
{
    if (!n)
        longjmp(back, 1);
    int r = leap(n - 1);
    __asm__ volatile("" : "+r"(r));
    return r;
}

__attribute__((noinline)) int leaper(int n)
{
    if (!setjmp(back))
        leap(2);
    return fib(n);
}

int main(int argc, char **argv)
{
    if (argc > 1)
        leaper(1);
    else
        fouter(6);
    return 0;
}
"""
FIB: Final = (0, 1, 1, 2, 3, 5, 8)
SLEEP: Final = "span syscall:nanosleep, syscall:clock_nanosleep"
CALLS: Final = "import os\nfor n in range(5): os.getpgid(0)"


@pytest.fixture(scope="module")
def calculator(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fib")
    return compile_c(folder, "fib", {"fib.c": C}, "-O1", "-fno-inline")


# --- Entry and return -----------------------------------------------------------------------------


@pytest.mark.parametrize("transport", ["ring", "perf"])
def test_a_sleep_lasts_as_long_as_it_was_told(tracelang: TracelangCommand, transport: str) -> None:
    (event,) = trace(tracelang, SLEEP, "-c", "sleep 0.2", "--transport", transport)
    assert (event["comm"], event["retval"]) == ("sleep", 0)
    assert event["func"].endswith("nanosleep")
    assert 200_000_000 <= event["duration"] < 20_000_000_000


def test_arguments_are_those_of_the_entry(tracelang: TracelangCommand) -> None:
    script = """span syscall:read where comm startswith "t" and retval >= 0 and fd == retval
        capture fd, buf(args.buf, 4) as before, retval, start.comm as was, end.comm as is"""
    work = """import ctypes, os
p, q = os.pipe()
os.write(q, b"x" * p)
libc = ctypes.CDLL(None)
open("/proc/self/comm", "w").write("tested")
room = ctypes.create_string_buffer(b"old!" + bytes(60))
libc.read(p, room, p)"""
    (event,) = trace(tracelang, script, "-c", python_command(work))
    assert event["fd"] == event["retval"]
    assert event["before"] == "6f6c6421"
    assert (event["was"], event["is"]) == ("tested", "tested")


def test_the_start_remembers_every_type(tracelang: TracelangCommand) -> None:
    script = """span syscall:execve where filename == "/bin/true" and retval == 0
        capture start.comm as before, end.comm as after, join(argv), filename, envp"""
    (event,) = trace(tracelang, script, "-c", "sh -c '/bin/true a b; exit 0'")
    assert (event["before"], event["after"]) == ("sh", "true")
    assert event["filename"] == "/bin/true"
    assert "/bin/true a b" in (event["argv"], event.get("argv_text"))
    assert event["envp"] > 0


def test_a_text_of_the_start_is_judged_with_a_number_of_the_end(
    tracelang: TracelangCommand, tmp_path: Path
) -> None:
    script = """span syscall:openat where filename contains "wanted" and retval < 0
        capture filename, errno(retval) as error"""
    (tmp_path / "wanted-here").touch()
    names = [str(tmp_path / name) for name in ("wanted-here", "wanted-not", "other")]
    done = tracelang(script, "-c", f"cat {' '.join(names)}", "-o", "json")
    (event,) = events_of(done)
    assert event["filename"] == names[1]
    assert event["error"] == -2


def test_guard_and_condition_of_an_end_may_both_search_text(tracelang: TracelangCommand) -> None:
    script = """span from syscall:getpgid key tid
          to sysret:getpgid key tid when comm contains "py"
      where end.comm contains "th" and end.comm endswith end_of"""
    script = f'param end_of = "3"\n{script} capture start.comm as was'
    events = trace(tracelang, script, "-c", f"python3 -S -c '{CALLS}'")
    assert [event["was"] for event in events] == ["python3"] * 5


def test_the_raw_tracepoint_of_all_calls_pairs_them(tracelang: TracelangCommand) -> None:
    script = "span syscall:* capture start.cpu, func, retval, duration"
    events = trace(tracelang, script, "-c", python_command(CALLS))
    mine = [e for e in events if e["func"] == "getpgid"]
    assert len(mine) == 5
    assert all(e["retval"] > 0 for e in mine)


def test_recursion_matches_each_return_with_its_own_entry(
    tracelang: TracelangCommand, calculator: Path
) -> None:
    script = f"span uprobe:{calculator}:fib(n: int) capture n, retval"
    events = trace(tracelang, script, "-c", str(calculator))
    assert len(events) == 25
    assert all(e["retval"] == FIB[e["n"]] for e in events)
    assert events[-1]["n"] == 6


def test_different_functions_nest(tracelang: TracelangCommand, calculator: Path) -> None:
    script = f"span uprobe:{calculator}:f[io]* capture func, arg0, retval, duration"
    *inner, last = trace(tracelang, script, "-c", str(calculator))
    assert (last["func"], last["arg0"], last["retval"]) == ("fouter", 6, 108)
    assert {e["func"] for e in inner} == {"fib"}
    assert last["duration"] >= max(e["duration"] for e in inner)


def test_functions_left_by_longjmp_do_not_take_those_around_them_along(
    tracelang: TracelangCommand, calculator: Path
) -> None:
    script = f"span uprobe:{calculator}:leap*, uprobe:{calculator}:fib capture func, retval"
    done = tracelang(script, "-c", f"{calculator} far", "-o", "json")
    assert [(e["func"], e["retval"]) for e in events_of(done)] == [("fib", 1), ("leaper", 1)]
    counts = accounting(done)
    assert counts["spans unmatched"] == 3
    assert "evicted" not in done.stderr
    assert "still open" not in done.stderr


def test_threads_do_not_mix(tracelang: TracelangCommand) -> None:
    work = """import threading, time
pause = (0.3, 0.1, 0.2)
threads = [threading.Thread(target=time.sleep, args=(p,)) for p in pause]
for t in threads: t.start()
for t in threads: t.join()"""
    events = trace(tracelang, f"{SLEEP} capture tid, duration", "-c", python_command(work))
    assert [round(e["duration"] / 1e8) for e in events] == [1, 2, 3]
    assert len({e["tid"] for e in events}) == 3


def test_aggregates_over_spans(tracelang: TracelangCommand, calculator: Path) -> None:
    script = f"""span uprobe:{calculator}:fib(n: int)
        aggregate count() as calls, min(retval) as low, p50(duration) as half, max(duration) as most
        by n"""
    done = tracelang(script, "-c", str(calculator), "-o", "json")
    rows = {row["n"]: row for row in events_of(done)}
    assert {n: row["calls"] for n, row in rows.items()} == {
        0: 5,
        1: 8,
        2: 5,
        3: 3,
        4: 2,
        5: 1,
        6: 1,
    }
    assert all(
        row["low"] == FIB[n] and row["half"] <= row["most"] * 1.03 for n, row in rows.items()
    )


# --- Two events -----------------------------------------------------------------------------------


def test_consecutive_events_end_one_span_and_start_the_next(tracelang: TracelangCommand) -> None:
    done = tracelang(
        "span from syscall:getpgid to syscall:getpgid capture start.ts as a, end.ts as b, duration",
        *("-c", python_command(CALLS), "-o", "json"),
    )
    events = events_of(done)
    assert len(events) == 4
    # The end is handled first; each of the two programs reads the clock.
    for before, after in pairwise(events):
        assert 0 <= after["a"] - before["b"] < 100_000_000
    assert all(e["b"] - e["a"] == e["duration"] for e in events)
    counts = accounting(done)
    assert (counts["span unmatched"], counts["span still open"]) == (1, 1)


def test_keys_pair_events_of_different_calls(tracelang: TracelangCommand) -> None:
    script = """span from syscall:getpgid key args.pid to syscall:getsid key args.pid
        capture start.arg0 as first, end.arg0 as second, elapsed"""
    work = """import os
for call, n in ((os.getpgid, 1), (os.getpgid, 2), (os.getsid, 2), (os.getsid, 1), (os.getsid, 1)):
    call(n)"""
    done = tracelang(script, "-c", python_command(work), "-o", "json")
    events = events_of(done)
    assert [(e["first"], e["second"]) for e in events] == [(2, 2), (1, 1)]
    # Ends may be on threads that are not traced: they cannot tell whether a start is missing.
    assert "unmatched" not in done.stderr


def test_guards_cancels_and_overwriting(tracelang: TracelangCommand) -> None:
    script = """span from syscall:getpgid when args.pid == 0 to syscall:getsid
        cancel syscall:getppid capture duration"""
    work = """import os
os.getpgid(1); os.getsid(0)
os.getpgid(0); os.getppid(); os.getsid(0)
os.getpgid(0); os.getpgid(0); os.getsid(0)
os.getpgid(0)"""
    done = tracelang(script, "-c", python_command(work), "-o", "json")
    assert len(events_of(done)) == 1
    counts = accounting(done)
    assert counts["spans unmatched"] == 2
    assert counts["start overwritten"] == 1
    assert counts["span still open"] == 1
    assert "starts evicted" not in done.stderr


def test_several_starts_share_an_end(tracelang: TracelangCommand) -> None:
    script = (
        "span from syscall:getpgid from syscall:getpid to syscall:getsid capture func, duration"
    )
    work = "import os\nos.getpgid(0); os.getsid(0); os.getpid(); os.getsid(0)"
    events = trace(tracelang, script, "-c", python_command(work))
    assert [e["func"] for e in events] == ["getpgid", "getpid"]


def test_each_start_is_read_as_its_own_fields_are(tracelang: TracelangCommand) -> None:
    """What is one field of one start may be two of another, or a constant, or of another width."""
    calls = (
        "import ctypes; c = ctypes.CDLL(None)\n"
        "c.syscall(263, 77, b'/nonexistent', 512)\n"
        "c.syscall(74, 78); c.syscall(8, 79, ctypes.c_long(2**40 + 5), 0)"
    )
    unlinks = """
        span from syscall:openat from syscall:unlinkat to sysret:openat, sysret:unlinkat
        where first_of(pathname, filename) == "/nonexistent"
        capture first_of(mode, dfd) as a, dfd, first_of(flag, mode) as b, first_of(flag, 5) as c"""
    (event,) = trace(tracelang, unlinks, "-c", python_command(calls))
    assert [event[name] for name in ("a", "dfd", "b", "c")] == [77, 77, 512, 512]
    others = """
        span from syscall:fsync from syscall:lseek to sysret:fsync, sysret:lseek
        where first_of(fd, 0) in (78, 79)
        capture first_of(offset, fd) as a, first_of(fd, offset) as b"""
    events = trace(tracelang, others, "-c", python_command(calls))
    assert [(e["a"], e["b"]) for e in events] == [(78, 78), (2**40 + 5, 79)]


def test_starts_without_an_end_are_bounded_and_counted(tracelang: TracelangCommand) -> None:
    script = "span from syscall:getpgid key args.pid to syscall:getsid key args.pid"
    work = """import contextlib, os
for n in range(1, 10001):
    with contextlib.suppress(OSError): os.getpgid(n)"""
    done = tracelang(script, "-c", python_command(work), "--pending", "100")
    counts = accounting(done)
    still_open = counts["spans still open"]
    assert still_open <= 100
    evicted = next(n for name, n in counts.items() if name.startswith("starts evicted"))
    assert evicted + still_open == 10_000


# --- The run --------------------------------------------------------------------------------------


def test_elapsed_is_of_the_end_and_begin_and_end_stand_beside(tracelang: TracelangCommand) -> None:
    script = f"""probe begin print "on\\n" {SLEEP} print "%.1f %d\\n", elapsed, retval
        probe end print "off\\n" """
    done = tracelang(script, "-c", "sleep 0.1")
    first, middle, last = filter(None, done.stdout.split("\n"))
    assert (first, last) == ("on", "off")
    assert float(middle.split()[0]) >= 0


def test_it_stops_after_so_many_spans(tracelang: TracelangCommand) -> None:
    events = trace(
        tracelang, "span syscall:getpgid capture retval", "-n", "3", "-c", python_command(CALLS)
    )
    assert len(events) == 3


def test_the_usual_fields_are_the_start_s_and_the_result(tracelang: TracelangCommand) -> None:
    done = tracelang("span syscall:getpgid", "-c", python_command(CALLS))
    assert done.stdout.split("\n")[0].split() == [
        "TIME",
        "COMM",
        "PID",
        "PID_2",
        "RETVAL",
        "DURATION",
    ]


def test_explain_names_both_sides(tracelang: TracelangCommand) -> None:
    done = tracelang(
        "explain",
        "span from syscall:openat when dfd < 0 key dfd to syscall:close key fd capture filename",
    )
    assert "starts at syscall:openat, by dfd, when dfd < 0" in done.stdout
    assert "remembers filename" in done.stdout
    assert "ends at syscall:close, by fd" in done.stdout
