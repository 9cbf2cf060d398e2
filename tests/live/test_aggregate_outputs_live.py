"""How aggregates are shown: with other rules, as samples, as tables, histograms and CSV."""

from __future__ import annotations

import csv
import io
import json

from tests.live.prctl import NUMBERED, OURS, work
from tests.live.runs import accounting, events_of
from tests.processes import TracelangCommand, finish

pytestmark = NUMBERED


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
    assert (row["arg3"], row["hi"], row["no"]) == ("5", str((1 << 64) - 1), "")
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
