"""The functions of aggregates against what the traced process is known to have done."""

from __future__ import annotations

import random
from typing import Final

import pytest

from tests.live.prctl import NUMBERED, OURS, SEEKS, call, seek, summarise, work
from tests.processes import TracelangCommand

FULL: Final = (1 << 64) - 1
SIGNED: Final = (-1, 0, 1, 2, 3, 7, 20, -(1 << 63), 2)
UNSIGNED: Final = (0, 1, (1 << 63) - 1, 1 << 63, FULL)
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
pytestmark = NUMBERED


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
