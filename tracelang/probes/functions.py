"""Kernel functions as BTF has them: their arguments, and the error when nothing can probe them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from tracelang.dataclass import dataclass
from tracelang.diagnostics import Diagnostic, DiagnosticError, Label, Severity, fail
from tracelang.registry import nearest
from tracelang.semantic.model import Argument
from tracelang.semantic.probe_kind import TargetScope
from tracelang.semantic.sources import Source
from tracelang.semantic.targets import check_number, is_pattern, match_names, no_such_target
from tracelang.semantic.type_table import is_text_pointer
from tracelang.semantic.types import S64, Pointer, Space, Struct, Type
from tracelang.syntax import ast

_REGISTER_ARGUMENTS: Final = {"x86_64": 6, "aarch64": 8}
"""How many arguments travel in registers (the System V and AAPCS64 calling conventions)."""

_SHOWN: Final = 3
_INSTEAD: Final = {
    "tcp_connect": ("tracepoint:sock:inet_sock_set_state", "syscall:connect"),
    "tcp_v4_connect": ("tracepoint:sock:inet_sock_set_state", "syscall:connect"),
    "tcp_set_state": ("tracepoint:sock:inet_sock_set_state",),
    "tcp_close": ("tracepoint:sock:inet_sock_set_state",),
    "tcp_sendmsg": ("tracepoint:sock:sock_send_length", "syscall:sendto"),
    "tcp_cleanup_rbuf": ("tracepoint:sock:sock_recv_length", "syscall:recvfrom"),
    "tcp_retransmit_skb": ("tracepoint:tcp:tcp_retransmit_skb",),
    "tcp_drop": ("tracepoint:skb:kfree_skb",),
    "kfree_skb_reason": ("tracepoint:skb:kfree_skb",),
    "vfs_read": ("sysret:read",),
    "vfs_write": ("sysret:write",),
    "vfs_open": ("syscall:openat",),
    "do_sys_openat2": ("syscall:openat", "syscall:openat2"),
    "do_nanosleep": ("syscall:clock_nanosleep",),
    "oom_kill_process": ("tracepoint:oom:mark_victim",),
    "blk_account_io_start": ("tracepoint:block:block_rq_issue",),
    "blk_account_io_done": ("tracepoint:block:block_rq_complete",),
    "cap_capable": ("tracepoint:capability:cap_capable",),
    "finish_task_switch": ("tracepoint:sched:sched_switch",),
    "wake_up_new_task": ("tracepoint:sched:sched_wakeup_new",),
    "do_exit": ("tracepoint:sched:sched_process_exit",),
}
"""Static events that see what a well-known function does."""


@dataclass(frozen=True, slots=True)
class Signature:
    """A kernel function's arguments and return value, for one way of reading them."""

    arguments: tuple[Argument, ...]
    positional: tuple[Source, ...]
    returns: Type


def describe_function(
    name: str, scope: TargetScope, source: Callable[[int], Source], *, in_registers: bool
) -> Signature:
    """Return a function's arguments by name and type, read by `source(position)`.

    Arguments that are passed as whole structs, or on the stack when `in_registers`, are left out.
    """
    most = _REGISTER_ARGUMENTS.get(scope.kernel.architecture, 6)
    prototype = scope.types.btf.function(name) if scope.types.btf is not None else None
    if prototype is None:
        return Signature((), tuple(source(i) for i in range(most)), S64)
    arguments: list[Argument] = []
    positional: list[Source] = []
    for parameter, type_id in prototype.parameters:
        type_ = scope.types.of(type_id)
        if isinstance(type_, Struct) or (in_registers and len(positional) >= most):
            break
        place = source(len(positional))
        positional.append(place)
        if parameter:
            arguments.append(Argument(parameter, argument_type(type_, scope), place))
    returns = scope.types.of(prototype.returns) if prototype.returns else S64
    return Signature(tuple(arguments), tuple(positional), returns)


def argument_type(type_: Type, scope: TargetScope) -> Type:
    """Return a kernel function argument's type: text may lie in the kernel or in the process."""
    if isinstance(type_, Pointer) and is_text_pointer(scope.types, type_):
        return Pointer(type_.target, Space.EITHER, type_.spelling)
    return type_


def find_functions(target: ast.Target, scope: TargetScope) -> list[str]:
    """Return the traceable functions a target names (T202 for none, T230 for too many)."""
    name = target.parts[0]
    if is_pattern(name):
        matching = match_names(name, scope.kernel.functions())
        check_number(len(matching), scope.most_probes, target.span)
        found = _without_shared(matching, target, scope)
    else:
        found = [name] if scope.kernel.function_is_traceable(name) else []
    if not found:
        raise no_such_target(
            *(target, f"kernel function `{name}`", scope.kernel.functions(), f"{target.kind}:"),
            "a module's functions are there once it is loaded: `modprobe MODULE`",
        )
    return found


def _without_shared(names: list[str], target: ast.Target, scope: TargetScope) -> list[str]:
    """Return names that stand for one function each, with a warning where there were others."""
    shared = scope.kernel.shared_names(names)
    if not shared:
        return names
    shown = ", ".join(f"`{name}`" for name in shared[:_SHOWN])
    if len(shared) > _SHOWN:
        shown += f" and {len(shared) - _SHOWN} more"
    warning = Diagnostic(
        "T239",
        f"names that several functions have are left out: {shown}",
        Label(target.span),
        notes=("the kernel finds functions by their names, and would take any of them",),
        severity=Severity.WARNING,
    )
    scope.reporter.add(warning)
    left_out = frozenset(shared)
    return [name for name in names if name not in left_out]


def cannot_probe(target: ast.Target, scope: TargetScope, reasons: list[str]) -> DiagnosticError:
    """Build the error for a function no mechanism of this kernel reaches, with what there is."""
    name = target.parts[0]
    known = dict.fromkeys(f"tracepoint:{c}:{e}" for c, e in scope.kernel.tracepoints())
    instead = [t for t in _INSTEAD.get(name, ()) if not t.startswith("tracepoint:") or t in known]
    if not instead:
        events = {t.rpartition(":")[2]: t for t in known}
        instead = [events[n] for n in nearest(name, events)] or _sharing_words(name, known)
    help_ = [f"nearest on this kernel: {', '.join(f'`{t}`' for t in instead)}"] if instead else []
    return fail(
        "T360",
        f"this kernel cannot probe the function `{name}`",
        target.span,
        notes=reasons,
        help=help_,
    )


def _sharing_words(name: str, targets: dict[str, None]) -> list[str]:
    words = {w for w in name.split("_") if len(w) > 2}
    scored = [(len(words & set(t.replace(":", "_").split("_"))), t) for t in targets]
    best = sorted((s for s in scored if s[0]), key=lambda s: (-s[0], len(s[1]), s[1]))
    return [t for _, t in best[:3]]
