"""`syscall:` and `sysret:`: system calls by their own names and arguments, on any architecture."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from tracelang.diagnostics import fail
from tracelang.kernel.view import SyscallInfo
from tracelang.mechanism import Mechanism
from tracelang.probes.functions import cannot_probe
from tracelang.semantic.model import (
    Argument,
    ContextField,
    FunctionArgument,
    FunctionReturn,
    ResolvedTarget,
    Source,
    TracingArgument,
    WrappedSyscallArgument,
)
from tracelang.semantic.probe_kind import TargetScope
from tracelang.semantic.targets import expect_parts, match_names, no_such_target
from tracelang.semantic.types import S64, Space
from tracelang.syntax import ast

_CATEGORY: Final = "syscalls"


@dataclass(frozen=True, slots=True)
class SyscallKind:
    """A system call's entry (`syscall`) or return (`sysret`), through its tracepoint."""

    name: str
    aliases: tuple[str, ...]
    form: str
    summary: str
    example: str
    returning: bool

    def resolve(self, target: ast.Target, scope: TargetScope) -> tuple[ResolvedTarget, ...]:
        """Return the calls; T202 for one this kernel does not have."""
        expect_parts(target, 1, 1, self.form)
        calls = scope.kernel.syscalls()
        found = match_names(target.parts[0], calls)
        if not found:
            raise no_such_target(
                target, f"system call `{target.parts[0]}`", calls, f"{self.name}:"
            )
        return tuple(self._place(target, calls[name], scope) for name in found)

    def _place(self, target: ast.Target, call: SyscallInfo, scope: TargetScope) -> ResolvedTarget:
        if not call.has_tracepoint:
            raise fail(
                "T361",
                f"this kernel has no tracepoint for the system call `{call.name}`",
                target.span,
                help=["tracepoints of system calls need CONFIG_FTRACE_SYSCALLS"],
            )
        return by_tracepoint(f"{self.name}:{call.name}", call, scope, returning=self.returning)

    def names(self, scope: TargetScope) -> Iterator[str]:
        """Yield every system call."""
        return (f"{self.name}:{name}" for name in sorted(scope.kernel.syscalls()))


def by_tracepoint(
    probe: str, call: SyscallInfo, scope: TargetScope, *, returning: bool
) -> ResolvedTarget:
    """Return a system call's tracepoint with the call's own arguments or return value.

    Every value is a full register in the tracepoint's record; its own type says how much of it counts.
    """
    event = f"sys_{'exit' if returning else 'enter'}_{call.name}"
    format_ = scope.kernel.tracepoint(_CATEGORY, event)
    place = ResolvedTarget(
        probe, call.name, Mechanism.TRACEPOINT, f"{_CATEGORY}:{event}", space=Space.USER
    )
    fields = {f.name: f for f in format_.fields} if format_ is not None else {}
    if returning:
        offset = fields["ret"].offset if "ret" in fields else 16
        return replace(place, returns=Argument("retval", S64, ContextField(offset, 8, True, "ret")))
    arguments = []
    for index, (name, c_type) in enumerate(call.arguments):
        type_ = scope.types.from_c(c_type, Space.USER, 8, signed=False)
        offset = fields[name].offset if name in fields else 16 + 8 * index
        source = ContextField(offset, 8, False, name)
        arguments.append(Argument(name, type_, source))
    return replace(
        place, arguments=tuple(arguments), positional=tuple(a.source for a in arguments)
    )


# --- The historic names ----------------------------------------------------------------------------


def historic_name(function: str, scope: TargetScope) -> SyscallInfo | None:
    """Return the system call that `sys_NAME`, or an architecture's own entry function, stands for."""
    calls = scope.kernel.syscalls()
    for prefix in ("__x64_sys_", "__arm64_sys_", "__se_sys_", "SyS_", "sys_"):
        if function.startswith(prefix) and function.removeprefix(prefix) in calls:
            return calls[function.removeprefix(prefix)]
    return None


def resolve_entry_function(
    target: ast.Target, call: SyscallInfo, scope: TargetScope, *, returning: bool
) -> tuple[ResolvedTarget, ...]:
    """Return the call's entry function with the call's own arguments, by the best mechanism there is."""
    features = scope.kernel.features
    probe = f"{target.kind}:{target.parts[0]}"
    wants_fentry = scope.prefer == "fentry" or not features.kprobe.present
    if call.entry_function and features.fentry.present and wants_fentry:
        return (_by_function(probe, call, scope, returning=returning, fentry=True),)
    if call.entry_function and features.kprobe.present:
        return (_by_function(probe, call, scope, returning=returning, fentry=False),)
    if call.has_tracepoint:
        place = by_tracepoint(probe, call, scope, returning=returning)
        note = f"through the call's tracepoint, as this kernel has {features.kprobe.reason}"
        return (replace(place, notes=(note,)),)
    raise cannot_probe(target, scope, [features.kprobe.reason, features.fentry.reason])


def _by_function(
    probe: str, call: SyscallInfo, scope: TargetScope, *, returning: bool, fentry: bool
) -> ResolvedTarget:
    wrapped = scope.kernel.features.syscall_wrapper.present
    first: FunctionArgument | TracingArgument = TracingArgument(0) if fentry else FunctionArgument(0)

    def source(index: int) -> Source:
        if wrapped:
            return WrappedSyscallArgument(index, first)
        return TracingArgument(index) if fentry else FunctionArgument(index)

    entry, leave = (
        (Mechanism.FENTRY, Mechanism.FEXIT) if fentry else (Mechanism.KPROBE, Mechanism.KRETPROBE)
    )
    place = ResolvedTarget(
        probe, call.name, leave if returning else entry, call.entry_function, space=Space.USER
    )
    arguments = tuple(
        Argument(name, scope.types.from_c(c_type, Space.USER, 8, signed=False), source(index))
        for index, (name, c_type) in enumerate(call.arguments)
    )
    positional = tuple(a.source for a in arguments)
    if not returning:
        return replace(place, arguments=arguments, positional=positional)
    at = TracingArgument(1 if wrapped else len(arguments)) if fentry else FunctionReturn()
    place = replace(place, returns=Argument("retval", S64, at))
    return replace(place, arguments=arguments, positional=positional) if fentry else place


KINDS: Final = (
    SyscallKind(
        "syscall",
        (),
        "syscall:NAME",
        "entry of a system call, with its own arguments",
        "syscall:openat capture comm, filename",
        returning=False,
    ),
    SyscallKind(
        "sysret",
        (),
        "sysret:NAME",
        "return of a system call",
        "sysret:openat where retval < 0 capture comm, errno(retval)",
        returning=True,
    ),
)
