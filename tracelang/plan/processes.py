"""Which processes are traced: the filter every program starts with."""

from __future__ import annotations

from tracelang.plan.body import Body, key_of
from tracelang.plan.c_types import U32, U64
from tracelang.plan.code.statements import Guard
from tracelang.plan.code.values import Helper, Literal, Number, Operation, Value
from tracelang.plan.comm import fill_comm
from tracelang.plan.pointers import CONDITION
from tracelang.plan.process_filter import ProcessFilter
from tracelang.semantic import types
from tracelang.semantic.expressions import Builtin


def filter_processes(wanted: ProcessFilter, body: Body) -> None:
    """Emit the guards, cheapest first."""
    if wanted.pid and not wanted.follow:
        pid = body.declare("pid", U32, Helper("current_pid", (), U32))
        body.remember(key_of("value", Builtin(types.U32, "pid")), pid)
        body.emit(Guard(Operation("==", pid, Helper("traced_pid", (), U32), CONDITION)))
    if wanted.follow:
        body.emit(Guard(Helper("is_followed", (), CONDITION)))
    if wanted.cgroup is not None:
        level = Number(wanted.cgroup_level, U32)
        here: Value = Helper("current_ancestor_cgroup", (level,), U64)
        body.emit(Guard(Operation("==", here, Number(wanted.cgroup, U64), CONDITION)))
    if wanted.comm is not None:
        buffer = body.buffer("comm", 16)
        fill_comm(buffer, body)
        data = wanted.comm.encode()[:15] + b"\0"
        body.emit(Guard(Literal(buffer, 0, data, CONDITION)))
