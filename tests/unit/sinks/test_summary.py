"""Aggregates as tables and histograms."""

from __future__ import annotations

import re
from dataclasses import replace
from io import StringIO
from typing import Any

from tests.unit.sinks.outputs import Shape, make_sink, output_of
from tracelang.plan.c_types import S64, U32, byte_array
from tracelang.plan.ir import AggregatePlan, Record, RuleOutput
from tracelang.sinks.protocol import Row, feed

KEY: Shape = ("comm", "text", byte_array(16, text=True))
PID: Shape = ("pid", "int", U32)
COUNT: Shape = ("n", "number", S64)
HIST: Shape = ("h", "histogram", S64)
STEPS: Shape = ("l", "histogram", S64)
ONE = ((1, 2, 3),)
BAR = "█" * 40


def summed(
    keys: tuple[Shape, ...], columns: tuple[Shape, ...], rule: int = 0, **changes: Any
) -> RuleOutput:
    """Return a rule that shows these aggregates by these keys."""
    order = tuple(name for name, _, _ in columns)
    plan = AggregatePlan(
        "cells", None, Record("cell", (), 0), (), (), (), order, None, False, None, None
    )
    output = output_of(*keys, *columns, rule=rule)
    return replace(output, aggregate=replace(plan, **changes))


def shown(*batches: list[Row], outputs: tuple[RuleOutput, ...]) -> str:
    """Return what the default output writes for tables shown one after the other."""
    stream = StringIO()
    sink = make_sink("text", *outputs, stream=stream)
    sink.begin()
    for rows in batches:
        feed(sink, rows)
    sink.end()
    return stream.getvalue()


def test_a_table_begins_with_its_header() -> None:
    rows = [(0, 0, 0, b"bash\0", 42), (0, 0, 0, b"cat\0", 7)]
    assert shown(rows, outputs=(summed((KEY,), (COUNT,)),)) == (
        "COMM                    N\nbash                   42\ncat                     7\n"
    )


def test_one_histogram_is_under_its_key_without_a_table() -> None:
    rows = [(0, 0, 0, b"bash\0", 42, ONE), (0, 0, 0, b"cat\0", 7, ONE)]
    assert shown(rows, outputs=(summed((KEY, PID), (HIST,)),)) == (
        f"comm bash, pid 42\n[1]  3 |{BAR}|\n\ncomm cat, pid 7\n[1]  3 |{BAR}|\n"
    )


def test_several_histograms_are_named() -> None:
    rows = [(0, 0, 0, 42, 3, ONE, ONE)]
    assert shown(rows, outputs=(summed((PID,), (COUNT, HIST, STEPS)),)) == (
        "     PID        N\n      42        3\n"
        f"\nh: pid 42\n[1]  3 |{BAR}|\n\nl: pid 42\n[1]  3 |{BAR}|\n"
    )
    assert shown([(0, 0, 0, ONE)], outputs=(summed((), (HIST,)),)) == f"h\n[1]  3 |{BAR}|\n"


def test_periods_have_the_time_above_and_a_blank_line_between() -> None:
    rows: list[Row] = [(0, 0, 0, 3)]
    text = shown(rows, rows, outputs=(summed((), (COUNT,), every=10**9),))
    table = r"\d\d:\d\d:\d\d\n       N\n       3\n"
    assert re.fullmatch(f"{table}\n{table}", text)
    text = shown([(0, 0, 0, ONE)], outputs=(summed((), (HIST,), every=10**9),))
    assert re.fullmatch(r"\d\d:\d\d:\d\d\n\nh\n.*\n", text)


def test_several_rules_are_named_and_apart_from_each_other() -> None:
    outputs = (summed((), (COUNT,)), summed((), (COUNT,), rule=1), output_of(PID, rule=2))
    assert shown([(0, 2, 0, 9)], [(0, 0, 0, 3)], [(0, 1, 0, 4)], outputs=outputs) == (
        "     PID\n       9\n\nopenat…\n       N\n       3\n\nopenat…\n       N\n       4\n"
    )


def test_no_events_are_said_to_be_none() -> None:
    assert shown([], outputs=(summed((KEY,), (COUNT,)),)) == "no events\n"
    outputs = (summed((), (COUNT,)), summed((), (HIST,), rule=1))
    assert shown([(0, 0, 0, 3)], outputs=outputs) == (
        "openat…\n       N\n       3\n\nopenat…: no events\n"
    )


def test_a_sample_tells_its_scale() -> None:
    text = shown([(0, 0, 0, 3)], outputs=(summed((), (COUNT,), sample=(1, 100)),))
    assert text.splitlines()[0] == (
        "sampled 1 in 100: for all events multiply counts and sums by 100"
    )
    assert "sampled" not in shown([(0, 0, 0, 3)], outputs=(summed((), (COUNT,), sample=(5, 5)),))
