"""Lowering: from the typed model to the Plan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tracelang.mechanism import Mechanism
from tracelang.plan import conditions, values
from tracelang.plan.aggregates import AggregateFields, fill_aggregate, plan_aggregate
from tracelang.plan.body import Body
from tracelang.plan.c_types import U32
from tracelang.plan.code import (
    Guard,
    Helper,
    Limit,
    Line,
    Prefix,
    Reserve,
    Sample,
    Select,
    Submit,
    Value,
    Variable,
)
from tracelang.plan.events import EventFields, fill_event
from tracelang.plan.expressions import Lowering
from tracelang.plan.ir import (
    Attachment,
    FollowPlan,
    Plan,
    Program,
    RuleOutput,
    Selection,
)
from tracelang.plan.pointers import CONDITION
from tracelang.plan.processes import ProcessFilter, filter_processes
from tracelang.plan.structs import Structs
from tracelang.semantic import types
from tracelang.semantic.model import (
    BoundTarget,
    Builtin,
    ResolvedTarget,
    RuleModel,
    ScriptModel,
)

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
        fields = _fields_of(rule)
        outputs.append(_output(rule, fields))
        for number, bound in enumerate(rule.bound):
            name = f"rule_{rule.number + 1}" + (f"_{number + 1}" if len(rule.bound) > 1 else "")
            lowered = _lower_program(name, rule, bound, fields, structs, model, options)
            programs.append(lowered)
            attachments.extend(_attachments(name, rule, bound))
            selections.extend(_selections(name, rule, bound))
    return Plan(
        options.name,
        tuple(programs),
        tuple(o.record for o in outputs if o.aggregate is None),
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


def _fields_of(rule: RuleModel) -> EventFields | AggregateFields:
    return EventFields.of(rule) if rule.aggregate is None else plan_aggregate(rule)


def _output(rule: RuleModel, fields: EventFields | AggregateFields) -> RuleOutput:
    return fields.output(rule) if isinstance(fields, EventFields) else fields.output


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


# --- Programs -------------------------------------------------------------------------------------


def _lower_program(
    name: str,
    rule: RuleModel,
    bound: BoundTarget,
    fields: EventFields | AggregateFields,
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
    if isinstance(fields, AggregateFields):
        fill_aggregate(rule, bound, fields, chosen, body)
    else:
        _send(rule, bound, fields, chosen, body)
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


def _send(
    rule: RuleModel, bound: BoundTarget, fields: EventFields, target: Value, body: Body
) -> None:
    """Emit what puts an event together and hands it over."""
    now = body.value(Builtin(types.U64, "ts"))
    if rule.limit is not None:
        body.emit(Limit(rule.number, rule.limit, now))
    body.emit(Reserve(fields.record.name, rule.number, now, target))
    fill_event(bound, fields, body, rule.span.source.name)
    body.emit(Submit(fields.record.name))


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
