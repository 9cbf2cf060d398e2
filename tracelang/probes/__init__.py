"""The probe kinds: one file a kind, registered by `load_probe_kinds`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tracelang.registry import Registry
    from tracelang.semantic.probe_kind import ProbeKind


def load_probe_kinds() -> Registry[ProbeKind]:
    """Return every probe kind, this package's and those other packages offer as entry points.

    The imports are late: `--help` and completion of flags need none of them.
    """
    from tracelang.probes import (
        fentry,
        kprobe,
        life,
        perf,
        rawtracepoint,
        syscall,
        tracepoint,
        uprobe,
        usdt,
    )
    from tracelang.registry import Registry

    registry: Registry[ProbeKind] = Registry("probe kind", "tracelang.probe_kinds")
    for module in (kprobe, fentry, syscall, tracepoint, rawtracepoint, uprobe, usdt, perf, life):
        for kind in module.KINDS:
            registry.register(kind)
    return registry
