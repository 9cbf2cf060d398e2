"""`syscall:` and `sysret:`: system calls by their own names and arguments, on any architecture."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from tracelang.dataclass import dataclass
from tracelang.diagnostics import fail
from tracelang.kernel.view import SyscallInfo
from tracelang.mechanism import Mechanism
from tracelang.probes.busy import BUSY
from tracelang.probes.functions import cannot_probe
from tracelang.probes.tracepoint import cannot_list
from tracelang.semantic.expressions import (
    Arithmetic,
    Compare,
    Constant,
    Expression,
)
from tracelang.semantic.model import Argument, ResolvedTarget, Selector
from tracelang.semantic.probe_kind import TargetScope
from tracelang.semantic.sources import (
    ContextField,
    FunctionArgument,
    FunctionReturn,
    Source,
    SyscallNumber,
    TracingArgument,
    WrappedSyscallArgument,
)
from tracelang.semantic.targets import expect_parts, match_names, no_such_target
from tracelang.semantic.tasks import thread_info_member
from tracelang.semantic.types import BOOL, S64, U64, Space
from tracelang.syntax import ast

_CATEGORY: Final = "syscalls"
_MANY: Final = 8
"""More calls than this are sooner attached by one raw tracepoint than by a tracepoint for each."""


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
        if not calls:
            raise cannot_list(target)
        name = scope.kernel.syscall_aliases().get(target.parts[0], target.parts[0])
        found = match_names(name, calls)
        if not found:
            raise no_such_target(target, f"system call `{target.parts[0]}`", calls, f"{self.name}:")
        infos = [calls[name] for name in found]
        alone = scope.asking.get("syscall", 0) + scope.asking.get("sysret", 0) <= 1
        busy = alone and not self.returning and any(call.name in BUSY for call in infos)
        if (len(infos) > _MANY or busy) and scope.kernel.features.raw_tracepoint.present:
            return tuple(self._among_many(target, call, scope) for call in infos)
        return tuple(self._place(target, call, scope) for call in infos)

    def _among_many(
        self, target: ast.Target, call: SyscallInfo, scope: TargetScope
    ) -> ResolvedTarget:
        """Return one of many or busy calls: all share the raw tracepoint that sees every call."""
        if call.number is None:
            return self._place(target, call, scope)
        return by_raw_tracepoint(f"{self.name}:{call.name}", call, scope, returning=self.returning)

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

    Every value is a whole register in the tracepoint's record; its type says how much counts.
    """
    event = f"sys_{'exit' if returning else 'enter'}_{call.name}"
    format_ = scope.kernel.tracepoint(_CATEGORY, event)
    place = ResolvedTarget(
        *(probe, call.name, Mechanism.TRACEPOINT, f"{_CATEGORY}:{event}"),
        space=Space.USER,
        exclusive=True,
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
    return replace(place, arguments=tuple(arguments), positional=tuple(a.source for a in arguments))


def by_raw_tracepoint(
    probe: str, call: SyscallInfo, scope: TargetScope, *, returning: bool
) -> ResolvedTarget:
    """Return a system call as one of those the raw tracepoint of all calls sees.

    sys_enter has the registers and the number, sys_exit the registers and the result
    (include/trace/events/syscalls.h).
    """
    assert call.number is not None
    registers = TracingArgument(0)
    place = ResolvedTarget(
        probe,
        call.name,
        Mechanism.RAW_TRACEPOINT,
        "sys_exit" if returning else "sys_enter",
        space=Space.USER,
        selector=Selector(
            SyscallNumber(registers) if returning else TracingArgument(1),
            call.number,
            _is_32_bit(scope),
        ),
        exclusive=True,
    )
    if returning:
        return replace(place, returns=Argument("retval", S64, TracingArgument(1)))
    arguments = tuple(
        Argument(
            name,
            scope.types.from_c(c_type, Space.USER, 8, signed=False),
            WrappedSyscallArgument(index, registers),
        )
        for index, (name, c_type) in enumerate(call.arguments)
    )
    return replace(place, arguments=arguments, positional=tuple(a.source for a in arguments))


def _is_32_bit(scope: TargetScope) -> Expression | None:
    """Return whether the running call is a 32-bit program's, whose numbers mean other calls.

    x86 keeps that in the thread's status (TS_COMPAT), arm64 in its flags (TIF_32BIT).
    """
    member, bit = {"x86_64": ("status", 0x2), "aarch64": ("flags", 1 << 22)}.get(
        scope.kernel.architecture, ("", 0)
    )
    status = thread_info_member(member, scope.kernel, scope.types)
    if status is None:
        return None
    return Compare(BOOL, "!=", Arithmetic(U64, "&", status, Constant(U64, bit)), Constant(U64, 0))


# --- The historic names ---------------------------------------------------------------------------


def historic_name(target: ast.Target, scope: TargetScope) -> SyscallInfo | None:
    """Return the system call that `sys_NAME` or an architecture's entry function stands for."""
    calls = scope.kernel.syscalls()
    function = target.parts[0]
    if not calls and function.startswith("sys_"):
        raise cannot_list(target)
    for prefix in ("__x64_sys_", "__arm64_sys_", "__se_sys_", "SyS_", "sys_"):
        if function.startswith(prefix) and function.removeprefix(prefix) in calls:
            return calls[function.removeprefix(prefix)]
    return None


def resolve_entry_function(
    target: ast.Target, call: SyscallInfo, scope: TargetScope, *, returning: bool
) -> tuple[ResolvedTarget, ...]:
    """Return the call's entry function with the call's own arguments, by the best mechanism."""
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
    first: FunctionArgument | TracingArgument = (
        TracingArgument(0) if fentry else FunctionArgument(0)
    )

    def source(index: int) -> Source:
        if wrapped:
            return WrappedSyscallArgument(index, first)
        return TracingArgument(index) if fentry else FunctionArgument(index)

    entry, leave = (
        (Mechanism.FENTRY, Mechanism.FEXIT) if fentry else (Mechanism.KPROBE, Mechanism.KRETPROBE)
    )
    place = ResolvedTarget(
        *(probe, call.name, leave if returning else entry, call.entry_function),
        space=Space.USER,
        exclusive=True,
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
