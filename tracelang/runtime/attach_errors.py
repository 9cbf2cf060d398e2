"""Why something could not be attached: the place by its name, what is missing, and the remedy."""

from __future__ import annotations

import errno
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tracelang.build.rights import explain_denial
from tracelang.diagnostics import Diagnostic, DiagnosticError, Label, Severity, fail
from tracelang.mechanism import Mechanism
from tracelang.plan.ir import Attachment
from tracelang.runtime.libbcc import BpfError
from tracelang.source import Span

_KERNEL_PROBES: Final = frozenset({Mechanism.KPROBE, Mechanism.KRETPROBE})
# Inside the kernel only, and so not in errno(3), but it gets out here.
_ENOTSUPP: Final = 524
_USER_PROBES: Final = frozenset({Mechanism.UPROBE, Mechanism.URETPROBE})
_TRACEFS: Final = "/sys/kernel/tracing"
_SHOWN: Final = 3
_LIST: Final = "`tracelang list` shows what this machine offers"

_NO_KPROBES: Final = (
    "this kernel was built without kprobes",
    "use a tracepoint instead; `tracelang list 'tracepoint:*'` shows them",
)
_NO_UPROBES: Final = ("this kernel was built without uprobes", _LIST)

# What an errno means for a mechanism: a note and a remedy. From perf_event_open(2),
# kernel/kprobes.c, kernel/events/uprobes.c, kernel/bpf/trampoline.c.
_KPROBE_REASONS: Final = {
    errno.ENOENT: ("there is no such function in this kernel, or its module is not loaded", _LIST),
    errno.EINVAL: ("the kernel does not allow probes in this function", "probe one of its callers"),
    errno.EADDRNOTAVAIL: ("several functions have this name", "probe one of its callers"),
    errno.EILSEQ: ("the offset is not at the start of an instruction", "leave the offset out"),
    errno.EOPNOTSUPP: ("the kernel cannot place a probe there", "probe one of its callers"),
}
_UPROBE_REASONS: Final = {
    errno.ENOENT: ("there is no such file", "check the path"),
    errno.EINVAL: ("there is no code at that place of the file", "check the offset"),
    errno.ENXIO: ("there is no code at that place of the file", "check the offset"),
    errno.EISDIR: ("it is a directory", "name the program or library in it"),
    _ENOTSUPP: (
        "the kernel cannot probe the instruction there",
        "probe another place in the function",
    ),
    errno.EIO: ("the file's system does not allow probes", "copy the file to another file system"),
}
_RAW_REASONS: Final = {
    errno.ENOENT: ("this kernel has no such raw tracepoint", _LIST),
    errno.EINVAL: ("this kernel has no such raw tracepoint", _LIST),
}
_PERF_REASONS: Final = {
    errno.ENOENT: ("this machine does not count such events", "virtual machines often do not"),
    errno.EOPNOTSUPP: ("this machine does not count such events", "virtual machines often do not"),
    errno.ENODEV: ("this machine does not count such events", "virtual machines often do not"),
    errno.EINVAL: (
        "the rate is out of range",
        "see kernel.perf_event_max_sample_rate",
    ),
    errno.EBUSY: ("all counters are in use", "end other programs that use perf events"),
}
_TRACING_REASONS: Final = {
    errno.EBUSY: ("something else holds the function's entry", "use a kprobe instead"),
    errno.E2BIG: ("too many programs are on this function already", "use a kprobe instead"),
}
_ANY_REASON: Final = {
    errno.E2BIG: (
        "64 programs are on this event already, the most the kernel allows",
        "end other tracers, or use a raw tracepoint",
    ),
    errno.EMFILE: (
        "this process has no room for more open files",
        "raise the limit first: `ulimit -n 65536`",
    ),
    errno.ENFILE: ("the machine has no room for more open files", "raise fs.file-max"),
    errno.ENOMEM: ("the kernel has no memory for it", "free some memory"),
}
_REASONS: Final = {
    Mechanism.KPROBE: _KPROBE_REASONS,
    Mechanism.KRETPROBE: _KPROBE_REASONS,
    Mechanism.UPROBE: _UPROBE_REASONS,
    Mechanism.URETPROBE: _UPROBE_REASONS,
    Mechanism.RAW_TRACEPOINT: _RAW_REASONS,
    Mechanism.PERF_EVENT: _PERF_REASONS,
    Mechanism.FENTRY: _TRACING_REASONS,
    Mechanism.FEXIT: _TRACING_REASONS,
    Mechanism.TRACEPOINT: {},
    Mechanism.RUN: {},
}


def describe(attachment: Attachment) -> str:
    """Name the attachment as users do: `kprobe tcp_connect+4`, `perf event 1:0`."""
    kind = attachment.mechanism.value.replace("_", " ")
    if attachment.perf is not None:
        return f"{kind} {attachment.perf.type}:{attachment.perf.config}"
    offset = f"+{attachment.offset:#x}" if attachment.offset else ""
    return f"{kind} {attachment.place}{offset}"


def explain_attach(attachment: Attachment, error: BpfError, span: Span | None) -> DiagnosticError:
    """Return the error for an attachment that the kernel refused."""
    name = describe(attachment)
    if error.errno in {errno.EPERM, errno.EACCES}:
        return explain_denial("T321", f"attach to {name}", span)
    reasons = {**_ANY_REASON, **_REASONS[attachment.mechanism]}
    number = error.errno or 0
    said = (error.strerror or "").lower()
    note, remedy = reasons.get(number, (f"the kernel says: {said}", _LIST))
    return fail("T322", f"cannot attach to {name}", span, notes=(note,), help=(remedy,))


def is_of_place(error: DiagnosticError) -> bool:
    """Tell whether a kernel function was refused for what it is: others may not be."""
    cause = error.__cause__
    return isinstance(cause, BpfError) and cause.errno in _KPROBE_REASONS


def warn_of_refused(refused: Mapping[Attachment, DiagnosticError], span: Span | None) -> Diagnostic:
    """Return the warning for places that the kernel refused, of which a wildcard found more."""
    names = [describe(attachment) for attachment in refused]
    shown = ", ".join(f"`{name}`" for name in names[:_SHOWN])
    if len(names) > _SHOWN:
        shown += f" and {len(names) - _SHOWN} more"
    reasons = dict.fromkeys(d.notes[0] for e in refused.values() for d in e.diagnostics)
    return Diagnostic(
        "T325",
        f"some that the wildcard found are not traced: {shown}",
        Label(span) if span is not None else None,
        notes=tuple(reasons),
        severity=Severity.WARNING,
    )


def explain_lookup(attachment: Attachment, error: OSError, span: Span | None) -> DiagnosticError:
    """Return the error for a place whose description in tracefs or sysfs could not be read."""
    name = describe(attachment)
    if isinstance(error, PermissionError):
        return explain_denial("T321", f"read {error.filename}", span)
    if error.errno in _ANY_REASON:
        note, remedy = _ANY_REASON[error.errno]
        return fail("T322", f"cannot attach to {name}", span, notes=(note,), help=(remedy,))
    if attachment.mechanism in _KERNEL_PROBES | _USER_PROBES:
        in_kernel = attachment.mechanism in _KERNEL_PROBES
        note, remedy = _NO_KPROBES if in_kernel else _NO_UPROBES
        return fail("T323", f"cannot attach to {name}", span, notes=(note,), help=(remedy,))
    mounted = Path(_TRACEFS, "events").is_dir()
    remedy = _LIST if mounted else f"mount it: sudo mount -t tracefs tracefs {_TRACEFS}"
    note = f"there is no {error.filename}" if mounted else "tracefs is not mounted"
    return fail("T324", f"cannot attach to {name}", span, notes=(note,), help=(remedy,))
