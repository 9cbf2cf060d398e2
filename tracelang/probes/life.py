"""`begin` and `end`: once, when tracing starts and ends."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tracelang.dataclass import dataclass
from tracelang.diagnostics import fail
from tracelang.mechanism import Mechanism
from tracelang.semantic.model import ResolvedTarget
from tracelang.semantic.probe_kind import TargetScope
from tracelang.syntax import ast


@dataclass(frozen=True, slots=True)
class LifeKind:
    """A moment in the tracer's own life; the running task is the tracer."""

    name: str
    summary: str
    example: str
    aliases: tuple[str, ...] = ()

    @property
    def form(self) -> str:
        """How the target is written."""
        return self.name

    def resolve(self, target: ast.Target, scope: TargetScope) -> tuple[ResolvedTarget, ...]:
        """Return the moment itself."""
        if target.parts:
            raise fail(
                "T233", f"`{self.name}` stands alone", target.span, help=[f"write `{self.name}`"]
            )
        return (ResolvedTarget(self.name, self.name, Mechanism.RUN, self.name, has_task=False),)

    def names(self, scope: TargetScope) -> Iterator[str]:
        """Yield the one target."""
        return iter((self.name,))


KINDS: Final = (
    LifeKind("begin", "once, before the first event", 'begin print "tracing"'),
    LifeKind("end", "once, after the last event", 'end print "done"'),
)
