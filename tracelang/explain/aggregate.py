"""What a rule that aggregates keeps in the kernel, in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tracelang.explain.layout import table
from tracelang.explain.reads import describe_reads
from tracelang.semantic.model import AggregateModel, RuleModel

_SECOND: Final = 10**9


def describe_aggregate(rule: RuleModel) -> Iterator[str]:
    """Yield the keys, what is summarised of what, and when it is shown."""
    aggregate = rule.aggregate
    if aggregate is None or not rule.bound:
        return
    bound = rule.bound[0]
    rows = [(k.name, "key", str(k.value.type), describe_reads(k.value)) for k in bound.captures]
    for column, value in zip(aggregate.columns, bound.values, strict=True):
        parameters = "".join(f", {p}" for p in column.parameters)
        of = ("", "nothing") if value is None else (str(value.type), describe_reads(value))
        rows.append((column.name, f"{column.function}{parameters}", *of))
    rows += [(d.name, "worked out when shown", "", "") for d in aggregate.derived]
    yield from table([("column", "what", "type", "read from"), *rows])
    yield _describe_showing(aggregate)


def _describe_showing(aggregate: AggregateModel) -> str:
    when = "shown at the end"
    if aggregate.every is not None:
        afresh = "starting afresh each time" if aggregate.reset else "carrying on"
        when = f"shown every {aggregate.every / _SECOND:g} s, {afresh}"
    if aggregate.top is not None:
        by = f" by {aggregate.by}" if aggregate.by else ""
        when += f"; the {aggregate.top:,} largest{by}"
    return f"({when})"
