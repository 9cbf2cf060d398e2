"""`kprobe:` and `kretprobe:`: entry and return of a kernel function, by what this kernel offers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from tracelang.dataclass import dataclass
from tracelang.kernel.view import Feature
from tracelang.mechanism import Mechanism
from tracelang.probes import fentry, syscall
from tracelang.probes.functions import cannot_probe, describe_function, find_functions
from tracelang.semantic.model import Argument, ResolvedTarget
from tracelang.semantic.probe_kind import TargetScope
from tracelang.semantic.sources import FunctionArgument, FunctionReturn
from tracelang.semantic.targets import expect_parts, is_pattern
from tracelang.syntax import ast


@dataclass(frozen=True, slots=True)
class KprobeKind:
    """A kernel function's entry (`kprobe`) or return (`kretprobe`)."""

    name: str
    aliases: tuple[str, ...]
    form: str
    summary: str
    example: str
    mechanism: Mechanism

    def resolve(self, target: ast.Target, scope: TargetScope) -> tuple[ResolvedTarget, ...]:
        """Return the functions, by kprobe or else by fentry; `sys_NAME` is that system call."""
        expect_parts(target, 1, 1, self.form)
        returning = self.mechanism is Mechanism.KRETPROBE
        call = syscall.historic_name(target, scope)
        if call is not None:
            return syscall.resolve_entry_function(target, call, scope, returning=returning)
        functions = find_functions(target, scope)
        by_kprobe, by_fentry = scope.kernel.features.kprobe, scope.kernel.features.fentry
        if use_fentry(scope, by_kprobe, by_fentry) and not target.offset:
            places = tuple(
                fentry.resolve_function(f, scope, returning=returning) for f in functions
            )
            return tuple(replace(p, probe=f"{self.name}:{p.function}") for p in places)
        if not by_kprobe.present:
            raise cannot_probe(target, scope, [by_kprobe.reason, by_fentry.reason])
        matched = is_pattern(target.parts[0])
        found = (self._by_kprobe(f, target.offset, scope) for f in functions)
        return tuple(replace(place, matched=matched) for place in found)

    def _by_kprobe(self, function: str, offset: int, scope: TargetScope) -> ResolvedTarget:
        signature = describe_function(function, scope, FunctionArgument, in_registers=True)
        probe = f"{self.name}:{function}" + (f"+{offset:#x}" if offset else "")
        place = ResolvedTarget(probe, function, self.mechanism, function, offset=offset)
        if self.mechanism is Mechanism.KRETPROBE:
            returns = Argument("retval", signature.returns, FunctionReturn())
            return replace(place, returns=returns)
        if offset:
            return place
        return replace(place, arguments=signature.arguments, positional=signature.positional)

    def names(self, scope: TargetScope) -> Iterator[str]:
        """Yield every traceable function."""
        return (f"{self.name}:{f}" for f in sorted(scope.kernel.functions()))


def use_fentry(scope: TargetScope, by_kprobe: Feature, by_fentry: Feature) -> bool:
    """Tell whether a function is to be reached by fentry: asked for, or there is nothing else."""
    if scope.prefer == "fentry" and by_fentry.present:
        return True
    return not by_kprobe.present and by_fentry.present


KINDS: Final = (
    KprobeKind(
        "kprobe",
        ("k",),
        "kprobe:FUNCTION",
        "entry of a kernel function",
        "kprobe:vfs_open capture comm, pid",
        Mechanism.KPROBE,
    ),
    KprobeKind(
        "kretprobe",
        ("kr",),
        "kretprobe:FUNCTION",
        "return of a kernel function",
        "kretprobe:vfs_open where retval != 0 capture comm, retval",
        Mechanism.KRETPROBE,
    ),
)
