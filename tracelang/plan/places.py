"""Places: what a program's context is, how it knows its target, and where it is attached."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tracelang.mechanism import Mechanism
from tracelang.plan import values
from tracelang.plan.body import Body
from tracelang.plan.c_types import U32
from tracelang.plan.code.statements import Guard, Select
from tracelang.plan.code.values import Helper, Prefix, Value, Variable
from tracelang.plan.ir import Attachment, Selection
from tracelang.plan.pointers import CONDITION
from tracelang.plan.structs import Structs
from tracelang.semantic.model import ResolvedTarget

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


def context_of(target: ResolvedTarget, structs: Structs) -> str:
    """Return the C type a program's argument points to."""
    if target.mechanism is Mechanism.TRACEPOINT:
        event = target.place.replace(":", "_")
        return structs.declare("struct", f"tracepoint_{event}", 0)
    if _CONTEXTS[target.mechanism] == "struct pt_regs":
        return structs.declare("struct", "pt_regs", 0)
    return _CONTEXTS[target.mechanism]


def select_target(program: str, target: ResolvedTarget, body: Body) -> Value:
    """Return which target this is: a constant of the program, or chosen by a number it finds."""
    if target.selector is None:
        return Helper("this_target", (), U32)
    number = values.lower_source(target.selector.source, body)
    chosen = Variable(body.names.take("target"), U32)
    body.emit(Select(chosen, _selection_name(program), number))
    if target.selector.unless is not None:
        # Last: it takes longer than the table, which leaves few.
        body.emit(Guard(Prefix("!", body.condition(target.selector.unless), CONDITION)))
    return chosen


def attachments_of(
    program: str, places: Sequence[ResolvedTarget], targets: tuple[int, ...]
) -> list[Attachment]:
    """Return where a program is attached: once where it selects its targets, else for each.

    `targets` are indexes into `places`.
    """
    first = places[targets[0]]
    if first.selector is not None:
        return [Attachment(program, first.mechanism, first.place, targets[0])]
    return [
        Attachment(
            program,
            places[index].mechanism,
            places[index].place,
            index,
            places[index].offset,
            places[index].perf,
            places[index].semaphore,
        )
        for index in targets
    ]


def selections_of(
    program: str, places: Sequence[ResolvedTarget], targets: tuple[int, ...]
) -> list[Selection]:
    """Return the table by which a program selects its targets, where it has one."""
    chosen = [(places[i].selector, i) for i in targets]
    pairs = tuple((s.number, i) for s, i in chosen if s is not None)
    if not pairs:
        return []
    size = max(number for number, _ in pairs) + 1
    return [Selection(_selection_name(program), size, pairs)]


def _selection_name(program: str) -> str:
    return f"{program}_targets"
