"""Which probe kinds a kernel can do, as its features say, and why not the others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from tracelang.dataclass import dataclass

if TYPE_CHECKING:
    from tracelang.kernel.view import Feature, Features

_NEEDS: Final[Mapping[str, tuple[str, ...]]] = {
    "kprobe": ("kprobe", "fentry"),
    "kretprobe": ("kprobe", "fentry"),
    "fentry": ("fentry",),
    "fexit": ("fentry",),
    "syscall": ("tracepoint",),
    "sysret": ("tracepoint",),
    "tracepoint": ("tracepoint",),
    "rawtracepoint": ("raw_tracepoint",),
    "uprobe": ("uprobe",),
    "uretprobe": ("uprobe",),
    "usdt": ("uprobe",),
    "profile": ("perf_event",),
    "interval": ("perf_event",),
    "software": ("perf_event",),
    "hardware": ("hardware",),
}
"""Any one of the features is enough; a kind that is not here needs none."""


@dataclass(frozen=True, slots=True)
class Offer:
    """Whether a kind can be used; if not, `reason` completes "this kernel has …".

    `by_rights` says that it is only this process that may not.
    """

    usable: bool
    reason: str = ""
    by_rights: bool = False


def find_offer(kind: str, features: Features) -> Offer:
    """Return what the kernel offers of a probe kind, tried if it is the running one."""
    needed: list[Feature] = [getattr(features, name) for name in _NEEDS.get(kind, ())]
    if not needed or any(f.present for f in needed):
        return Offer(usable=True)
    reasons = list(dict.fromkeys(f.reason for f in needed if f.reason))
    by_rights = any("for this process" in reason for reason in reasons)
    return Offer(usable=False, reason="; ".join(reasons), by_rights=by_rights)
