"""One rule in words: what it attaches to, what it keeps, and what its events hold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from tracelang.dataclass import dataclass
from tracelang.explain.aggregate import describe_aggregate
from tracelang.explain.layout import indent, repr_format, table
from tracelang.explain.reads import describe_reads
from tracelang.explain.span import describe_span
from tracelang.explain.targets import describe_how, explain_choice
from tracelang.plan.spans import span_guards
from tracelang.semantic.expressions import Expression, Logical
from tracelang.semantic.model import CapturedField, RuleModel
from tracelang.source import Span
from tracelang.syntax import ast

if TYPE_CHECKING:
    from tracelang.decoders.protocol import Decoder
    from tracelang.kernel.view import KernelView
    from tracelang.plan.ir import Column, RuleOutput
    from tracelang.registry import Registry

_MOST_TARGETS: Final = 8
_WIDEST_LINE: Final = 94
_HEADER_BYTES: Final = 16
"""What every event begins with: time, rule and target."""


@dataclass(frozen=True, slots=True)
class RuleText:
    """A rule at all its stages: as written, as it is meant, and as it is shown."""

    written: ast.ProbeRule | ast.SpanRule
    model: RuleModel
    output: RuleOutput


@dataclass(frozen=True, slots=True)
class Explainer:
    """What rules are explained with."""

    kernel: KernelView
    decoders: Registry[Decoder]
    prefer: str

    def explain(self, rule: RuleText) -> Iterator[str]:
        """Yield the lines about one rule."""
        yield from indent("attached to", self._targets(rule.model))
        yield from indent("though asked for first", _passed_over(rule))
        yield from indent("pairs its events", describe_span(rule.model))
        several = len(rule.model.bound) > 1
        one = f" (as seen on {_first_probe(rule.model)})" if several else ""
        yield from indent(f"keeps an event when{one}", _conditions(rule))
        yield from indent("passes on", _pace(rule.model))
        if rule.model.aggregate is not None:
            yield from indent(
                "keeps in the kernel, for each processor", describe_aggregate(rule.model)
            )
            return
        yield from self._event(rule)
        if rule.output.format is not None:
            yield from indent("shown by the format", [repr_format(rule.output.format)])
        elif rule.output.columns:
            yield from indent("shown as", ["a table, a column for each field"])

    # --- Targets -------------------------------------------------------------------------------

    def _targets(self, rule: RuleModel) -> Iterator[str]:
        live = {index for bound in rule.bound for index in bound.targets}
        if rule.pairing is not None:
            legs = (*rule.pairing.starts, *rule.pairing.legs, *rule.pairing.cancels)
            live |= {index for leg in legs for index in leg.targets}
        shown = rule.targets[:_MOST_TARGETS]
        width = max(len(t.probe) for t in shown) + 2
        in_columns = width + max(len(describe_how(t)) for t in shown) <= _WIDEST_LINE
        margin = " " * (width if in_columns else 4)
        last = ""
        for index, target in enumerate(shown):
            never = "" if index in live else " (not attached: `where` is never true here)"
            how = describe_how(target) + never
            yield from (
                [f"{target.probe:<{width}}{how}"] if in_columns else [target.probe, margin + how]
            )
            why = explain_choice(target, self.kernel, self.prefer)
            if why and why != last:
                yield margin + why
            last = why
            yield from (margin + note for note in target.notes)
        if len(rule.targets) > len(shown):
            yield f"… and {len(rule.targets) - len(shown):,} more: `tracelang list` shows them"
        if len(rule.bound) > 1:
            yield f"{len(rule.bound)} programs, as the targets differ in kind or fields"

    # --- The event -----------------------------------------------------------------------------

    def _event(self, rule: RuleText) -> Iterator[str]:
        record = rule.output.record
        if not rule.model.bound:
            return
        head = f"sends an event of {'up to ' if record.cut else ''}{record.size:,} bytes"
        if len(rule.model.bound) > 1:
            head += f" (as read on {_first_probe(rule.model)})"
        bound = rule.model.bound[0]
        captured = list(zip(bound.captures, rule.output.columns, strict=True))
        printed = zip(bound.arguments, rule.output.arguments, strict=True)
        # What is captured and printed in the same way is one field.
        known = {(column.slot, column.decoding) for _, column in captured}
        pairs = [*captured, *((f, c) for f, c in printed if (c.slot, c.decoding) not in known)]
        rows = [self._row(field, column, rule.output) for field, column in pairs]
        yield from indent(head, table([("field", "type", "bytes", "read from", "shown as"), *rows]))
        yield f"      ({_HEADER_BYTES} of the bytes are the time, the rule and the target)"

    def _row(
        self, field: CapturedField, column: Column, output: RuleOutput
    ) -> tuple[str, str, str, str, str]:
        place = output.record.fields[column.slot]
        in_header = place.offset + place.type.size <= _HEADER_BYTES
        decoder = self.decoders.get(column.decoding.decoder)
        shown = decoder.summary if decoder is not None else column.decoding.decoder
        # What is only printed has no name of its own.
        printed = field.value.span if field.name.startswith("print_") else None
        return (
            _text(printed) if printed is not None else field.name,
            str(field.value.type),
            "(header)" if in_header else str(place.type.size),
            describe_reads(field.value),
            shown,
        )


def _first_probe(rule: RuleModel) -> str:
    return rule.targets[rule.bound[0].targets[0]].probe


def _passed_over(rule: RuleText) -> Iterator[str]:
    """Yield the alternatives of an `or` that this kernel does not have."""
    taken = {t.span for t in rule.model.targets}
    legs = rule.written.legs if isinstance(rule.written, ast.SpanRule) else ()
    for choice in (*rule.written.targets, *(c for leg in legs for c in leg.targets)):
        for option in choice.options:
            if option.span in taken:
                break
            yield f"{option}: not on this kernel"


def _pace(rule: RuleModel) -> Iterator[str]:
    if rule.sample is not None:
        yield f"{rule.sample[0]} of each {rule.sample[1]:,} events, chosen in the kernel"
    if rule.limit is not None:
        yield f"at most {rule.limit:,} events a second; the rest are counted and reported"


# --- Conditions --------------------------------------------------------------------------------


def _conditions(rule: RuleText) -> Iterator[str]:
    where = next((c for c in rule.written.clauses if isinstance(c, ast.Where)), None)
    if where is None:
        return
    if not rule.model.bound:
        yield "(never: what it asks is never true)"
        return
    bound = rule.model.bound[0]
    typed = list(_conjuncts(bound.where)) if bound.where is not None else []
    written = list(_written(where.condition))
    first = span_guards(rule.model)
    if all(any(_within(t.span, w.span) for w in written) for t in typed):
        for part in written:
            own = [t for t in typed if _within(t.span, part.span)]
            yield from _condition(_text(part.span), own, first)
    else:
        for one in typed:
            yield from _condition(_text(one.span) if one.span else "(a part)", [one], first)
        if not typed:
            yield "(always: it is true already when the program is made)"


def _condition(
    text: str, parts: Sequence[Expression], first: Sequence[Expression]
) -> Iterator[str]:
    """Yield a condition and where it is judged; `first` are judged before a span begins."""
    yield text
    if parts:
        reads = dict.fromkeys(describe_reads(part) for part in parts)
        before = ", before the span begins" if all(part in first for part in parts) else ""
        yield f"    judged in the kernel{before}; reads {', then '.join(reads)}"
    else:
        yield "    true already when the program is made: costs nothing"


def _conjuncts(expression: Expression) -> Iterator[Expression]:
    if isinstance(expression, Logical) and expression.operator == "and":
        yield from _conjuncts(expression.left)
        yield from _conjuncts(expression.right)
    else:
        yield expression


def _written(expression: ast.Expr) -> Iterator[ast.Expr]:
    if isinstance(expression, ast.Binary) and expression.operator == "and":
        yield from _written(expression.left)
        yield from _written(expression.right)
    else:
        yield expression


def _within(inner: Span | None, outer: Span) -> bool:
    return (
        inner is not None
        and inner.source == outer.source
        and outer.start <= inner.start
        and inner.end <= outer.end
    )


def _text(span: Span) -> str:
    return " ".join(span.text.split())
