"""Rows of aggregates: what was counted for each key, as its columns, sorted."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from tracelang.plan.ir import AggregatePlan, RuleOutput
from tracelang.runtime.aggregates.buckets import linear_buckets, percentile, power_buckets

Row = tuple[Any, ...]


@dataclass(slots=True)
class Group:
    """One key's numbers, all CPUs together."""

    cell: dict[str, int] = field(default_factory=dict)
    buckets: dict[int, dict[int, int]] = field(default_factory=dict)


def rows_of(output: RuleOutput, groups: Mapping[Row, Group], ts: int) -> list[Row]:
    """Return the rows of an aggregate as read at `ts`, sorted and no more than are wanted."""
    plan = output.aggregate
    assert plan is not None
    # Equal rows keep the order of their keys: a hash has none.
    rows = [(ts, output.rule, 0, *key, *_results(plan, groups[key])) for key in sorted(groups)]
    index = plan.order.index(plan.by) if plan.by is not None else 0
    rows.sort(key=lambda row: _weight(row[len(row) - len(plan.order) + index]), reverse=True)
    return rows[: plan.top] if plan.top is not None else rows


def _results(plan: AggregatePlan, group: Group) -> Row:
    """Return what is shown of a group, in order."""
    results: dict[str, Any] = {}
    for index, (name, function, parameters, _) in enumerate(plan.columns):
        buckets = group.buckets.get(index, {})
        results[name] = _result(function, parameters, index, group.cell, buckets)
    for name, formula in plan.derived:
        results[name] = evaluate(formula, results)
    return tuple(results[name] for name in plan.order)


def _result(
    function: str,
    parameters: tuple[int | str, ...],
    index: int,
    cell: dict[str, int],
    buckets: dict[int, int],
) -> Any:
    match function:
        case "count":
            return cell["n"]
        case "sum" | "min" | "max" | "last":
            return cell[f"{function}_{index}"]
        case "avg":
            return _exact_or_fraction(cell[f"sum_{index}"], cell["n"])
        case "stats":
            average = _exact_or_fraction(cell[f"sum_{index}"], cell["n"])
            low, high = cell[f"min_{index}"], cell[f"max_{index}"]
            return {
                "count": cell["n"],
                "avg": average,
                "min": low,
                "max": high,
                "sum": cell[f"sum_{index}"],
            }
        case "distinct":
            return len(buckets)
        case "percentile":
            return _percentile(buckets, str(parameters[0]))
        case "lhist":
            low, high, step = (int(p) for p in parameters)
            return linear_buckets(buckets, low, high, step)
    return power_buckets(buckets)


def _weight(value: Any) -> int | float:
    """Return what a row is sorted by: a histogram counts as its events."""
    if isinstance(value, tuple):
        return sum(int(bucket[2]) for bucket in value)
    if isinstance(value, dict):
        return int(value["count"])
    return value if isinstance(value, int | float) else -math.inf


def _percentile(buckets: Mapping[int, int], rank: str) -> int | None:
    from fractions import Fraction  # late: few scripts ask for percentiles

    return percentile(buckets, Fraction(rank))


# --- Derived columns ------------------------------------------------------------------------------


def _exact_or_fraction(dividend: float, divisor: float) -> float:
    """Divide; whole results of integers stay exact whatever their size."""
    both = isinstance(dividend, int) and isinstance(divisor, int)
    return dividend // divisor if both and not dividend % divisor else dividend / divisor


def _remainder(dividend: float, divisor: float) -> float:
    """Return what division towards zero leaves, as in the kernel: it has the dividend's sign."""
    rest = abs(dividend) % abs(divisor)
    return -rest if dividend < 0 else rest


_ARITHMETIC: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": _exact_or_fraction,
    "%": _remainder,
}


def evaluate(formula: tuple[Any, ...], values: Mapping[str, Any]) -> Any:
    """Return a derived column's value; None where it divides by zero."""
    match formula:
        case ("number", number):
            return number
        case ("name", name):
            return values[name]
        case (symbol, left, right):
            a, b = evaluate(left, values), evaluate(right, values)
            if a is None or b is None or (symbol in ("/", "%") and b == 0):
                return None
            return _ARITHMETIC[symbol](a, b)
    raise AssertionError(formula)
