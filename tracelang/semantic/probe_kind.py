"""What a probe kind is: the part that knows one sort of target."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from tracelang.kernel.view import KernelView
from tracelang.semantic.model import ResolvedTarget
from tracelang.semantic.type_table import TypeTable
from tracelang.syntax import ast


@dataclass(frozen=True, slots=True)
class TargetScope:
    """What targets are resolved against.

    `prefer` is `kprobe`, `fentry` or empty: the mechanism for kernel functions where both are to be had.
    """

    kernel: KernelView
    types: TypeTable
    prefer: str = ""


class ProbeKind(Protocol):
    """One kind of target. `form` shows how it is written, `example` is a script that uses it."""

    @property
    def name(self) -> str: ...
    @property
    def aliases(self) -> tuple[str, ...]: ...
    @property
    def form(self) -> str: ...
    @property
    def summary(self) -> str: ...
    @property
    def example(self) -> str: ...

    def resolve(self, target: ast.Target, scope: TargetScope) -> tuple[ResolvedTarget, ...]:
        """Return every place the target means, wildcards expanded.

        Raises `DiagnosticError`: T202 when there is no such place, T30x/T31x when this kernel cannot.
        """
        ...

    def names(self, scope: TargetScope) -> Iterator[str]:
        """Yield the full names of all targets of this kind that the machine offers (may be none)."""
        ...
