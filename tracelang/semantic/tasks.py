"""The running task: what programs may read of it without asking a helper for each part."""

from __future__ import annotations

from typing import Final

from tracelang.kernel.view import KernelView
from tracelang.semantic.expressions import Builtin, Place, Step
from tracelang.semantic.model import TypedTask
from tracelang.semantic.type_table import TypeTable
from tracelang.semantic.types import Space, Struct

TYPED_TASK: Final = "typed_task"
"""The name of the builtin that is the running task by its typed pointer."""
_LITTLE_ENDIAN: Final = ("x86_64", "aarch64", "riscv64", "loongarch64")
"""Where the generated code can tell by one word which of its bytes comes first."""


def find_typed_task(kernel: KernelView, types: TypeTable) -> TypedTask | None:
    """Return where a task's name is, if programs may read it directly."""
    task = types.struct("task_struct")
    comm = types.member(task, "comm", Space.KERNEL) if task is not None else None
    if task is None or comm is None or kernel.architecture not in _LITTLE_ENDIAN:
        return None
    if not kernel.features.typed_task.present:
        return None
    pointer = Builtin(types.pointer_to(task), TYPED_TASK)
    name = Step("comm", comm.offset, comm.type)
    return TypedTask(pointer, task, name, kernel.features.typed_registers.present)


def thread_info_member(name: str, kernel: KernelView, types: TypeTable) -> Place | None:
    """Return a member of the running task's `thread_info`; None where the kernel does not say."""
    task = types.struct("task_struct")
    info = types.member(task, "thread_info", Space.KERNEL) if task is not None else None
    if task is None or info is None or not isinstance(info.type, Struct):
        return None
    found = types.member(info.type, name, Space.KERNEL)
    if found is None:
        return None
    typed = kernel.features.typed_task.present
    return Place(
        found.type,
        Builtin(types.pointer_to(task), TYPED_TASK if typed else "task"),
        task,
        (Step("thread_info", info.offset, info.type), Step(name, found.offset, found.type)),
        info.offset + found.offset,
        Space.KERNEL,
    )
