"""`fentry:` and `fexit:`: entry and return of a kernel function through BPF trampolines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tracelang.dataclass import dataclass
from tracelang.mechanism import Mechanism
from tracelang.probes.functions import cannot_probe, describe_function, find_functions
from tracelang.semantic.model import Argument, ResolvedTarget
from tracelang.semantic.probe_kind import TargetScope
from tracelang.semantic.sources import TracingArgument
from tracelang.semantic.targets import expect_parts
from tracelang.syntax import ast


@dataclass(frozen=True, slots=True)
class FentryKind:
    """A kernel function's entry (`fentry`) or return (`fexit`), by that mechanism only."""

    name: str
    aliases: tuple[str, ...]
    form: str
    summary: str
    example: str
    returning: bool

    def resolve(self, target: ast.Target, scope: TargetScope) -> tuple[ResolvedTarget, ...]:
        """Return the functions; T360 where the kernel refuses tracing programs."""
        expect_parts(target, 1, 1, self.form)
        functions = find_functions(target, scope)
        feature = scope.kernel.features.fentry
        if not feature.present:
            raise cannot_probe(target, scope, [feature.reason])
        return tuple(resolve_function(f, scope, returning=self.returning) for f in functions)

    def names(self, scope: TargetScope) -> Iterator[str]:
        """Yield every traceable function."""
        return (f"{self.name}:{f}" for f in sorted(scope.kernel.functions()))


def resolve_function(function: str, scope: TargetScope, *, returning: bool) -> ResolvedTarget:
    """Return the entry or return of one function; a return has its arguments too."""
    signature = describe_function(function, scope, TracingArgument, in_registers=False)
    kind, mechanism = ("fexit", Mechanism.FEXIT) if returning else ("fentry", Mechanism.FENTRY)
    returns = None
    if returning:
        place = TracingArgument(len(signature.positional))
        returns = Argument("retval", signature.returns, place)
    return ResolvedTarget(
        f"{kind}:{function}",
        function,
        mechanism,
        function,
        signature.arguments,
        returns,
        signature.positional,
    )


KINDS: Final = (
    FentryKind(
        "fentry",
        ("f", "kfunc"),
        "fentry:FUNCTION",
        "entry of a kernel function, by BPF trampoline",
        "fentry:vfs_open capture comm, pid",
        returning=False,
    ),
    FentryKind(
        "fexit",
        ("fr", "kretfunc"),
        "fexit:FUNCTION",
        "return of a kernel function with its arguments, by BPF trampoline",
        "fexit:vfs_open capture comm, retval",
        returning=True,
    ),
)
