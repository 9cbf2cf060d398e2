"""Events: the fields of a rule's records, how they are shown, and the code that fills them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from tracelang.dataclass import dataclass
from tracelang.decoders.protocol import Decoding
from tracelang.diagnostics import fail
from tracelang.plan import texts
from tracelang.plan.arithmetic import widen
from tracelang.plan.body import Body
from tracelang.plan.c_types import S64, U64, CType, byte_array, integer
from tracelang.plan.code.statements import Line, Store
from tracelang.plan.code.values import Buffer, Helper, Home, Value, Variable
from tracelang.plan.identifiers import Names
from tracelang.plan.ir import Column, Record, RuleOutput
from tracelang.plan.layout import HEADER, MOST_BYTES, TARGET_SLOT, TS_SLOT, lay_out
from tracelang.plan.pointers import stored_type
from tracelang.semantic.expressions import Builtin, Expression, TextAt
from tracelang.semantic.model import BoundTarget, CapturedField, RuleModel
from tracelang.semantic.types import Stack, Text, is_scalar

_LONG: Final = 256
"""Bytes from which on it pays to put an event together apart, and to send less of it."""


@dataclass(frozen=True, slots=True)
class EventFields:
    """What a rule's record holds; `slots` gives each shown value's index in a row."""

    record: Record
    stored: tuple[tuple[int, str, CType], ...]
    """(position among the shown values, field, type) of each value that is stored."""
    slots: tuple[int, ...]

    @classmethod
    def of(cls, rule: RuleModel) -> EventFields:
        """Return the fields of a rule's record; a value shown twice is stored once."""
        shown = _shown(rule.bound[0]) if rule.bound else ()
        names = Names(name for name, _ in HEADER)
        stored: list[tuple[int, str, CType]] = []
        holders: list[str | int] = []
        known: dict[tuple[Expression, ...], str] = {}
        for position, field in enumerate(shown):
            versions = tuple(replace(_shown(b)[position].value, decoding=None) for b in rule.bound)
            holder: str | int | None = _header_slot(field.value)
            if holder is None:
                holder = known.get(versions)
            if holder is None:
                holder = known[versions] = names.take(field.name)
                stored.append((position, holder, common_type(versions)))
            holders.append(holder)
        last = _largest_text(rule, stored)
        if last is not None:
            stored.append(stored.pop(last))
        fields = [(name, type_) for _, name, type_ in stored]
        record = lay_out(f"rule_{rule.number + 1}_event", fields, cut=last is not None)
        places = {name: len(HEADER) + n for n, (name, _) in enumerate(fields)}
        slots = [places[h] if isinstance(h, str) else h for h in holders]
        if record.size > MOST_BYTES:
            raise fail(
                "T262",
                f"an event of {record.size:,} bytes is too large; the limit is {MOST_BYTES:,}",
                rule.span,
                help=["capture fewer texts, or shorter ones: `--strlen N`, `str(x, N)`"],
            )
        return cls(record, tuple(stored), tuple(slots))

    def output(self, rule: RuleModel) -> RuleOutput:
        """Return how the rule's rows are shown."""
        targets = tuple((t.probe, t.function) for t in rule.targets)
        if not rule.bound:
            return RuleOutput(rule.number, self.record, (), targets, rule.format, ())
        columns = tuple(
            Column(field.name, slot, field.value.decoding or Decoding("int"))
            for field, slot in zip(_shown(rule.bound[0]), self.slots, strict=True)
        )
        count = len(rule.bound[0].captures)
        return RuleOutput(
            rule.number, self.record, columns[:count], targets, rule.format, columns[count:]
        )


def _largest_text(rule: RuleModel, stored: Sequence[tuple[int, str, CType]]) -> int | None:
    """Return which field is a text so long that what it does not take should not be sent.

    It is read somewhere in memory at every target, so that reading it tells its length.
    """
    long = [
        (type_.length, number)
        for number, (position, _, type_) in enumerate(stored)
        if type_.length >= _LONG
        and all(isinstance(_shown(b)[position].value, TextAt) for b in rule.bound)
    ]
    return max(long)[1] if long else None


def _shown(bound: BoundTarget) -> tuple[CapturedField, ...]:
    return (*bound.captures, *bound.arguments)


def _header_slot(value: Expression) -> int | None:
    """Return the slot of what every record has anyway."""
    if isinstance(value, Builtin) and value.name == "ts":
        return TS_SLOT
    if isinstance(value, Builtin) and value.name in ("func", "probe"):
        return TARGET_SLOT
    return None


def common_type(versions: tuple[Expression, ...]) -> CType:
    """Return the type that holds a value of every target; T237 where no column could show them."""
    kinds = [v.type for v in versions]
    texts_too = any(isinstance(t, Text) for t in kinds)
    if texts_too and any(is_scalar(t) for t in kinds):
        raise fail(
            "T237",
            "this is a text at some of the targets and a number at others",
            next((v.span for v in versions if v.span is not None), None),
            help=["write a rule for each, or leave out the targets where it is something else"],
        )
    if all(is_scalar(t) for t in kinds):
        scalars = [stored_type(t) for t in kinds]
        if len(set(scalars)) == 1:
            return scalars[0]
        size = max(s.size for s in scalars)
        signed = any(s.name.startswith("s") for s in scalars)
        if signed and any(s.size == size and s.name.startswith("u") for s in scalars):
            size = min(2 * size, 8)
        return integer(size, signed=signed)
    if all(isinstance(t, Stack) for t in kinds):
        return U64
    size = max(4 if is_scalar(v.type) else texts.stored_size(v) for v in versions)
    return byte_array(size, text=texts_too)


def fill_event(bound: BoundTarget, fields: EventFields, body: Body, file: str) -> Variable | None:
    """Emit what puts one target's values into the event.

    Returns the length of the text at its end, where only what there is of it is sent.
    """
    shown = _shown(bound)
    length = Variable(body.names.take("length"), S64) if fields.record.cut else None
    last = fields.record.fields[-1].name
    line = 0
    for position, name, type_ in fields.stored:
        value = shown[position].value
        if value.span is not None and value.span.source.name == file and value.span.line != line:
            line = value.span.line
            body.emit(Line(file, line))
        buffer = Buffer(name, type_.length, Home.EVENT)
        if type_.length and length is not None and name == last:
            texts.fill_known_text(value, buffer, body, length)
        elif type_.length:
            texts.fill(value, buffer, body)
        else:
            body.emit(Store(name, fit(body.value(value), type_)))
    return length


def fit(value: Value, type_: CType) -> Value:
    """Return the value ready to be stored: a pointer as a number."""
    if value.type.name.endswith("*"):
        return Helper("address", (value,), U64)
    if type_.size == 8 and value.type.size < 8:
        return widen(value, type_)
    return value
