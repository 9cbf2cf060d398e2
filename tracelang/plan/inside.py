"""Watched calls: the programs that know which threads are within a call (`inside`)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass
from typing import Final

from tracelang.dataclass import dataclass
from tracelang.mechanism import Mechanism
from tracelang.plan.code.spanning import EnterCall, ForgetCalls, LeaveCall
from tracelang.plan.code.statements import Line
from tracelang.plan.expressions import Lowering
from tracelang.plan.ir import Attachment, Program, Selection
from tracelang.plan.places import (
    attachments_of,
    context_of,
    keep_meant,
    select_target,
    selections_of,
)
from tracelang.plan.process_filter import ProcessFilter
from tracelang.plan.processes import filter_processes
from tracelang.plan.structs import Structs
from tracelang.semantic.expressions import Inside
from tracelang.semantic.model import ResolvedTarget, RuleModel, ScriptModel, WatchedCall
from tracelang.semantic.places import shape

_EXIT: Final = "sched_process_exit"
"""The raw tracepoint that fires on every thread that ends, in that thread."""


@dataclass(frozen=True, slots=True)
class InsidePrograms:
    """What watches calls. `first` is attached before the rules' programs, `last` after them.

    So a rule at the very entry or return of a call is within it.
    """

    programs: tuple[Program, ...]
    first: tuple[Attachment, ...]
    last: tuple[Attachment, ...]
    selections: tuple[Selection, ...]


def plan_inside(
    model: ScriptModel, structs: Structs, processes: ProcessFilter
) -> InsidePrograms | None:
    """Return what watches the calls that a script's rules ask about, None where they ask nothing.

    A call that is only asked about where an option turned the question off costs nothing.
    """
    asking = _first_askers(model)
    if not asking:
        return None
    made = [
        made
        for number, rule in sorted(asking.items())
        for made in _Watcher(model, structs, processes, number, rule).programs()
    ]
    rule = min(asking.values(), key=lambda r: r.number)
    ending = _ending(rule, len(model.calls))
    first = tuple(a for one in made if one.entering for a in one.attachments)
    last = tuple(a for one in made if not one.entering for a in one.attachments)
    return InsidePrograms(
        (*(one.program for one in made), ending),
        (Attachment(ending.name, Mechanism.RAW_TRACEPOINT, _EXIT, 0), *first),
        last,
        tuple(s for one in made for s in one.selections),
    )


def _first_askers(model: ScriptModel) -> dict[int, RuleModel]:
    """Return the calls that are asked about, each with the first rule that does."""
    asking: dict[int, RuleModel] = {}
    for rule in model.rules:
        legs = () if rule.pairing is None else rule.pairing
        for number in _calls_in((rule.bound, legs)):
            asking.setdefault(number, rule)
    return asking


def _calls_in(value: object) -> Iterator[int]:
    """Yield the numbers of the calls that anything of a model asks about."""
    if isinstance(value, Inside):
        yield value.call
    elif isinstance(value, tuple):
        for item in value:
            yield from _calls_in(item)
    elif is_dataclass(value):
        for part in fields(value):
            yield from _calls_in(getattr(value, part.name))


@dataclass(frozen=True, slots=True)
class _Made:
    program: Program
    attachments: Sequence[Attachment]
    selections: Sequence[Selection]
    entering: bool


@dataclass(frozen=True, slots=True)
class _Watcher:
    """Makes the programs of one call."""

    model: ScriptModel
    structs: Structs
    processes: ProcessFilter
    number: int
    rule: RuleModel

    @property
    def call(self) -> WatchedCall:
        return self.model.calls[self.number]

    def programs(self) -> Iterator[_Made]:
        """Yield a program for each shape of entry, then for each of return."""
        for entering, places in ((True, self.call.entries), (False, self.call.returns)):
            groups: dict[tuple[object, ...], list[int]] = {}
            for index, place in enumerate(places):
                groups.setdefault(shape(place), []).append(index)
            for count, targets in enumerate(groups.values(), 1):
                side = "enter" if entering else "leave"
                name = f"inside_{self.number + 1}_{side}_{count}"
                yield self._make(name, places, tuple(targets), entering)

    def _make(
        self,
        name: str,
        places: tuple[ResolvedTarget, ...],
        targets: tuple[int, ...],
        entering: bool,
    ) -> _Made:
        target = places[targets[0]]
        context = context_of(target, self.structs)
        body = Lowering(context, self.model.platform, self.structs)
        span = self.call.span
        body.emit(Line(span.source.name, span.line))
        filter_processes(self.processes, body)
        if target.selector is not None:
            select_target(name, target, len(targets), body)
            keep_meant(target, body)
        watch = EnterCall if entering else LeaveCall
        body.emit(watch(self.number, self.rule.number))
        more = f" and {len(targets) - 1} more" if len(targets) > 1 else ""
        program = Program(
            name,
            context,
            f"{target.probe}{more}, for {self.call.written}",
            body.statements(),
            tuple(body.scratch),
            self.rule.number,
            span.source.name,
            span.line,
            watching=True,
        )
        made = attachments_of(name, places, targets), selections_of(name, places, targets)
        return _Made(program, *made, entering)


def _ending(rule: RuleModel, calls: int) -> Program:
    """Return what forgets a thread that ends within a call: its number may be given away again."""
    body = (ForgetCalls(calls, rule.number),)
    source, line = rule.span.source.name, rule.span.line
    origin = "threads that end, for inside()"
    number = rule.number
    return Program("inside_exit", "u64", origin, body, (), number, source, line, watching=True)
