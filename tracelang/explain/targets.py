"""Why a target is attached the way it is, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tracelang.mechanism import Mechanism, PerfEvent

if TYPE_CHECKING:
    from tracelang.kernel.view import KernelView
    from tracelang.semantic.model import ResolvedTarget

_AT_ENTRY: Final = (Mechanism.KPROBE, Mechanism.KRETPROBE)
_TRAMPOLINES: Final = (Mechanism.FENTRY, Mechanism.FEXIT)
_CLOCK: Final = (1, 0)
"""The type and config of a perf event that counts nanoseconds (PERF_COUNT_SW_CPU_CLOCK)."""

_BREAKPOINT: Final = "a breakpoint in the program's code, for every process that runs it"


def describe_how(target: ResolvedTarget) -> str:
    """Return what is attached: the mechanism and its place, or how often it fires."""
    words = target.mechanism.value.replace("_", " ")
    if target.perf is not None:
        where = "on every processor" if target.perf.all_cpus else "on one processor"
        return f"{words}, {_often(target.perf)}, {where}"
    if target.mechanism is Mechanism.RUN:
        return "run once by tracelang itself"
    if target.probe == f"{target.mechanism.value}:{target.place}":
        return words
    offset = f"+{target.offset:#x}" if target.offset else ""
    return f"{words} {target.place}{offset}"


def _often(perf: PerfEvent) -> str:
    if perf.frequency:
        return f"{perf.frequency:,} times a second"
    if (perf.type, perf.config) == _CLOCK:
        return f"every {perf.period / 1e9:g} s"
    return f"each {perf.period:,} counts"


def explain_choice(target: ResolvedTarget, kernel: KernelView, prefer: str) -> str:
    """Return why it is attached so; empty where there is no other way."""
    kind = target.probe.partition(":")[0]
    mechanism = target.mechanism
    if kind in ("syscall", "sysret"):
        if mechanism is Mechanism.RAW_TRACEPOINT:
            return "because it is cheaper for many calls, and for calls that are made all the time"
        return "because the call's own tracepoint is the same on every architecture"
    if kind in ("kprobe", "kretprobe") and mechanism in (*_AT_ENTRY, *_TRAMPOLINES):
        return _explain_function(mechanism, kernel, prefer)
    if mechanism in (Mechanism.UPROBE, Mechanism.URETPROBE):
        return _BREAKPOINT
    return ""


def _explain_function(mechanism: Mechanism, kernel: KernelView, prefer: str) -> str:
    by_fentry = mechanism in _TRAMPOLINES
    if prefer == ("fentry" if by_fentry else "kprobe"):
        return f"because `--prefer {prefer}` asks for it"
    missing = kernel.features.kprobe if by_fentry else kernel.features.fentry
    if not missing.present:
        return f"because this kernel has {missing.reason}"
    return "because this kernel has kprobes (it has fentry as well: `--prefer fentry`)"
