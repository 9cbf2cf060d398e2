"""Aggregates: the maps a rule keeps instead of sending events, and the code that fills them."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from tracelang.dataclass import dataclass
from tracelang.decoders.protocol import Decoding
from tracelang.diagnostics import fail
from tracelang.plan import texts
from tracelang.plan.arithmetic import widen
from tracelang.plan.body import Body
from tracelang.plan.c_types import S64, U32, U64, CType
from tracelang.plan.code.aggregating import Accumulate, CountBucket, FindCell, KeyRoom, StoreKey
from tracelang.plan.code.values import Buffer, Convert, Helper, Home, Number, Value
from tracelang.plan.events import common_type, fit
from tracelang.plan.identifiers import Names
from tracelang.plan.ir import AggregatePlan, BucketMap, Column, Record, RuleOutput, ScratchField
from tracelang.plan.layout import HEADER, lay_out
from tracelang.semantic import types
from tracelang.semantic.aggregates import result_decoding
from tracelang.semantic.expressions import Builtin, Expression
from tracelang.semantic.model import BoundTarget, RuleModel
from tracelang.semantic.types import width

_LARGEST_STACK_KEY: Final = 64
_LARGEST_KEY: Final = 512
"""Bytes: a key is zeroed and hashed for every event."""

_POWERS: Final = 66
_LOG_LINEAR: Final = 4096
_TOGETHER: Final = 32
"""Buckets in an entry: what takes long is to find one, and to make room for each beforehand."""
_BUCKETED: Final = ("hist", "lhist", "percentile", "distinct")


@dataclass(frozen=True, slots=True)
class AggregateFields:
    """What a rule's key holds: (position among the captures, field, type) of each, and the plan."""

    plan: AggregatePlan
    stored: tuple[tuple[int, str, CType], ...]
    output: RuleOutput


def plan_aggregate(rule: RuleModel) -> AggregateFields:
    """Return what a rule keeps, and how it is shown."""
    model = rule.aggregate
    assert model is not None
    name = f"rule_{rule.number + 1}"
    names = Names(("epoch", "bucket", "n"))
    stored: list[tuple[int, str, CType]] = []
    captures = rule.bound[0].captures if rule.bound else ()
    for position, field in enumerate(captures):
        versions = tuple(replace(b.captures[position].value, decoding=None) for b in rule.bound)
        type_ = U32 if _is_target(versions[0]) else common_type(versions)
        stored.append((position, names.take(field.name), type_))
    header = (("epoch", U32),) if model.reset else ()
    fields = tuple((field, type_) for _, field, type_ in stored)
    key = lay_out(f"{name}_key", fields, header) if fields or header else None
    if key is not None and key.size > _LARGEST_KEY:
        raise fail(
            "T263",
            f"a key of {key.size:,} bytes is too large; the limit is {_LARGEST_KEY}",
            rule.span,
            help=["use shorter texts as keys: `--strlen N`, `str(x, N)`"],
        )
    values = rule.bound[0].values if rule.bound else (None,) * len(model.columns)
    signed = tuple(v is not None and width(v.type)[1] for v in values)
    columns = tuple(
        (c.name, c.function, c.parameters, s) for c, s in zip(model.columns, signed, strict=True)
    )
    plan = AggregatePlan(
        f"{name}_cells",
        key,
        _cell(name, columns),
        _buckets(name, columns, keyed=key is not None),
        columns,
        tuple((d.name, d.formula) for d in model.derived),
        model.order,
        model.every,
        model.reset,
        model.top,
        model.by,
        rule.sample,
        tuple(i for i, field in enumerate(captures) if isinstance(field.value.type, types.Stack)),
        len(rule.targets) if _is_target_alone(rule) and not model.reset else 0,
    )
    return AggregateFields(plan, tuple(stored), _output(rule, plan, stored, values))


def _is_target_alone(rule: RuleModel) -> bool:
    captures = rule.bound[0].captures if rule.bound else ()
    return len(captures) == 1 and _is_target(captures[0].value)


def _is_target(value: Expression) -> bool:
    return isinstance(value, Builtin) and value.name in ("func", "probe")


def _cell(name: str, columns: tuple[tuple[str, str, tuple[int | str, ...], bool], ...]) -> Record:
    fields: list[tuple[str, CType]] = [("n", U64)]
    for number, (_, function, _, signed) in enumerate(columns):
        type_ = S64 if signed else U64
        if function in ("sum", "avg", "stats"):
            # The sum's lower and upper half: it is exact however many large values there are.
            fields += [(f"sum_{number}", U64), (f"high_{number}", S64)]
        if function in ("min", "stats"):
            fields.append((f"min_{number}", type_))
        if function in ("max", "stats"):
            fields.append((f"max_{number}", type_))
        if function == "last":
            fields += [(f"at_{number}", U64), (f"last_{number}", type_)]
    return lay_out(f"{name}_cell", fields, ())


def _buckets(
    name: str, columns: tuple[tuple[str, str, tuple[int | str, ...], bool], ...], *, keyed: bool
) -> tuple[BucketMap, ...]:
    maps = []
    for number, (_, function, parameters, _) in enumerate(columns):
        if function not in _BUCKETED:
            continue
        size, bias = {"hist": (_POWERS, 1), "percentile": (_LOG_LINEAR, _LOG_LINEAR // 2)}.get(
            function, (0, 0)
        )
        if function == "lhist":
            low, high, step = (int(p) for p in parameters)
            size, bias = (high - low) // step + 2, 1
        distinct = function == "distinct"
        together = 1 if distinct else _TOGETHER
        map_ = f"{name}_buckets_{number}"
        maps.append(BucketMap(map_, number, keyed or distinct, size, bias, together))
    return tuple(maps)


def _output(
    rule: RuleModel,
    plan: AggregatePlan,
    stored: list[tuple[int, str, CType]],
    values: tuple[Expression | None, ...],
) -> RuleOutput:
    """Return how the rows are shown: the header every row has, the keys, then the columns."""
    captures = rule.bound[0].captures if rule.bound else ()
    shown = [
        Column(field.name, len(HEADER) + i, field.value.decoding or Decoding("int"))
        for i, field in enumerate(captures)
    ]
    model = rule.aggregate
    assert model is not None
    decodings = {c.name: result_decoding(c, v) for c, v in zip(model.columns, values, strict=True)}
    first = len(HEADER) + len(stored)
    for index, name in enumerate(plan.order):
        shown.append(Column(name, first + index, decodings.get(name, Decoding("number"))))
    fields = [(name, type_) for _, name, type_ in stored]
    names = Names(name for name, _ in (*HEADER, *fields))
    fields += [(names.take(name), S64) for name in plan.order]
    targets = tuple((t.probe, t.function) for t in rule.targets)
    record = lay_out(f"rule_{rule.number + 1}_row", fields)
    return RuleOutput(rule.number, record, tuple(shown), targets, aggregate=plan)


# --- Code -----------------------------------------------------------------------------------------


def fill_aggregate(
    rule: RuleModel,
    bound: BoundTarget,
    fields: AggregateFields,
    target: Value,
    body: Body,
    *,
    counted: bool,
) -> None:
    """Emit what works one event into the rule's maps; `counted` where a number of them ends it."""
    plan = fields.plan
    bucketed = any(b.keyed for b in plan.buckets)
    keyed = plan.key is not None and not plan.places
    if keyed or bucketed:
        _make_room(rule, plan, bucketed, body)
        _fill_key(rule, bound, fields, target, body)
    numbers = [None if v is None else body.value(v) for v in bound.values]
    place = target if plan.places else Number(0, U32)
    body.emit(FindCell(f"rule_{rule.number + 1}", rule.number, keyed, counted, place))
    for index, ((_, function, _, signed), number) in enumerate(
        zip(plan.columns, numbers, strict=True)
    ):
        if number is not None:
            _accumulate(index, function, widen(number, S64 if signed else U64), body)
    for bucket in plan.buckets:
        number = numbers[bucket.column]
        assert number is not None
        place = _bucket_number(plan.columns[bucket.column], number)
        kept = (bucket.keyed, bucket.bias, bucket.together)
        body.emit(CountBucket(bucket.name, place, rule.number, *kept))


def _fill_key(
    rule: RuleModel, bound: BoundTarget, fields: AggregateFields, target: Value, body: Body
) -> None:
    if fields.plan.reset:
        body.emit(StoreKey("epoch", Helper("current_epoch", (Number(rule.number, U32),), U32)))
    for position, name, type_ in fields.stored:
        value = bound.captures[position].value
        if _is_target(value):
            body.emit(StoreKey(name, target))
        elif type_.length:
            texts.fill(value, Buffer(name, type_.length, Home.KEY), body)
        else:
            body.emit(StoreKey(name, fit(body.value(value), type_)))


def _make_room(rule: RuleModel, plan: AggregatePlan, bucketed: bool, body: Body) -> None:
    size = (plan.key.size if plan.key is not None else 0) + (8 if bucketed else 0)
    memory = ""
    if size > _LARGEST_STACK_KEY:
        memory = body.names.take("key_room")
        body.scratch.append(ScratchField(memory, size))
    body.emit(KeyRoom(f"rule_{rule.number + 1}", memory, plan.key is not None, bucketed))


def _accumulate(index: int, function: str, value: Value, body: Body) -> None:
    for slot in ("sum", "min", "max"):
        if function in {"sum": ("sum", "avg", "stats"), "min": ("min", "stats")}.get(
            slot, ("max", "stats")
        ):
            body.emit(Accumulate(slot, f"{slot}_{index}", value))
    if function == "last":
        body.emit(Accumulate("set", f"at_{index}", body.value(Builtin(types.U64, "ts"))))
        body.emit(Accumulate("set", f"last_{index}", value))


def _bucket_number(column: tuple[str, str, tuple[int | str, ...], bool], number: Value) -> Value:
    _, function, parameters, signed = column
    value = widen(number, S64 if signed else U64)
    suffix = "s64" if signed else "u64"
    if function == "distinct":
        return Convert(value, S64)
    if function == "lhist":
        bounds = tuple(Number(int(p), S64) for p in parameters)
        return Helper(f"linear_bucket_{suffix}", (value, *bounds), S64)
    word = "power_bucket" if function == "hist" else "log_linear_bucket"
    return Helper(f"{word}_{suffix}", (value,), S64)
