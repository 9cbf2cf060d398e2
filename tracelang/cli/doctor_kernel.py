"""What `doctor` asks of the kernel: its facts, each mechanism, and what this process may do."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tracelang.cli.finding import Finding, Verdict
from tracelang.kernel.live import LiveKernel
from tracelang.kernel.mounting import MOUNT_COMMAND
from tracelang.kernel.trial import CAP_BPF, CAP_PERFMON, CAP_SYS_ADMIN, effective_capabilities
from tracelang.kernel.view import Feature

_AS_ROOT: Final = "sudo tracelang doctor"
_PRIVILEGED: Final = "start the container with --privileged"

_KERNEL: Final = "kernel"
_PROBES: Final = "ways to trace"
_RIGHTS: Final = "rights of this process"

_MECHANISMS: Final = (
    ("tracepoint", "tracepoints", ""),
    ("raw_tracepoint", "raw tracepoints", ""),
    ("kprobe", "kprobes", "use a kernel built with CONFIG_KPROBE_EVENTS=y, or tracepoints"),
    ("fentry", "fentry and fexit", "use kprobes or tracepoints: `tracelang list` shows them"),
    ("uprobe", "uprobes", "use a kernel built with CONFIG_UPROBE_EVENTS=y"),
    ("perf_event", "perf events", ""),
    ("hardware", "hardware events", "sample by time instead: `profile:99hz`"),
    ("ring_buffer", "BPF ring buffer", "the perf buffer is used instead"),
)
"""Attribute of the features, what people call it, and what helps where the kernel lacks it."""

_STAND_INS: Final = {"kprobe": "fentry", "fentry": "kprobe"}
"""Mechanisms that reach the same places."""

_REFUSED: Final = " for this process: "
"""How the features say that it is the process that lacks something, not the kernel."""

_LIMITING: Final = ("hardware", "ring_buffer")
"""Mechanisms that are seldom missed, or have a stand-in."""


def check_kernel(kernel: LiveKernel) -> Iterator[Finding]:
    """Yield what kind of kernel it is and which descriptions of itself it offers."""
    yield Finding(_KERNEL, "release", Verdict.OK, f"{kernel.release} on {kernel.architecture}")
    yield _check_btf(kernel)
    yield _check_tracefs(kernel)


def _check_btf(kernel: LiveKernel) -> Finding:
    if kernel.btf is not None:
        detail = f"/sys/kernel/btf/vmlinux, {len(kernel.btf):,} types"
        return Finding(_KERNEL, "BTF", Verdict.OK, detail)
    return Finding(
        _KERNEL,
        "BTF",
        Verdict.MISSING,
        "the kernel does not describe its types: no members of structs, no `task`",
        "use a kernel built with CONFIG_DEBUG_INFO_BTF=y",
    )


def _check_tracefs(kernel: LiveKernel) -> Finding:
    count = len(kernel.tracepoints())
    if kernel.tracefs is not None and count:
        return Finding(_KERNEL, "tracefs", Verdict.OK, f"{kernel.tracefs}, {count:,} tracepoints")
    if os.geteuid() != 0:
        detail = "readable by root only: tracepoints cannot be listed"
        return Finding(_KERNEL, "tracefs", Verdict.MISSING, detail, _AS_ROOT)
    detail = "not mounted (a script run as root mounts it by itself)"
    return Finding(_KERNEL, "tracefs", Verdict.MISSING, detail, MOUNT_COMMAND)


def check_probes(kernel: LiveKernel) -> Iterator[Finding]:
    """Yield each mechanism, tried here and now."""
    for attribute, name, remedy in _MECHANISMS:
        feature: Feature = getattr(kernel.features, attribute)
        if feature.present:
            yield Finding(_PROBES, name, Verdict.OK)
            continue
        instead = _STAND_INS.get(attribute)
        if instead is not None and getattr(kernel.features, instead).present:
            detail = f"this kernel has {feature.reason}; {instead} is used instead"
            yield Finding(_PROBES, name, Verdict.LIMITED, detail)
            continue
        verdict = Verdict.LIMITED if attribute in _LIMITING else Verdict.MISSING
        detail = _explain(feature.reason)
        yield Finding(_PROBES, name, verdict, detail, _remedy(feature.reason, remedy))


def _explain(reason: str) -> str:
    _, refused, why = reason.partition(_REFUSED)
    if refused:
        return f"this process may not: {why.removesuffix(', run as root')}"
    return f"this kernel has {reason}"


def _remedy(reason: str, otherwise: str) -> str:
    if _REFUSED in reason:
        return _AS_ROOT if os.geteuid() else _PRIVILEGED
    return MOUNT_COMMAND if "not mounted" in reason else otherwise


def check_rights(kernel: LiveKernel) -> Iterator[Finding]:
    """Yield the user, the capabilities tracing takes, and what else restricts a process."""
    user = os.geteuid()
    held = effective_capabilities()
    is_admin = bool(held >> CAP_SYS_ADMIN & 1)
    yield Finding(_RIGHTS, "effective user", Verdict.OK, f"{user}{' (root)' if not user else ''}")
    for name, bit in (("CAP_BPF", CAP_BPF), ("CAP_PERFMON", CAP_PERFMON)):
        yield _check_capability(name, held=bool(held >> bit & 1), is_admin=is_admin)
    yield Finding(
        _RIGHTS, "CAP_SYS_ADMIN", Verdict.OK, "held" if is_admin else "not held; not needed"
    )
    yield _check_lockdown(kernel.features.lockdown)
    yield _check_namespace(kernel)
    for setting, meaning in _SETTINGS:
        yield _show_setting(setting, meaning, restricted=not is_admin and not held >> CAP_BPF & 1)


def _check_capability(name: str, *, held: bool, is_admin: bool) -> Finding:
    if held:
        return Finding(_RIGHTS, name, Verdict.OK, "held")
    if is_admin:
        return Finding(
            _RIGHTS, name, Verdict.OK, "not held, but CAP_SYS_ADMIN is, which includes it"
        )
    remedy = _AS_ROOT if os.geteuid() else _PRIVILEGED
    return Finding(_RIGHTS, name, Verdict.MISSING, "not held", remedy)


def _check_lockdown(level: str) -> Finding:
    if level == "none":
        return Finding(_RIGHTS, "lockdown", Verdict.OK, "none")
    if level == "unknown":
        return Finding(
            _RIGHTS, "lockdown", Verdict.OK, "not shown here (securityfs is not mounted)"
        )
    denied = "no kernel memory can be read" if level == "confidentiality" else "some BPF is refused"
    remedy = "it comes with Secure Boot and can only be changed at boot"
    verdict = Verdict.MISSING if level == "confidentiality" else Verdict.LIMITED
    return Finding(_RIGHTS, "lockdown", verdict, f"`{level}`: {denied}", remedy)


def _check_namespace(kernel: LiveKernel) -> Finding:
    namespace = kernel.features.pid_namespace
    if namespace.is_initial:
        return Finding(_RIGHTS, "pid namespace", Verdict.OK, "the machine's own")
    detail = f"a container's ({namespace.inode}): pids are shown as they are numbered in it"
    return Finding(_RIGHTS, "pid namespace", Verdict.OK, detail)


_SETTINGS: Final = (
    ("perf_event_paranoid", "who may open perf events without CAP_PERFMON"),
    ("unprivileged_bpf_disabled", "whether BPF takes CAP_BPF"),
)
"""Settings of /proc/sys/kernel, for people who compare machines."""


def _show_setting(name: str, meaning: str, *, restricted: bool) -> Finding:
    try:
        value = (Path("/proc/sys/kernel") / name).read_text().strip()
    except OSError:
        return Finding(_RIGHTS, name, Verdict.OK, "not shown here")
    bearing = "it restricts this process" if restricted and value != "0" else "no matter here"
    return Finding(_RIGHTS, name, Verdict.OK, f"{value} ({meaning}; {bearing})")
