"""Targets, and the C types that their arguments are declared with."""

from __future__ import annotations

from tracelang.dataclass import dataclass
from tracelang.syntax.ast.node import Node


@dataclass(frozen=True, slots=True)
class TypeName(Node):
    """A C type as written: `struct tcp_sock`, `u32`, `str`; `pointers` counts the stars after it.

    `keyword` is `struct`, `union`, `enum` or empty.
    """

    keyword: str
    name: str
    pointers: int = 0


@dataclass(frozen=True, slots=True)
class TargetArgument(Node):
    """One declared argument of a target: `path: str`; `name` is `_` for one that is skipped."""

    name: str
    type: TypeName | None = None


@dataclass(frozen=True, slots=True)
class Target(Node):
    """One probe target as written: `parts` are what stands between the colons after the kind.

    Quotes around a part are removed, `+0x10` behind the last part is taken off into `offset`.
    `arguments` is None where the target names none itself, `()` for empty parentheses. Where a
    param stands for targets, `kind` is its name in braces.
    """

    kind: str
    parts: tuple[str, ...]
    offset: int = 0
    arguments: tuple[TargetArgument, ...] | None = None

    @property
    def param(self) -> str:
        """The name of the param that stands for targets here, or nothing."""
        return self.kind[1:-1] if self.kind.startswith("{") else ""

    def __str__(self) -> str:
        suffix = f"+{self.offset:#x}" if self.offset else ""
        return ":".join((self.kind, *self.parts)) + suffix


@dataclass(frozen=True, slots=True)
class TargetChoice(Node):
    """`A or B or …`: the first that the kernel has is taken. One option is the ordinary case."""

    options: tuple[Target, ...]
