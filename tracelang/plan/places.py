"""Places: what a program's context is, how it knows its target, and where it is attached."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tracelang.mechanism import Mechanism
from tracelang.plan import values
from tracelang.plan.body import Body
from tracelang.plan.c_types import U32, U64
from tracelang.plan.code.statements import Guard, Select
from tracelang.plan.code.values import (
    ContextAddress,
    Helper,
    Number,
    Prefix,
    Value,
    Variable,
)
from tracelang.plan.ir import Attachment, Selection
from tracelang.plan.pointers import ADDRESS, CONDITION
from tracelang.plan.structs import Structs
from tracelang.semantic.model import ResolvedTarget
from tracelang.semantic.sources import TracingArgument

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
_WITH_COOKIES: Final = frozenset(
    {Mechanism.KPROBE, Mechanism.KRETPROBE, Mechanism.UPROBE, Mechanism.URETPROBE}
)
_MANY: Final = 4
"""So many probes share a program; fewer have one each, which need not ask where it runs."""


def context_of(target: ResolvedTarget, structs: Structs) -> str:
    """Return the C type a program's argument points to."""
    if target.mechanism is Mechanism.TRACEPOINT:
        event = target.place.replace(":", "_")
        return structs.declare("struct", f"tracepoint_{event}", 0)
    if _CONTEXTS[target.mechanism] == "struct pt_regs":
        return structs.declare("struct", "pt_regs", 0)
    return _CONTEXTS[target.mechanism]


def select_target(program: str, target: ResolvedTarget, number: int, body: Body) -> Value:
    """Return which target this is: a constant of the program, or chosen by a number it finds.

    `number` is how many targets the program has.
    """
    if target.selector is None:
        if _by_cookie(target, number):
            return Helper("one_of_targets", (ContextAddress(Number(0, U64), ADDRESS),), U32)
        return Helper("this_target", (), U32)
    found = values.lower_source(target.selector.source, body)
    chosen = Variable(body.names.take("target"), U32)
    body.emit(Select(chosen, _selection_name(program), found))
    return chosen


def is_told_at_once(target: ResolvedTarget) -> bool:
    """Tell whether it takes no helper to select the target: what selects it is in the context."""
    return target.selector is not None and isinstance(target.selector.source, TracingArgument)


def keep_meant(target: ResolvedTarget, body: Body) -> None:
    """Emit the guard against what only looks like the target: it takes longer than the table."""
    if target.selector is not None and target.selector.unless is not None:
        body.emit(Guard(Prefix("!", body.condition(target.selector.unless), CONDITION)))


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
            _by_cookie(places[index], len(targets)),
            places[index].matched,
        )
        for index in targets
    ]


def _by_cookie(target: ResolvedTarget, number: int) -> bool:
    """Tell whether a program with so many targets is to learn from a cookie which one it is."""
    return target.mechanism in _WITH_COOKIES and number >= _MANY


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
