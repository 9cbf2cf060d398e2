"""What an `aggregate` clause means, before any place is known."""

from __future__ import annotations

import pytest

from tracelang.diagnostics import DiagnosticError
from tracelang.semantic.aggregates import take_apart
from tracelang.semantic.model import AggregateModel
from tracelang.source import SourceFile
from tracelang.syntax import ast
from tracelang.syntax.parse import parse_script


def model_of(clauses: str) -> AggregateModel:
    """Return what these clauses ask for."""
    script = parse_script(SourceFile("case.trace", f"probe syscall:read {clauses}"))
    (rule,) = script.items
    assert isinstance(rule, ast.ProbeRule)
    found = {type(clause): clause for clause in rule.clauses}
    summary, every, top = (found.get(k) for k in (ast.Aggregate, ast.Every, ast.Top))
    assert isinstance(summary, ast.Aggregate)
    assert isinstance(every, ast.Every | None)
    assert isinstance(top, ast.Top | None)
    return take_apart(summary, every, top)


def test_functions_and_their_parameters() -> None:
    model = model_of(
        "aggregate count(), lhist(count, -10, 1KiB, 2), p99(count), percentile(fd, 9.5)"
    )
    assert [(c.name, c.function, c.parameters) for c in model.columns] == [
        ("count", "count", ()),
        ("lhist_count", "lhist", (-10, 1024, 2)),
        ("p99_count", "percentile", ("99",)),
        ("percentile_fd", "percentile", ("9.5",)),
    ]
    assert (model.every, model.reset, model.top, model.by) == (None, False, None, None)


def test_names_are_unique() -> None:
    model = model_of("aggregate sum(fd), sum(fd), count() as sum_fd")
    assert len(set(model.order)) == 3


def test_derived_columns_keep_their_place() -> None:
    model = model_of("aggregate count() as n, -n * 2 + 1ms as x, sum(fd) as s, s / n as mean")
    assert model.order == ("n", "x", "s", "mean")
    minus = ("-", ("number", 0), ("name", "n"))
    assert [(d.name, d.formula) for d in model.derived] == [
        ("x", ("+", ("*", minus, ("number", 2)), ("number", 1_000_000))),
        ("mean", ("/", ("name", "s"), ("name", "n"))),
    ]


def test_a_derived_column_may_use_those_before_it() -> None:
    model = model_of("aggregate count() as n, n * 2 as twice, twice - 1 as less")
    assert model.derived[1].formula == ("-", ("name", "twice"), ("number", 1))


@pytest.mark.parametrize(
    ("clause", "reset"), [("every 2s", True), ("every 2s reset", True), ("every 2s keep", False)]
)
def test_periods_start_afresh_unless_kept(clause: str, reset: bool) -> None:
    model = model_of(f"aggregate count() {clause}")
    assert (model.every, model.reset) == (2_000_000_000, reset)


def test_the_largest_rows() -> None:
    model = model_of("aggregate count() as n, sum(fd) as s top 5 by s")
    assert (model.top, model.by) == (5, "s")
    assert model_of("aggregate count() top 3").by is None


@pytest.mark.parametrize(
    ("clauses", "code", "marked"),
    [
        ("aggregate count", "T280", "count"),
        ("aggregate fd + 1", "T280", "fd + 1"),
        ("aggregate median(fd)", "T281", "median"),
        ("aggregate percentile(fd)", "T282", "percentile(fd)"),
        ("aggregate percentile(fd, 0)", "T283", "0"),
        ("aggregate percentile(fd, 100.1)", "T283", "100.1"),
        ("aggregate lhist(fd, 0, 10, 3)", "T283", "lhist(fd, 0, 10, 3)"),
        ("aggregate lhist(fd, 0, 10, 0)", "T283", "lhist(fd, 0, 10, 0)"),
        ("aggregate lhist(fd, 0, 1001, 1)", "T283", "lhist(fd, 0, 1001, 1)"),
        ("aggregate lhist(fd, 0, count, 1)", "T283", "count"),
        (
            "aggregate lhist(fd, 0, 9223372036854775808, 4611686018427387904)",
            "T283",
            "9223372036854775808",
        ),
        ("aggregate count() as n top 5 by m", "T284", "top 5 by m"),
        ("aggregate hist(fd) as h, h / 2", "T285", "h"),
        ("aggregate count() as n, n << 2", "T285", "n << 2"),
        ("aggregate count() as n, m * 2", "T285", "m"),
    ],
)
def test_mistakes(clauses: str, code: str, marked: str) -> None:
    with pytest.raises(DiagnosticError) as caught:
        model_of(clauses)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.primary is not None
    assert (diagnostic.code, diagnostic.primary.span.text) == (code, marked)
