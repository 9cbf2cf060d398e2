"""Aggregates that are exact whatever happens: huge sums, full maps, many events."""

from __future__ import annotations

from typing import Final

from tests.live.runs import accounting, events_of, python_command
from tests.processes import TracelangCommand

CALLS: Final = "import os\nfor n in range(9): os.getpgid(0)"


def test_sums_do_not_wrap_at_64_bits(tracelang: TracelangCommand) -> None:
    largest, smallest, all_ones = (1 << 63) - 1, -(1 << 63), (1 << 64) - 1
    script = f"""syscall:getpgid aggregate sum({largest}) as high, sum(-{largest} - 1) as low,
        sum({all_ones}) as ones, avg({all_ones}) as mean, stats(args.pid - {largest}) as all,
        max(elapsed) as latest, high / count as each, count() as count"""
    (row,) = events_of(tracelang(script, "-c", python_command(CALLS), "-o", "json"))
    assert (row["high"], row["low"], row["ones"]) == (9 * largest, 9 * smallest, 9 * all_ones)
    assert (row["mean"], row["each"]) == (all_ones, largest)
    assert (row["all"]["sum"], row["all"]["min"]) == (-9 * largest, -largest)
    assert 0 <= row["latest"] < 60


def test_what_a_histogram_has_no_room_for_is_counted_apart(tracelang: TracelangCommand) -> None:
    script = """syscall:getpgid where args.pid > 0
        aggregate count() as n, distinct(args.pid) as d by comm"""
    work = """import contextlib, os
for n in range(1, 101):
    with contextlib.suppress(OSError): os.getpgid(n)"""
    done = tracelang(script, "-c", python_command(work), "--keys", "1")
    counts = accounting(done)
    n, d = (int(word) for word in done.stdout.splitlines()[1].split()[-2:])
    left_out = next(v for name, v in counts.items() if name.startswith("left out of histograms"))
    assert n == 100
    assert d + left_out == 100
    assert 0 < d < 100
    assert "`--keys` enlarges them" in done.stderr


def test_a_number_of_events_ends_an_aggregate(tracelang: TracelangCommand) -> None:
    work = "import os\nwhile True: os.getpgid(0)"
    for how in (("-n", "100"), ()):
        stop = "" if how else "stop after 100 events "
        script = f"{stop}probe syscall:getpgid aggregate count() as n by comm"
        done = tracelang(script, *how, "-c", python_command(work), "-o", "csv")
        assert done.status == 0
        assert int(done.stdout.splitlines()[1].split(",")[-1]) >= 100
