"""Memory ordering for memory shared with the kernel.

Owns the one thing Python has no word for: that what is read after a point is not older than what
was read before it.
"""

from __future__ import annotations

import ctypes
import os
import time
from collections.abc import Callable
from typing import Final

from tracelang.diagnostics import fail
from tracelang.runtime.libc import c_library

# These processors never let a load overtake an earlier load, nor a store an earlier load or store.
_STRONGLY_ORDERED: Final = frozenset({"x86_64", "i686", "i386", "s390x"})

# membarrier's number in each system call table (arch/*/*.tbl in the kernel); 283 is that of
# asm-generic.
_SYSCALL_NUMBER: Final = {"x86_64": 324, "s390x": 356, "ppc64le": 365, "ppc64": 365, "armv7l": 389}
_GENERIC_SYSCALL_NUMBER: Final = 283

# The only command which always is a full barrier for the caller itself and still cheap: the private
# one returns early in a process of one thread, the plain global one waits for a grace period.
_MEMBARRIER_GLOBAL_EXPEDITED: Final = 1 << 1
# This one returns after a grace period of RCU (kernel/sched/membarrier.c).
_MEMBARRIER_GLOBAL: Final = 1 << 0
_LONGEST_PROGRAM: Final = 0.01


def select_barrier(machine: str | None = None) -> Callable[[], None]:
    """Return what to call between two accesses that must not change places, for this processor.

    Nothing needs to be done where loads stay in order: CPython compiles each element access of a
    memoryview to one aligned load, and calls in between keep the compiler from moving it.
    """
    if (machine or os.uname().machine) in _STRONGLY_ORDERED:
        return _pass_through
    return make_membarrier()


def wait_for_programs() -> None:
    """Return when every BPF program that runs now has ended: programs are readers of RCU.

    A kernel that cannot wait for them (no CONFIG_MEMBARRIER, or nohz_full) is given longer than a
    program takes.
    """
    syscall = c_library().syscall
    number = _SYSCALL_NUMBER.get(os.uname().machine, _GENERIC_SYSCALL_NUMBER)
    waited = syscall(
        ctypes.c_long(number), ctypes.c_int(_MEMBARRIER_GLOBAL), ctypes.c_uint(0), ctypes.c_int(0)
    )
    if waited != 0:
        time.sleep(_LONGEST_PROGRAM)


def make_membarrier() -> Callable[[], None]:
    """Return a full memory barrier made of the membarrier(2) system call.

    Raises `DiagnosticError` T350 where the kernel was built without it.
    """
    number = _SYSCALL_NUMBER.get(os.uname().machine, _GENERIC_SYSCALL_NUMBER)
    syscall = c_library().syscall
    arguments = (
        ctypes.c_long(number),
        ctypes.c_int(_MEMBARRIER_GLOBAL_EXPEDITED),
        ctypes.c_uint(0),
    )
    if syscall(*arguments) != 0:
        reason = os.strerror(ctypes.get_errno())
        raise fail(
            "T350",
            f"the ring buffer cannot be read safely on this processor: membarrier: {reason}",
            help=["run a kernel with CONFIG_MEMBARRIER, or use the perf buffer"],
        )

    def barrier() -> None:
        syscall(*arguments)

    return barrier


def _pass_through() -> None:
    """Do nothing."""
