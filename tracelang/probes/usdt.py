"""`usdt:`: a static probe that a program or library was built with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tracelang.dataclass import dataclass
from tracelang.semantic.model import ResolvedTarget
from tracelang.semantic.probe_kind import TargetScope
from tracelang.semantic.targets import expect_parts
from tracelang.syntax import ast


@dataclass(frozen=True, slots=True)
class UsdtKind:
    """A probe its program's author put there, with the arguments chosen for it."""

    name: str = "usdt"
    aliases: tuple[str, ...] = ("U",)
    form: str = "usdt:BINARY:PROVIDER:NAME"
    summary: str = "a static probe of a program or library"
    example: str = "usdt:libstdc++:libstdcxx:throw capture comm, pid"

    def resolve(self, target: ast.Target, scope: TargetScope) -> tuple[ResolvedTarget, ...]:
        """Return every place of the probes; `usdt:BINARY:NAME` is that of any provider."""
        # Late: most scripts look into no binary.
        from tracelang.probes.user_probes import resolve_probes

        expect_parts(target, 2, 3, self.form)
        return resolve_probes(target, scope)

    def names(self, scope: TargetScope) -> Iterator[str]:
        """Yield nothing: all binaries would be opened; `user_probes.list_probes` lists one's."""
        return iter(())


KINDS: Final = (UsdtKind(),)
