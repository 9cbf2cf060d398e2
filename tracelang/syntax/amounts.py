"""Numbers that clauses want in a particular form: whole, positive, with a unit."""

from __future__ import annotations

from lark import Token

from tracelang.diagnostics import fail
from tracelang.source import Span
from tracelang.syntax.ast import Duration, Integer
from tracelang.syntax.literals import read_number


def read_count(span: Span, what: str) -> int:
    """Return the whole number of at least 1 at `span`; T121 if it is something else.

    `what` says in the message what is counted, with its keyword: "`top` counts rows".
    """
    literal = read_number(span)
    if not isinstance(literal, Integer) or literal.value < 1:
        raise fail("T121", f"{what}: a whole number of at least 1", span)
    return literal.value


def read_period(span: Span, keyword: str) -> Duration:
    """Return the duration at `span`; T114 if it has no unit, T121 if it is zero."""
    literal = read_number(span)
    if isinstance(literal, Integer):
        raise fail(
            "T114",
            f"`{keyword}` wants a time, and `{span.text}` has no unit",
            span,
            help=[f"write `{keyword} {span.text}s` for seconds; the units are ns us ms s m h d"],
        )
    if not isinstance(literal, Duration):
        raise fail("T114", f"`{span.text}` is not a time", span, help=[f"write `{keyword} 10s`"])
    if literal.nanoseconds == 0:
        raise fail("T121", f"`{keyword}` wants a time longer than 0", span)
    return literal


def read_sample(keep: Span, of: Span) -> tuple[int, int]:
    """Return both numbers of `sample N in M`; T121 unless 1 ≤ N ≤ M."""
    kept, total = (read_count(span, "`sample` keeps so many of so many") for span in (keep, of))
    if kept > total:
        raise fail(
            "T121",
            f"{kept} of each {total} events cannot be kept",
            keep.to(of),
            help=[f"write `sample {total} in {kept}`"],
        )
    return kept, total


def read_rate(number: Span, unit: Token | None, whole: Span) -> int:
    """Return the events a second of `limit N/s`; T114 without the `/s`."""
    count = read_count(number, "`limit` passes so many events a second")
    if unit != "s":
        raise fail(
            "T114",
            "`limit` is a rate, in events a second",
            whole,
            help=[
                f"write `limit {count}/s`",
                f"to end after {count} events in all, write `stop after {count} events`",
            ],
        )
    return count
