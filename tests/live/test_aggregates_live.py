"""Aggregates against what the traced process is known to have done."""

from __future__ import annotations

import csv
import io
import json
import os
import platform
import random
import re
import time
from collections.abc import Sequence
from typing import Any, Final

import pytest

from tests.live.runs import Event, accounting, events_of, json_events, python_command
from tests.processes import TracelangCommand, Workloads, finish, interrupt

OPTION: Final = 12345
"""An option of prctl(2) that there is not: the calls with it are the tests' own."""
OURS: Final = f"syscall:prctl where option == {OPTION}"
FULL: Final = (1 << 64) - 1

_PRELUDE: Final = f"""
import ctypes, os, sys
call = ctypes.CDLL(None, use_errno=True).syscall
def prctl(*words):
    given = map(ctypes.c_ulong, (*words, 0, 0, 0)[:4])
    call(ctypes.c_long(157), ctypes.c_long({OPTION}), *given)
def lseek(offset):
    call(ctypes.c_long(8), ctypes.c_long(-7), ctypes.c_long(offset), ctypes.c_long(0))
"""
SIGNED: Final = (-1, 0, 1, 2, 3, 7, 20, -(1 << 63), 2)
UNSIGNED: Final = (0, 1, (1 << 63) - 1, 1 << 63, FULL)
SEEKS: Final = "syscall:lseek where cast(fd, s32) == -7"
EVERY_FUNCTION: Final = {
    "count": "count()",
    "sum": "sum(arg2)",
    "avg": "avg(arg2)",
    "min": "min(arg2)",
    "max": "max(arg2)",
    "stats": "stats(arg2)",
    "last": "last(arg2)",
    "distinct": "distinct(arg2)",
    "hist": "hist(arg2)",
    "lhist": "lhist(arg2, 0, 100, 10)",
    "p50": "p50(arg2)",
    "p90": "p90(arg2)",
    "p99": "p99(arg2)",
    "percentile": "percentile(arg2, 99.9)",
}
pytestmark = pytest.mark.skipif(
    platform.machine() != "x86_64", reason="its calls have the numbers of x86-64"
)


def work(source: str) -> str:
    """Return a `-c` that runs Python with `prctl(…)` and `lseek(offset)`."""
    return python_command(_PRELUDE + source)


def summarise(tracelang: TracelangCommand, script: str, source: str, *options: str) -> list[Event]:
    """Return the rows of a run that lost nothing."""
    done = tracelang(script, "-c", work(source), "-o", "json", *options)
    assert done.status == 0, done.stderr
    assert accounting(done)["lost"] == 0
    assert "not counted" not in done.stderr
    return events_of(done)


def seek(values: Sequence[int]) -> str:
    return f"for n in {list(values)}: lseek(n)"


def call(values: Sequence[int]) -> str:
    return f"for n in {list(values)}: prctl(n)"


# --- Functions ------------------------------------------------------------------------------------


def test_numbers_are_exact_for_signed_values(tracelang: TracelangCommand) -> None:
    values = [v for v in SIGNED if v > -(1 << 62)]
    (row,) = summarise(
        tracelang,
        f"{SEEKS} aggregate count() as n, sum(offset) as s, avg(offset) as a, min(offset) as lo, "
        "max(offset) as hi, stats(offset) as all, last(offset) as z, distinct(offset) as d",
        seek(values),
    )
    total = sum(values)
    assert (row["n"], row["s"], row["lo"], row["hi"], row["z"]) == (8, total, -1, 20, 2)
    assert (row["a"], row["d"]) == (total / 8, 7)
    assert row["all"] == {"count": 8, "avg": total / 8, "min": -1, "max": 20, "sum": total}


def test_the_extremes_of_64_bits(tracelang: TracelangCommand) -> None:
    names = "count() as n, min({0}) as lo, max({0}) as hi, last({0}) as z, distinct({0}) as d"
    (row,) = summarise(tracelang, f"{OURS} aggregate {names.format('arg2')}", call(UNSIGNED))
    assert [row[k] for k in ("n", "lo", "hi", "z", "d")] == [5, 0, FULL, FULL, 5]
    (row,) = summarise(tracelang, f"{SEEKS} aggregate {names.format('offset')}", seek(SIGNED))
    assert [row[k] for k in ("n", "lo", "hi", "z", "d")] == [9, -(1 << 63), 20, 2, 8]


def test_powers_of_two_have_these_edges(tracelang: TracelangCommand) -> None:
    (row,) = summarise(tracelang, f"{SEEKS} aggregate hist(offset) as h", seek(SIGNED))
    assert row["h"] == [
        [None, 0, 2],
        [0, 1, 1],
        [1, 2, 1],
        [2, 4, 3],
        [4, 8, 1],
        [8, 16, 0],
        [16, 32, 1],
    ]
    (row,) = summarise(tracelang, f"{OURS} aggregate hist(arg2) as h", call(UNSIGNED))
    assert [b for b in row["h"] if b[2]] == [
        [0, 1, 1],
        [1, 2, 1],
        [1 << 62, 1 << 63, 1],
        [1 << 63, 1 << 64, 2],
    ]


def test_steps_have_rows_for_what_is_below_and_above(tracelang: TracelangCommand) -> None:
    (row,) = summarise(tracelang, f"{SEEKS} aggregate lhist(offset, 0, 20, 5) as h", seek(SIGNED))
    assert row["h"] == [
        [None, 0, 2],
        [0, 5, 5],
        [5, 10, 1],
        [10, 15, 0],
        [15, 20, 0],
        [20, None, 1],
    ]
    (row,) = summarise(tracelang, f"{SEEKS} aggregate lhist(offset, -2, 2, 2) as h", seek(SIGNED))
    assert row["h"] == [[None, -2, 1], [-2, 0, 1], [0, 2, 2], [2, None, 5]]
    # More than any signed number is above, not below.
    (row,) = summarise(tracelang, f"{OURS} aggregate lhist(arg2, 0, 2, 1) as h", call(UNSIGNED))
    assert row["h"] == [[0, 1, 1], [1, 2, 1], [2, None, 3]]


@pytest.mark.parametrize("sign", [1, -1])
def test_percentiles_are_within_three_percent(tracelang: TracelangCommand, sign: int) -> None:
    seed = 20_240_611
    chance = random.Random(seed)
    values = sorted(sign * int(chance.lognormvariate(9, 2.5)) for _ in range(2000))
    source = (
        f"import random\nr = random.Random({seed})\n"
        f"for _ in range(2000): lseek({sign} * int(r.lognormvariate(9, 2.5)))"
    )
    (row,) = summarise(
        tracelang,
        f"{SEEKS} aggregate p50(offset) as a, p90(offset) as b, p99(offset) as c, "
        "percentile(offset, 99.9) as d, percentile(offset, 100) as e, "
        "percentile(offset, 0.05) as f",
        source,
    )
    for name, place in (("a", 1000), ("b", 1800), ("c", 1980), ("d", 1998), ("e", 2000), ("f", 1)):
        true = values[place - 1]
        assert abs(row[name] - true) <= abs(true) * 0.03, (name, row[name], true)


@pytest.mark.parametrize("function", EVERY_FUNCTION)
def test_each_function_is_accepted_alone(tracelang: TracelangCommand, function: str) -> None:
    for keys in ("", " by comm"):
        (row,) = summarise(
            tracelang, f"{OURS} aggregate {EVERY_FUNCTION[function]} as x{keys}", call([25, 25])
        )
        assert row["x"] == {
            "count": 2,
            "sum": 50,
            "stats": {"count": 2, "avg": 25, "min": 25, "max": 25, "sum": 50},
            "distinct": 1,
            "hist": [[16, 32, 2]],
            "lhist": [[20, 30, 2]],
        }.get(function, 25)


@pytest.mark.parametrize("keys", ["", "by arg3, comm, exe, cpu > 99, cgroup_id"])
@pytest.mark.parametrize("transport", ["ring", "perf"])
def test_all_functions_are_accepted_together(
    tracelang: TracelangCommand, keys: str, transport: str
) -> None:
    columns = ", ".join(f"{text} as {name}_" for name, text in EVERY_FUNCTION.items())
    script = f"{OURS} aggregate {columns} {keys}"
    (row,) = summarise(tracelang, script, call([25] * 3), "--transport", transport)
    assert (row["count_"], row["sum_"], row["p99_"], row["hist_"]) == (3, 75, 25, [[16, 32, 3]])


def test_derived_columns(tracelang: TracelangCommand) -> None:
    script = (
        f"{OURS} aggregate sum(arg2) as b, count() as n, b / n as mean, b % 4 as rest, "
        "(b - n) * 2 as twice, b / (n - 3) as never by arg3"
    )
    (row,) = summarise(tracelang, script, call([1, 2, 4]))
    found = [row[k] for k in ("b", "n", "mean", "rest", "twice", "never")]
    assert found == [7, 3, 7 / 3, 3, 8, None]


def test_units_of_durations_and_sizes(tracelang: TracelangCommand) -> None:
    script = f"{OURS} aggregate avg(size(arg2)) as a, max(size(arg2)) as m"
    source = call([1024, 1025, 4096])
    (row,) = summarise(tracelang, script, source)
    assert (row["a"], row["a_text"]) == (6145 / 3, "2.0KiB")
    assert (row["m"], row["m_text"]) == (4096, "4.0KiB")
    table = tracelang(script, "-c", work(source)).stdout.splitlines()
    assert table[1].split() == ["2.0KiB", "4.0KiB"]


# --- Keys -----------------------------------------------------------------------------------------


def test_keys_of_several_kinds(tracelang: TracelangCommand) -> None:
    source = (
        "for name in ('a-long-name', 'b', 'a-long-name', 'b', 'b'):\n"
        "  open('/proc/self/comm', 'w').write(name)\n  prctl(1, len(name))"
    )
    rows = summarise(tracelang, f"{OURS} aggregate count() as n by comm, arg3, func", source)
    assert [(r["comm"], r["arg3"], r["func"], r["n"]) for r in rows] == [
        ("b", 1, "prctl", 3),
        ("a-long-name", 11, "prctl", 2),
    ]


@pytest.mark.parametrize("where", ["dfd == -7", 'filename contains "/etc/"'])
def test_what_lies_behind_a_text_does_not_split_keys(
    tracelang: TracelangCommand, where: str
) -> None:
    # A buffer used again holds what the longer text left behind the shorter one.
    source = (
        "libc = ctypes.CDLL(None)\n"
        "for _ in range(5):\n"
        "  for n in (90, 1, 40, 2): libc.openat(-7, b'/etc/\\0'[:5] + b'x' * n, 0)\n"
    )
    rows = summarise(
        tracelang,
        f"syscall:openat where {where} and dfd == -7 "
        "aggregate count() as n, hist(flags) as h by filename, comm",
        source,
    )
    assert sorted((len(r["filename"]) - 5, r["n"]) for r in rows) == [
        (1, 5),
        (2, 5),
        (40, 5),
        (90, 5),
    ]
    assert all(r["h"] == [[0, 1, 5]] for r in rows)


def test_paddings_between_keys_do_not_split_them(tracelang: TracelangCommand) -> None:
    keys = "arg3 == 1 as a, arg2, cast(arg3, u8) as b, pid, cast(arg3, u16) as c"
    source = "for n in range(300): os.getcwd(); prctl(n % 3, n & 1)"
    rows = summarise(
        tracelang, f"{OURS} aggregate count() as n, distinct(arg4) as d by {keys}", source
    )
    assert [r["n"] for r in rows] == [50] * 6


def test_all_system_calls_by_name(tracelang: TracelangCommand) -> None:
    rows = summarise(
        tracelang, "syscall:* aggregate count() as n by func", "for n in range(500): lseek(n)"
    )
    found = {r["func"]: r["n"] for r in rows}
    assert found["lseek"] >= 500
    assert len(found) > 5
    assert [r["n"] for r in rows] == sorted(found.values(), reverse=True)


def test_addresses_and_cgroups_as_keys(tracelang: TracelangCommand) -> None:
    source = "import socket\nfor n in (1, 2, 2): socket.socket(2, 2).connect(('127.0.0.%d' % n, 9))"
    rows = summarise(
        tracelang,
        "tracepoint:syscalls:sys_enter_connect aggregate count() as n by "
        "ip(cast(uservaddr, struct sockaddr_in).sin_addr.s_addr) as to, cgroup_id",
        source,
    )
    assert [(r["to"], r["n"]) for r in rows] == [("127.0.0.2", 2), ("127.0.0.1", 1)]
    assert len({r["cgroup_id"] for r in rows}) == 1


def test_texts_as_long_as_they_may_be(tracelang: TracelangCommand) -> None:
    source = "libc = ctypes.CDLL(None)\nfor n in (400, 399, 400): libc.openat(-7, b'y' * n, 0)"
    script = "syscall:openat where dfd == -7 aggregate count() as n by filename"
    rows = summarise(tracelang, script, source, "--strlen", "400")
    assert [(r["filename"], r["n"]) for r in rows] == [("y" * 400, 2), ("y" * 399, 1)]
    refused = tracelang(script, "--strlen", "600", "-c", "true")
    assert refused.status == 1
    assert re.search(
        r"error\[T263\]: a key of \d+ bytes is too large; the limit is 512", refused.stderr
    )
    assert "--strlen" in refused.stderr


def test_the_largest_by_any_column(tracelang: TracelangCommand) -> None:
    source = "for n in range(20):\n  for _ in range(20 - n): prctl(n * n, n)"
    script = f"{OURS} aggregate count() as n, max(arg2) as hi by arg3 top 3"
    assert [r["arg3"] for r in summarise(tracelang, script, source)] == [0, 1, 2]
    assert [r["arg3"] for r in summarise(tracelang, f"{script} by hi", source)] == [19, 18, 17]


def test_large_numbers_are_sorted_exactly(tracelang: TracelangCommand) -> None:
    # As floats these are all the same.
    source = "for n in (3, 5, 1, 4, 2): prctl(2**63 + n, n)"
    rows = summarise(tracelang, f"{OURS} aggregate max(arg2) as hi by arg3", source)
    assert [r["arg3"] for r in rows] == [5, 4, 3, 2, 1]


def test_a_full_map_keeps_its_first_keys_and_says_so(tracelang: TracelangCommand) -> None:
    source = "for n in (*range(10), *range(10)): prctl(1, n)"
    done = tracelang(
        f"{OURS} aggregate count() as n by arg3", "--keys", "4", "-o", "json", "-c", work(source)
    )
    assert done.status == 0
    assert [(r["arg3"], r["n"]) for r in events_of(done)] == [(n, 2) for n in range(4)]
    assert "12 not counted as the maps are full (`--keys` enlarges them)" in done.stderr
    assert accounting(done)["events"] == 8


# --- Concurrency and time -------------------------------------------------------------------------

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
    load = workloads.python(f"{_PRELUDE}\nwhile True: prctl(1)")
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


# --- Together with others -------------------------------------------------------------------------


def test_rules_that_stream_and_rules_that_sum_up(tracelang: TracelangCommand) -> None:
    script = (
        f"probe {OURS} and arg2 > 7 capture arg2 "
        f"probe {OURS} aggregate count() as n by arg3 "
        'probe begin aggregate count() as n  probe end print "bye" '
        "probe end aggregate count() as m"
    )
    done = tracelang(script, "-o", "json", "-c", work("for n in range(10): prctl(n, n & 1)"))
    rows = events_of(done)
    assert [r["arg2"] for r in rows if r["rule"] == 1] == [8, 9]
    assert [(r["arg3"], r["n"]) for r in rows if r["rule"] == 2] == [(0, 5), (1, 5)]
    assert [r["n"] for r in rows if r["rule"] == 3] == [1]
    assert [r["m"] for r in rows if r["rule"] == 5] == [1]
    # Events come as they happen, sums at the end.
    assert [r["rule"] for r in rows if r["rule"] != 4] == [1, 1, 2, 2, 3, 5]
    assert accounting(done)["events"] >= 2 + 10 + 1 + 1


def test_samples_tell_their_scale(tracelang: TracelangCommand) -> None:
    script = f"{OURS} sample 3 in 10 aggregate count() as n"
    done = tracelang(
        script, "-c", work("os.sched_setaffinity(0, {0})\nfor n in range(1000): prctl(n)")
    )
    assert done.stdout.splitlines() == [
        "sampled 3 in 10: for all events multiply counts and sums by 3.333",
        "       N",
        "     300",
    ]
    counts = accounting(done)
    assert (counts["events"], counts["not sampled"]) == (300, 700)


def test_comma_separated_rows(tracelang: TracelangCommand) -> None:
    columns = "max(arg2) as hi, hist(arg2) as h, stats(arg2) as s, hi / (hi - hi) as no"
    script = f"{OURS} aggregate {columns} by arg3"
    done = tracelang(script, "-o", "csv", "-c", work("prctl(2**64 - 1, 5); prctl(2**63, 5)"))
    (row,) = csv.DictReader(io.StringIO(done.stdout))
    assert (row["arg3"], row["hi"], row["no"]) == ("5", str(FULL), "")
    assert json.loads(row["h"]) == [[1 << 63, 1 << 64, 2]]
    assert json.loads(row["s"])["min"] == 1 << 63


def test_no_events_are_said_to_be_none(tracelang: TracelangCommand) -> None:
    for script in (
        "aggregate count()",
        "aggregate hist(arg2) by comm",
        "aggregate count() every 1s",
    ):
        done = tracelang(f"{OURS} {script}", "-c", "true")
        assert (done.stdout, done.status) == ("no events\n", 0)
    done = tracelang(f"{OURS} aggregate count()", "-c", "true", "-o", "json")
    assert (events_of(done), accounting(done)["events"]) == ([], 0)


def test_the_look_of_a_table_and_its_histograms(tracelang: TracelangCommand) -> None:
    process = tracelang.start(
        f"{OURS} aggregate count() as n, hist(arg2) as h, lhist(arg2, 0, 4, 2) as l by arg3 as k",
        "-c",
        work("for n in (1, 1, 2, 5): prctl(n, 9)"),
    )
    full, half = "█" * 40, "█" * 20 + " " * 20
    assert finish(process).stdout == (
        "       K        N\n"
        "       9        4\n"
        "\n"
        "h: k 9\n"
        f"[1]     2 |{full}|\n"
        f"[2, 4)  1 |{half}|\n"
        f"[4, 8)  1 |{half}|\n"
        "\n"
        "l: k 9\n"
        f"[0, 2)  2 |{full}|\n"
        f"[2, 4)  1 |{half}|\n"
        f"[4, …)  1 |{half}|\n"
    )
