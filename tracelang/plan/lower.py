"""Lowering: from the typed model to the Plan."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from tracelang.decoders.protocol import Decoding
from tracelang.diagnostics import fail
from tracelang.mechanism import Mechanism
from tracelang.plan import conditions, texts, values
from tracelang.plan.body import Body
from tracelang.plan.c_types import U32, U64, CType, byte_array, integer
from tracelang.plan.code import (
    Buffer,
    Guard,
    Helper,
    Home,
    Limit,
    Line,
    Prefix,
    Reserve,
    Sample,
    Select,
    Store,
    Submit,
    Value,
    Variable,
)
from tracelang.plan.expressions import Lowering
from tracelang.plan.identifiers import Names
from tracelang.plan.ir import (
    Attachment,
    Column,
    FollowPlan,
    Plan,
    Program,
    Record,
    RuleOutput,
    Selection,
)
from tracelang.plan.layout import HEADER, MOST_BYTES, TARGET_SLOT, TS_SLOT, lay_out
from tracelang.plan.pointers import CONDITION, stored_type
from tracelang.plan.processes import ProcessFilter, filter_processes
from tracelang.plan.structs import Structs
from tracelang.semantic import types
from tracelang.semantic.model import (
    BoundTarget,
    Builtin,
    CapturedField,
    Expression,
    ResolvedTarget,
    RuleModel,
    ScriptModel,
)
from tracelang.semantic.types import Text, is_scalar

_CONTEXTS: Final = {
    Mechanism.KPROBE: "struct pt_regs",
    Mechanism.KRETPROBE: "struct pt_regs",
    Mechanism.UPROBE: "struct pt_regs",
    Mechanism.URETPROBE: "struct pt_regs",
    Mechanism.FENTRY: "u64",
    Mechanism.FEXIT: "u64",
    Mechanism.RAW_TRACEPOINT: "u64",
    Mechanism.RUN: "u64",
    Mechanism.PERF_EVENT: "void",
}
_ANY_PROCESS: Final = ProcessFilter()


@dataclass(frozen=True, slots=True)
class LowerOptions:
    """What the command line decides about the programs.

    `transport` is `ring` or `perf`: how events leave the kernel.
    """

    name: str
    processes: ProcessFilter = _ANY_PROCESS
    transport: str = "ring"
    follow: FollowPlan | None = None


def lower_script(model: ScriptModel, options: LowerOptions) -> Plan:
    """Return the Plan of a script. Raises T262 for an event too large to send."""
    structs = Structs()
    programs: list[Program] = []
    attachments: list[Attachment] = []
    outputs: list[RuleOutput] = []
    selections: list[Selection] = []
    for rule in model.rules:
        fields = _RuleFields.of(rule)
        outputs.append(fields.output(rule))
        for number, bound in enumerate(rule.bound):
            name = f"rule_{rule.number + 1}" + (f"_{number + 1}" if len(rule.bound) > 1 else "")
            lowered = _lower_program(name, rule, bound, fields, structs, model, options)
            programs.append(lowered)
            attachments.extend(_attachments(name, rule, bound))
            selections.extend(_selections(name, rule, bound))
    return Plan(
        options.name,
        tuple(programs),
        tuple(o.record for o in outputs),
        structs.declarations(),
        tuple(attachments),
        tuple(outputs),
        options.follow,
        options.transport,
        model.stop_after,
        model.stop_events,
        tuple(r.limit for r in model.rules),
        tuple(r.sample for r in model.rules),
        tuple(selections),
    )


def _attachments(program: str, rule: RuleModel, bound: BoundTarget) -> list[Attachment]:
    """Return where a program is attached: once where it selects its targets, else for each."""
    first = rule.targets[bound.targets[0]]
    if first.selector is not None:
        return [Attachment(program, first.mechanism, first.place, bound.targets[0])]
    return [
        Attachment(
            program,
            rule.targets[index].mechanism,
            rule.targets[index].place,
            index,
            rule.targets[index].offset,
            rule.targets[index].perf,
            rule.targets[index].semaphore,
        )
        for index in bound.targets
    ]


# --- Fields ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _RuleFields:
    """What a rule's record holds; `slots` gives each shown value's index in a row."""

    record: Record
    stored: tuple[tuple[int, str, CType], ...]
    """(position among the shown values, field, type) of each value that is stored."""
    slots: tuple[int, ...]

    @classmethod
    def of(cls, rule: RuleModel) -> _RuleFields:
        shown = _shown(rule.bound[0]) if rule.bound else ()
        names = Names(name for name, _ in HEADER)
        fields: list[tuple[str, CType]] = []
        stored: list[tuple[int, str, CType]] = []
        slots: list[int] = []
        known: dict[tuple[Expression, ...], int] = {}
        for position, field in enumerate(shown):
            versions = tuple(replace(_shown(b)[position].value, decoding=None) for b in rule.bound)
            slot = _header_slot(field.value)
            if slot is None and versions in known:
                slot = known[versions]
            if slot is None:
                type_ = _common_type(versions)
                name = names.take(field.name)
                slot = known[versions] = len(HEADER) + len(fields)
                fields.append((name, type_))
                stored.append((position, name, type_))
            slots.append(slot)
        record = lay_out(f"rule_{rule.number + 1}_event", fields)
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


def _shown(bound: BoundTarget) -> tuple[CapturedField, ...]:
    return (*bound.captures, *bound.arguments)


def _header_slot(value: Expression) -> int | None:
    """Return the slot of what every record has anyway."""
    if isinstance(value, Builtin) and value.name == "ts":
        return TS_SLOT
    if isinstance(value, Builtin) and value.name in ("func", "probe"):
        return TARGET_SLOT
    return None


def _common_type(versions: tuple[Expression, ...]) -> CType:
    """Return the type that holds a value of every target."""
    kinds = [v.type for v in versions]
    if all(is_scalar(t) for t in kinds):
        scalars = [stored_type(t) for t in kinds]
        if len(set(scalars)) == 1:
            return scalars[0]
        signed = any(s.name.startswith("s") for s in scalars)
        return integer(max(s.size for s in scalars), signed=signed)
    size = max(4 if is_scalar(v.type) else texts.stored_size(v) for v in versions)
    return byte_array(size, text=isinstance(kinds[0], Text))


# --- Programs -------------------------------------------------------------------------------------


def _lower_program(
    name: str,
    rule: RuleModel,
    bound: BoundTarget,
    fields: _RuleFields,
    structs: Structs,
    model: ScriptModel,
    options: LowerOptions,
) -> Program:
    target = rule.targets[bound.targets[0]]
    context = _context(rule, bound, structs)
    body = Lowering(context, model.registers, structs)
    source = rule.span.source
    body.emit(Line(source.name, rule.span.line))
    if target.has_task:
        filter_processes(options.processes, body)
    chosen = _select(name, target, body)
    if bound.where is not None:
        if bound.where.span is not None:
            body.emit(Line(source.name, bound.where.span.line))
        conditions.guard(bound.where, body)
    if rule.sample is not None:
        body.emit(Sample(rule.number, *rule.sample))
    now = body.value(Builtin(types.U64, "ts"))
    if rule.limit is not None:
        body.emit(Limit(rule.number, rule.limit, now))
    body.emit(Reserve(fields.record.name, rule.number, now, chosen))
    _fill_event(bound, fields, body, source.name)
    body.emit(Submit(fields.record.name))
    more = f" and {len(bound.targets) - 1} more" if len(bound.targets) > 1 else ""
    return Program(
        name,
        context,
        target.probe + more,
        body.statements(),
        tuple(body.scratch),
        rule.number,
        source.name,
        rule.span.line,
    )


def _select(program: str, target: ResolvedTarget, body: Body) -> Value:
    """Return which target this is: a constant of the program, or chosen by a number it finds."""
    if target.selector is None:
        return Helper("this_target", (), U32)
    if target.selector.unless is not None:
        body.emit(Guard(Prefix("!", body.condition(target.selector.unless), CONDITION)))
    number = values.lower_source(target.selector.source, body)
    chosen = Variable(body.names.take("target"), U32)
    body.emit(Select(chosen, selection_name(program), number))
    return chosen


def selection_name(program: str) -> str:
    """Return the name of the table by which a program selects its targets."""
    return f"{program}_targets"


def _selections(program: str, rule: RuleModel, bound: BoundTarget) -> list[Selection]:
    chosen = [(rule.targets[i].selector, i) for i in bound.targets]
    pairs = tuple((s.number, i) for s, i in chosen if s is not None)
    if not pairs:
        return []
    size = max(number for number, _ in pairs) + 1
    return [Selection(selection_name(program), size, pairs)]


def _context(rule: RuleModel, bound: BoundTarget, structs: Structs) -> str:
    target = rule.targets[bound.targets[0]]
    if target.mechanism is Mechanism.TRACEPOINT:
        event = target.place.replace(":", "_")
        return structs.declare("struct", f"tracepoint_{event}", 0)
    if _CONTEXTS[target.mechanism] == "struct pt_regs":
        return structs.declare("struct", "pt_regs", 0)
    return _CONTEXTS[target.mechanism]


def _fill_event(bound: BoundTarget, fields: _RuleFields, body: Body, file: str) -> None:
    shown = _shown(bound)
    line = 0
    for position, name, type_ in fields.stored:
        value = shown[position].value
        if value.span is not None and value.span.source.name == file and value.span.line != line:
            line = value.span.line
            body.emit(Line(file, line))
        if type_.length:
            texts.fill(value, Buffer(name, type_.length, Home.EVENT), body)
        else:
            body.emit(Store(name, _fit(body.value(value), type_)))


def _fit(value: Value, type_: CType) -> Value:
    """Return the value ready to be stored: a pointer as a number."""
    if value.type.name.endswith("*"):
        return Helper("address", (value,), U64)
    if type_.size == 8 and value.type.size < 8:
        return values.widen(value, type_)
    return value
