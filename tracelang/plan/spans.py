"""Spans: the programs that remember starts, and the ends that find them again."""

from __future__ import annotations

from typing import Final

from tracelang.diagnostics import fail
from tracelang.plan import conditions, texts
from tracelang.plan.body import Body
from tracelang.plan.c_types import U32, U64, CType
from tracelang.plan.code.statements import (
    FinishSpan,
    ForgetStart,
    KeepStart,
    SpanKey,
    StartRoom,
    StoreStart,
)
from tracelang.plan.code.values import Buffer, Helper, Home, Number, Operation, StartMember, Value
from tracelang.plan.events import common_type, fit
from tracelang.plan.ir import Record, ScratchField, SpanPlan
from tracelang.plan.layout import lay_out
from tracelang.plan.values import stored_name, widen
from tracelang.semantic.expressions import Expression
from tracelang.semantic.model import RuleModel, SpanStart

_LARGEST: Final = 8_192
"""Bytes one pending span may take: thousands of them wait at once."""

START_TARGET: Final = StartMember("target", U32)
"""Which target a span started at: it is the one that is shown."""


def plan_span(rule: RuleModel) -> SpanPlan:
    """Return what a span rule keeps in the kernel (T264 when it is too much)."""
    assert rule.pairing is not None
    count = len(rule.pairing.starts[0].stored) if rule.pairing.starts else 0
    fields: list[tuple[str, CType]] = []
    for index in range(count):
        versions = tuple(start.stored[index] for start in rule.pairing.starts)
        fields.append((stored_name(index), common_type(versions)))
    header = (("ts", U64), ("target", U32))
    start = lay_out(f"rule_{rule.number + 1}_start", fields, header)
    if start.size > _LARGEST:
        raise fail(
            "T264",
            f"a span would have to remember {start.size:,} bytes; the limit is {_LARGEST:,}",
            rule.span,
            help=["capture fewer or shorter texts of its start: `--strlen N`, `str(x, N)`"],
        )
    keys = len(rule.pairing.starts[0].keys) if rule.pairing.starts else 0
    return SpanPlan(rule.number, keys, rule.pairing.nested, start)


def start_span(
    rule: RuleModel, start: SpanStart, record: Record, target: Value, body: Body
) -> None:
    """Emit what remembers the start of a span."""
    name = _name(rule)
    if start.when is not None:
        conditions.guard(start.when, body)
    _key(rule, start.keys, body, starting=True, counted=False)
    memory = body.names.take("start_room")
    body.scratch.append(ScratchField(memory, record.size))
    body.emit(StartRoom(name, memory))
    body.emit(StoreStart("target", target))
    types = {field.name: field.type for field in record.fields}
    for index, expr in enumerate(start.stored):
        field = stored_name(index)
        if types[field].length:
            texts.fill(expr, Buffer(field, types[field].length, Home.START), body)
        else:
            body.emit(StoreStart(field, fit(body.value(expr), types[field])))
    body.emit(StoreStart("ts", Helper("now", (), U64)))
    body.emit(KeepStart(name, rule.number))


def cancel_span(rule: RuleModel, leg: SpanStart, body: Body) -> None:
    """Emit what forgets a pending start."""
    if leg.when is not None:
        conditions.guard(leg.when, body)
    _key(rule, leg.keys, body, starting=False, counted=False)
    body.emit(ForgetStart(_name(rule), rule.number))


def find_start(
    rule: RuleModel,
    when: Expression | None,
    keys: tuple[Expression, ...],
    program: str,
    target: Value,
    counted: bool,
    body: Body,
) -> None:
    """Emit what finds the start a span's end belongs to, and finishes it."""
    assert rule.pairing is not None
    if when is not None:
        conditions.guard(when, body)
    _key(rule, keys, body, starting=False, counted=counted)
    # Returns follow the entries, in one order.
    entries = Number(len(rule.targets) // 2, U32)
    entry = Operation("-", target, entries, U32) if rule.pairing.nested else None
    body.emit(FinishSpan(_name(rule), program, rule.number, counted, entry))


def _key(
    rule: RuleModel, keys: tuple[Expression, ...], body: Body, *, starting: bool, counted: bool
) -> None:
    assert rule.pairing is not None
    values = tuple(widen(body.value(key), U64) for key in keys)
    nested = rule.pairing.nested
    body.emit(SpanKey(_name(rule), values, nested, starting, rule.number, counted))


def _name(rule: RuleModel) -> str:
    return f"rule_{rule.number + 1}"
