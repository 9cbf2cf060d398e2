"""Following processes: what the programs that learn of new and gone processes need to know."""

from __future__ import annotations

from tracelang.diagnostics import fail
from tracelang.kernel.view import KernelView
from tracelang.plan.ir import FollowPlan

FORK = ("sched", "sched_process_fork")
FREE = ("sched", "sched_process_free")


def plan_follow(kernel: KernelView) -> FollowPlan:
    """Return where the two events keep their process numbers (T305 where the kernel lacks one)."""
    return FollowPlan(_offset(kernel, *FORK, "child_pid"), _offset(kernel, *FREE, "pid"))


def _offset(kernel: KernelView, category: str, event: str, name: str) -> int:
    format_ = kernel.tracepoint(category, event)
    for field in format_.fields if format_ is not None else ():
        if field.name == name:
            return field.offset
    raise fail(
        "T305",
        f"following processes needs the tracepoint `{category}:{event}`, "
        "which this kernel does not show",
        help=["run as root with tracefs mounted: `mount -t tracefs tracefs /sys/kernel/tracing`"],
    )
