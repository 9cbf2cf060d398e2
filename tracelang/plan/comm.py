"""The running task's name: read where the task has it, or asked of a helper."""

from __future__ import annotations

from tracelang.plan.body import Body
from tracelang.plan.code.reading import CurrentComm
from tracelang.plan.code.values import Buffer, MemberAddress
from tracelang.plan.pointers import ADDRESS
from tracelang.plan.values import typed_pointer


def fill_comm(buffer: Buffer, body: Body) -> None:
    """Emit what puts the name into a buffer of 16 bytes, zeros behind it."""
    task = body.platform.typed_task
    if task is None:
        body.emit(CurrentComm(buffer))
        return
    pointer = typed_pointer(task.pointer, task.struct, body)
    path = body.structs.path(task.struct, (task.comm,), None)
    body.emit(CurrentComm(buffer, MemberAddress(pointer, path, ADDRESS)))
