"""Features as data: what a recording holds, and what a trial's error number means in words."""

from __future__ import annotations

import errno
from typing import Final

from tracelang.dataclass import dataclass
from tracelang.kernel.view import Feature, PidNamespace

INITIAL_PID_NAMESPACE: Final = 0xEFFFFFFC
"""The inode number of the initial pid namespace (PROC_PID_INIT_INO in include/linux/proc_ns.h)."""

PRESENT: Final = Feature(present=True)


@dataclass(frozen=True, slots=True)
class KnownFeatures:
    """Features that need not be tried: see `tracelang.kernel.view.Features`."""

    kprobe: Feature
    fentry: Feature
    uprobe: Feature
    tracepoint: Feature
    raw_tracepoint: Feature
    perf_event: Feature
    hardware: Feature
    ring_buffer: Feature
    typed_task: Feature
    typed_registers: Feature
    syscall_wrapper: Feature
    lockdown: str
    pid_namespace: PidNamespace


def absent(reason: str) -> Feature:
    """Return a feature that is not there."""
    return Feature(present=False, reason=reason)


def judge(error: int, what: str, *, privileged: bool) -> Feature:
    """Return the feature a trial's error number stands for; `what` is its name, in the plural."""
    if not error:
        return PRESENT
    name = errno.errorcode.get(error, str(error))
    if error in (errno.EPERM, errno.EACCES):
        if not privileged:
            return absent(
                f"no {what} for this process: it lacks CAP_BPF and CAP_PERFMON, run as root"
            )
        return absent(f"no {what}: it refuses them even to root ({name})")
    return absent(f"no {what} ({name})")
