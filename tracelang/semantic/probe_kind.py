"""What a probe kind is: the part that knows one sort of target."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Protocol

from tracelang.dataclass import dataclass
from tracelang.diagnostics import Reporter
from tracelang.kernel.view import KernelView
from tracelang.semantic.model import ResolvedTarget
from tracelang.semantic.observed import Observed
from tracelang.semantic.options import MOST_PROBES
from tracelang.semantic.type_table import TypeTable
from tracelang.syntax import ast


@dataclass(frozen=True, slots=True)
class TargetScope:
    """What targets are resolved against.

    `prefer` is `kprobe`, `fentry` or empty: the mechanism for kernel functions where both are to be
    had. `most_probes` is how many places a rule may have. `asking` tells how many rules, or sides
    of spans, name targets of each kind. What is read of the machine besides the kernel goes to
    `observed`, what is worth a warning to `reporter`.
    """

    kernel: KernelView
    types: TypeTable
    prefer: str = ""
    most_probes: int = MOST_PROBES
    observed: Observed = field(default_factory=Observed)
    reporter: Reporter = field(default_factory=Reporter)
    asking: Mapping[str, int] = field(default_factory=dict)


class ProbeKind(Protocol):
    """One kind of target."""

    @property
    def name(self) -> str:
        """The word its targets begin with."""
        ...

    @property
    def aliases(self) -> tuple[str, ...]:
        """Shorter words for the same."""
        ...

    @property
    def form(self) -> str:
        """How its targets are written, such as `kprobe:FUNCTION`."""
        ...

    @property
    def summary(self) -> str:
        """What its targets are, in a few words."""
        ...

    @property
    def example(self) -> str:
        """A script that uses it."""
        ...

    def resolve(self, target: ast.Target, scope: TargetScope) -> tuple[ResolvedTarget, ...]:
        """Return every place the target means, wildcards expanded.

        Raises `DiagnosticError`: T202 when there is no such place, T30x or T31x when this kernel
        offers no way to it.
        """
        ...

    def names(self, scope: TargetScope) -> Iterator[str]:
        """Yield the full names of all targets of this kind that the machine offers, if any."""
        ...
