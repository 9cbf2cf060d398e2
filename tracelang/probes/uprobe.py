"""`uprobe:` and `uretprobe:`: entry and return of a function of a program or library."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tracelang.dataclass import dataclass
from tracelang.mechanism import Mechanism
from tracelang.semantic.model import ResolvedTarget
from tracelang.semantic.probe_kind import TargetScope
from tracelang.semantic.targets import expect_parts
from tracelang.syntax import ast


@dataclass(frozen=True, slots=True)
class UprobeKind:
    """A user function's entry (`uprobe`) or return (`uretprobe`)."""

    name: str
    aliases: tuple[str, ...]
    form: str
    summary: str
    example: str
    mechanism: Mechanism

    def resolve(self, target: ast.Target, scope: TargetScope) -> tuple[ResolvedTarget, ...]:
        """Return the functions, each address once; a versioned name's every version."""
        # Late: most scripts look into no binary.
        from tracelang.probes.user_functions import resolve_functions

        expect_parts(target, 2, 2, self.form)
        return resolve_functions(target, self.name, self.mechanism, scope)

    def names(self, scope: TargetScope) -> Iterator[str]:
        """Yield nothing, there are millions; `user_functions.list_symbols` lists one binary's."""
        return iter(())


KINDS: Final = (
    UprobeKind(
        "uprobe",
        ("u",),
        "uprobe:BINARY:FUNCTION",
        "entry of a function of a program or library",
        "uprobe:libc:getaddrinfo(node: str, service: str) capture comm, node, service",
        Mechanism.UPROBE,
    ),
    UprobeKind(
        "uretprobe",
        ("ur",),
        "uretprobe:BINARY:FUNCTION",
        "return of a function of a program or library",
        "uretprobe:bash:readline capture pid, str(retval) as command",
        Mechanism.URETPROBE,
    ),
)
