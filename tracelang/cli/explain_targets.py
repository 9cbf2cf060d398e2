"""Why a target is attached the way it is, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tracelang.mechanism import Mechanism

if TYPE_CHECKING:
    from tracelang.kernel.view import KernelView
    from tracelang.semantic.model import ResolvedTarget

_AT_ENTRY: Final = (Mechanism.KPROBE, Mechanism.KRETPROBE)
_TRAMPOLINES: Final = (Mechanism.FENTRY, Mechanism.FEXIT)
_BREAKPOINT: Final = "a breakpoint in the program's code, for every process that runs it"


def describe_how(target: ResolvedTarget) -> str:
    """Return what is attached: the mechanism and its place, or how often it fires."""
    words = target.mechanism.value.replace("_", " ")
    if target.perf is not None:
        rate = target.perf.frequency
        often = f"{rate} times a second" if rate else f"each {target.perf.period:,} counts"
        where = "on every processor" if target.perf.all_cpus else "on one processor"
        return f"{words}, {often}, {where}"
    if target.mechanism is Mechanism.RUN:
        return "run once by tracelang itself"
    offset = f"+{target.offset:#x}" if target.offset else ""
    return f"{words} {target.place}{offset}"


def explain_choice(target: ResolvedTarget, kernel: KernelView, prefer: str) -> str:
    """Return why it is attached so; empty where there is no other way."""
    kind = target.probe.partition(":")[0]
    mechanism = target.mechanism
    if kind in ("syscall", "sysret"):
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
