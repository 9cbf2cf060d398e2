"""Lowering: from the typed model to the Plan."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from tracelang.dataclass import dataclass
from tracelang.plan import conditions
from tracelang.plan.aggregates import AggregateFields, fill_aggregate, plan_aggregate
from tracelang.plan.body import Body
from tracelang.plan.code.statements import Limit, Line, Reserve, Sample, Submit
from tracelang.plan.code.values import Value
from tracelang.plan.events import EventFields, fill_event
from tracelang.plan.expressions import Lowering
from tracelang.plan.inside import plan_inside
from tracelang.plan.ir import (
    Attachment,
    FollowPlan,
    Plan,
    Program,
    RuleOutput,
    Selection,
    SpanPlan,
)
from tracelang.plan.places import (
    attachments_of,
    context_of,
    is_told_at_once,
    keep_meant,
    select_target,
    selections_of,
)
from tracelang.plan.process_filter import ProcessFilter
from tracelang.plan.processes import filter_processes
from tracelang.plan.spans import (
    START_TARGET,
    cancel_span,
    count_skipped,
    find_start,
    plan_span,
    reach_stage,
    span_guards,
    start_span,
    stays_on_thread,
)
from tracelang.plan.structs import Structs
from tracelang.plan.threads import thread_parts, without_parts
from tracelang.semantic import types
from tracelang.semantic.expressions import Builtin, Expression
from tracelang.semantic.model import (
    BoundTarget,
    RuleModel,
    ScriptModel,
    SpanLeg,
    SpanModel,
)

_ANY_PROCESS: Final = ProcessFilter()


@dataclass(frozen=True, slots=True)
class LowerOptions:
    """What the command line decides about the programs.

    `transport` is `ring` or `perf`: how events leave the kernel. `counted`: a number of events ends
    the run, so that those summed up are counted as well.
    """

    name: str
    processes: ProcessFilter = _ANY_PROCESS
    transport: str = "ring"
    follow: FollowPlan | None = None
    counted: bool = False


def lower_script(model: ScriptModel, options: LowerOptions) -> Plan:
    """Return the Plan of a script. Raises T262 for an event too large to send."""
    structs = Structs()
    programs: list[Program] = []
    attachments: list[Attachment] = []
    outputs: list[RuleOutput] = []
    selections: list[Selection] = []
    spans: list[SpanPlan] = []
    for rule in model.rules:
        fields = _fields_of(rule)
        outputs.append(_output(rule, fields))
        lowerer = _Lowerer(rule, fields, structs, model, options)
        if rule.pairing is None:
            made = _event_programs(lowerer)
        elif not rule.pairing.starts:  # a param turns the rule off
            made = iter(())
        else:
            spans.append(plan_span(rule))
            made = _span_programs(lowerer, rule.pairing, spans[-1])
        for program, targets in made:
            programs.append(program)
            attachments.extend(attachments_of(program.name, rule.targets, targets))
            selections.extend(selections_of(program.name, rule.targets, targets))
    inside = plan_inside(model, structs, options.processes)
    if inside is not None:
        programs.extend(inside.programs)
        attachments = [*inside.first, *attachments, *inside.last]
        selections.extend(inside.selections)
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
        tuple(spans),
        inside is not None,
    )


def _event_programs(lowerer: _Lowerer) -> Iterator[tuple[Program, tuple[int, ...]]]:
    rule = lowerer.rule
    for number, bound in enumerate(rule.bound, 1):
        name = f"rule_{rule.number + 1}" + (f"_{number}" if len(rule.bound) > 1 else "")
        yield lowerer.event_program(name, bound), bound.targets


def _span_programs(
    lowerer: _Lowerer, pairing: SpanModel, plan: SpanPlan
) -> Iterator[tuple[Program, tuple[int, ...]]]:
    """Yield a span's programs, ends first: one event may end a span and start the next."""
    name = f"rule_{lowerer.rule.number + 1}"
    for number, bound in enumerate(lowerer.rule.bound, 1):
        yield lowerer.end_program(f"{name}_end_{number}", bound), bound.targets
    for number, leg in enumerate(pairing.cancels, 1):
        yield lowerer.cancel_program(f"{name}_cancel_{number}", leg), leg.targets
    for number, leg in enumerate(pairing.legs, 1):
        yield lowerer.stage_program(f"{name}_via_{number}", leg, plan), leg.targets
    for number, start in enumerate(pairing.starts, 1):
        yield lowerer.start_program(f"{name}_start_{number}", start, plan), start.targets


def _fields_of(rule: RuleModel) -> EventFields | AggregateFields:
    return EventFields.of(rule) if rule.aggregate is None else plan_aggregate(rule)


def _output(rule: RuleModel, fields: EventFields | AggregateFields) -> RuleOutput:
    return fields.output(rule) if isinstance(fields, EventFields) else fields.output


# --- Programs -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Lowerer:
    """Lowers the programs of one rule."""

    rule: RuleModel
    fields: EventFields | AggregateFields
    structs: Structs
    model: ScriptModel
    options: LowerOptions

    def event_program(self, name: str, bound: BoundTarget) -> Program:
        """Return the program of a rule on single events."""
        guards = thread_parts(bound.where) if self.rule.targets[bound.targets[0]].selector else ()
        body, chosen = self._open(name, bound.targets, filtered=True, guards=guards)
        self._take(_without(bound, guards), chosen, body)
        return self._close(name, bound.targets, body)

    def start_program(self, name: str, start: SpanLeg, plan: SpanPlan) -> Program:
        """Return the program that remembers the start of a span."""
        guards = span_guards(self.rule)
        body, chosen = self._open(name, start.targets, filtered=True, guards=guards)
        start_span(self.rule, start, plan, chosen, body)
        return self._close(name, start.targets, body)

    def stage_program(self, name: str, leg: SpanLeg, plan: SpanPlan) -> Program:
        """Return the program that takes a pending span to a stage."""
        body, _ = self._open(name, leg.targets, filtered=False)
        reach_stage(self.rule, leg, plan, body)
        return self._close(name, leg.targets, body)

    def cancel_program(self, name: str, leg: SpanLeg) -> Program:
        """Return the program that forgets a pending start."""
        body, _ = self._open(name, leg.targets, filtered=False)
        cancel_span(self.rule, leg, body)
        return self._close(name, leg.targets, body)

    def end_program(self, name: str, bound: BoundTarget) -> Program:
        """Return the program that finds a start, and in its second part finishes the span."""
        same_thread = stays_on_thread(self.rule, bound.keys)
        guards = span_guards(self.rule)
        body, ending = self._open(name, bound.targets, filtered=same_thread, guards=guards)
        counted = same_thread or self.options.processes == _ANY_PROCESS
        find_start(self.rule, bound.when, bound.keys, name, ending, counted, body)
        finish = Lowering(body.context, self.model.platform, self.structs)
        # Both parts share one scratch memory, so no name in it may be given twice.
        finish.scratch, finish.names = body.scratch, body.names
        self._take(_without(bound, guards), START_TARGET, finish)
        program = self._close(name, bound.targets, body)
        return replace(program, finish=finish.statements())

    def _open(
        self,
        name: str,
        targets: tuple[int, ...],
        *,
        filtered: bool,
        guards: Sequence[Expression] = (),
    ) -> tuple[Lowering, Value]:
        """Return a body past the filters for processes and targets, and which target it is.

        `guards` are what the rule's condition says of the thread. Cheapest first: a number in the
        context, then who runs, then a number that has to be read, and its other meanings.
        """
        target = self.rule.targets[targets[0]]
        body = Lowering(context_of(target, self.structs), self.model.platform, self.structs)
        body.emit(Line(self.rule.span.source.name, self.rule.span.line))
        at_once = is_told_at_once(target)
        if at_once:
            chosen = select_target(name, target, len(targets), body)
        if target.has_task and filtered:
            filter_processes(self.options.processes, body)
        for guard in guards:
            conditions.guard(guard, body)
        if not at_once:
            chosen = select_target(name, target, len(targets), body)
        keep_meant(target, body)
        return body, chosen

    def _take(self, bound: BoundTarget, target: Value, body: Body) -> None:
        """Emit the rule's condition, and what it does with what it keeps."""
        rule = self.rule
        if bound.where is not None:
            if bound.where.span is not None:
                body.emit(Line(rule.span.source.name, bound.where.span.line))
            conditions.guard(bound.where, body)
        if rule.pairing is not None and rule.pairing.stages:
            count_skipped(rule, body)
        if rule.sample is not None:
            body.emit(Sample(rule.number, *rule.sample))
        if isinstance(self.fields, AggregateFields):
            counted = self.options.counted or self.model.stop_events is not None
            fill_aggregate(rule, bound, self.fields, target, body, counted=counted)
        else:
            _send(rule, bound, self.fields, target, body)

    def _close(self, name: str, targets: tuple[int, ...], body: Body) -> Program:
        more = f" and {len(targets) - 1} more" if len(targets) > 1 else ""
        return Program(
            name,
            body.context,
            self.rule.targets[targets[0]].probe + more,
            body.statements(),
            tuple(body.scratch),
            self.rule.number,
            self.rule.span.source.name,
            self.rule.span.line,
        )


def _without(bound: BoundTarget, parts: tuple[Expression, ...]) -> BoundTarget:
    return replace(bound, where=without_parts(bound.where, parts)) if parts else bound


def _send(
    rule: RuleModel, bound: BoundTarget, fields: EventFields, target: Value, body: Body
) -> None:
    """Emit what puts an event together and hands it over."""
    now = body.value(Builtin(types.U64, "ts"))
    if rule.limit is not None:
        body.emit(Limit(rule.number, rule.limit, now))
    record = fields.record
    body.emit(Reserve(record.name, rule.number, now, target, record.cut))
    length = fill_event(bound, fields, body, rule.span.source.name)
    last = record.fields[-1].name if record.cut else ""
    body.emit(Submit(record.name, last, length))
