"""Spans: the programs that remember starts, and the ends that find them again."""

from __future__ import annotations

from itertools import zip_longest
from typing import Final

from tracelang.diagnostics import fail
from tracelang.plan import conditions, texts
from tracelang.plan.arithmetic import widen
from tracelang.plan.body import Body
from tracelang.plan.c_types import U32, U64, CType
from tracelang.plan.code.spanning import (
    ClearStart,
    CountSkipped,
    FindStart,
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
from tracelang.plan.threads import thread_parts
from tracelang.plan.values import stage_of, stored_name
from tracelang.semantic import types
from tracelang.semantic.expressions import Builtin, Expression
from tracelang.semantic.model import RuleModel, SpanLeg
from tracelang.semantic.sides import TIME

_LARGEST: Final = 8_192
"""Bytes one pending span may take: thousands of them wait at once."""

THREAD: Final = Builtin(types.U32, "tid")
"""What pairs the two sides of a span that names no keys."""

START_TARGET: Final = StartMember("target", U32)
"""Which target a span started at: it is the one that is shown."""


def plan_span(rule: RuleModel) -> SpanPlan:
    """Return what a span rule keeps in the kernel (T264 when it is too much)."""
    pairing = rule.pairing
    assert pairing is not None
    fields: list[tuple[str, CType]] = _remembered(pairing.starts, 0)
    for stage in range(1, pairing.stages + 1):
        fields.append((stored_name(TIME, stage), U64))
        fields += _remembered(tuple(leg for leg in pairing.legs if leg.stage == stage), stage)
    header = (("ts", U64), ("target", U32))
    start = lay_out(f"rule_{rule.number + 1}_start", fields, header)
    if start.size > _LARGEST:
        raise fail(
            "T264",
            f"a span would have to remember {start.size:,} bytes; the limit is {_LARGEST:,}",
            rule.span,
            help=["capture fewer or shorter texts of its start: `--strlen N`, `str(x, N)`"],
        )
    keys = 1 if pairing.nested else len(pairing.starts[0].keys) if pairing.starts else 0
    return SpanPlan(rule.number, keys, pairing.deep, start)


def _remembered(legs: tuple[SpanLeg, ...], stage: int) -> list[tuple[str, CType]]:
    """Return the fields that hold what any of a side's legs remembers."""
    columns = zip_longest(*(leg.stored for leg in legs))
    return [
        (stored_name(index, stage), common_type(tuple(v for v in values if v is not None)))
        for index, values in enumerate(columns)
    ]


# --- Threads --------------------------------------------------------------------------------------


def stays_on_thread(rule: RuleModel, keys: tuple[Expression, ...]) -> bool:
    """Tell whether a side of a span with these keys is on the same thread as the others."""
    return rule.pairing is not None and (rule.pairing.nested or keys == (THREAD,))


def span_guards(rule: RuleModel) -> tuple[Expression, ...]:
    """Return the parts of a span's `where` that only look at which thread it is on.

    Both sides judge them first: spans of other threads are not even begun.
    """
    ends = [end for end in rule.bound if stays_on_thread(rule, end.keys)]
    if not ends or len(ends) < len(rule.bound):
        return ()
    parts = [thread_parts(end.where) for end in ends]
    return tuple(part for part in parts[0] if all(part in others for others in parts))


# --- Programs -------------------------------------------------------------------------------------


def start_span(rule: RuleModel, start: SpanLeg, plan: SpanPlan, target: Value, body: Body) -> None:
    """Emit what remembers the start of a span."""
    name = _name(rule)
    if start.when is not None:
        conditions.guard(start.when, body)
    _key(rule, start.keys, body, starting=True, counted=False)
    memory = body.names.take("start_room")
    body.scratch.append(ScratchField(memory, plan.start.size))
    body.emit(StartRoom(name, memory))
    body.emit(StoreStart("target", target))
    _store(start, plan.start, body)
    _clear_after(0, plan.start, body)
    body.emit(StoreStart("ts", Helper("now", (), U64)))
    body.emit(KeepStart(name, rule.number))


def reach_stage(rule: RuleModel, leg: SpanLeg, plan: SpanPlan, body: Body) -> None:
    """Emit what takes a pending span to a stage; later stages have yet to come after it."""
    if leg.when is not None:
        conditions.guard(leg.when, body)
    _key(rule, leg.keys, body, starting=False, counted=False)
    body.emit(FindStart(_name(rule)))
    _store(leg, plan.start, body)
    _clear_after(leg.stage, plan.start, body)
    body.emit(StoreStart(stored_name(TIME, leg.stage), Helper("now", (), U64)))


def _store(leg: SpanLeg, record: Record, body: Body) -> None:
    """Emit what puts a leg's values away."""
    types = {field.name: field.type for field in record.fields}
    for index, expr in enumerate(leg.stored):
        field = stored_name(index, leg.stage)
        if types[field].length:
            texts.fill(expr, Buffer(field, types[field].length, Home.START), body)
        else:
            body.emit(StoreStart(field, fit(body.value(expr), types[field])))


def _clear_after(stage: int, record: Record, body: Body) -> None:
    """Emit what empties the fields of all later stages."""
    for field in record.fields:
        if stage_of(field.name) <= stage:
            continue
        if field.type.length:
            buffer = Buffer(field.name, field.type.length, Home.START)
            body.emit(ClearStart(buffer, field.type.name == "char"))
        else:
            body.emit(StoreStart(field.name, Number(0, field.type)))


def count_skipped(rule: RuleModel, body: Body) -> None:
    """Emit what counts a span that ends without having been at each of its stages."""
    assert rule.pairing is not None
    times = tuple(stored_name(TIME, stage + 1) for stage in range(rule.pairing.stages))
    body.emit(CountSkipped(times, rule.number))


def cancel_span(rule: RuleModel, leg: SpanLeg, body: Body) -> None:
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
    deep = rule.pairing.deep
    # Returns follow the entries, in one order.
    entries = len(rule.targets) // 2
    several = rule.pairing.nested and (deep or entries > 1)
    entry = Operation("-", target, Number(entries, U32), U32) if several else None
    body.emit(FinishSpan(_name(rule), program, rule.number, counted, entry, deep))


def _key(
    rule: RuleModel, keys: tuple[Expression, ...], body: Body, *, starting: bool, counted: bool
) -> None:
    assert rule.pairing is not None
    pairing = rule.pairing
    if pairing.nested and not pairing.deep:
        keys = (THREAD,)
    values = tuple(widen(body.value(key), U64) for key in keys)
    body.emit(SpanKey(_name(rule), values, pairing.deep, starting, rule.number, counted))


def _name(rule: RuleModel) -> str:
    return f"rule_{rule.number + 1}"
