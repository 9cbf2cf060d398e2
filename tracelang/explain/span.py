"""How a span's two sides find each other, in words, and what the start remembers."""

from __future__ import annotations

from collections.abc import Iterator

from tracelang.explain.reads import describe_reads
from tracelang.semantic.expressions import Expression
from tracelang.semantic.model import BoundTarget, RuleModel, SpanLeg


def describe_span(rule: RuleModel) -> Iterator[str]:
    """Yield where it starts, ends and is forgotten, by which keys, and what is remembered."""
    if rule.pairing is None:
        return
    if rule.pairing.nested:
        nesting = ", however deep the calls nest" if rule.pairing.deep else ""
        yield f"an entry with its own return, on one thread{nesting}"
    for start in rule.pairing.starts:
        yield _leg("starts at", rule, start)
        for expr in start.stored:
            yield f"    remembers {_text(expr)} ({expr.type}), read from {describe_reads(expr)}"
    for leg in rule.pairing.legs:
        yield _leg(f"passes `{leg.label}` at", rule, leg)
        for expr in leg.stored:
            yield f"    remembers {_text(expr)} ({expr.type}), read from {describe_reads(expr)}"
    for end in rule.bound:
        yield _leg("ends at", rule, end)
    for cancel in rule.pairing.cancels:
        yield _leg("is forgotten at", rule, cancel)


def _leg(verb: str, rule: RuleModel, leg: SpanLeg | BoundTarget) -> str:
    first = rule.targets[leg.targets[0]].probe
    more = f" and {len(leg.targets) - 1:,} more" if len(leg.targets) > 1 else ""
    keys = ", ".join(_text(key) for key in leg.keys)
    by = f", by {keys}" if keys else ""
    when = f", when {_text(leg.when)}" if leg.when is not None else ""
    return f"{verb} {first}{more}{by}{when}"


def _text(expr: Expression) -> str:
    if expr.span is None:
        return "tid"  # what pairs events where no key is written
    return " ".join(expr.span.text.split())
