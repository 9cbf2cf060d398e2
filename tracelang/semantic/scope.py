"""What names can mean while one rule is resolved for one target."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tracelang.decoders.protocol import Decoder
from tracelang.kernel.view import KernelView
from tracelang.registry import Registry
from tracelang.semantic.expressions import Constant, Expression
from tracelang.semantic.model import ResolvedTarget
from tracelang.semantic.type_table import TypeTable
from tracelang.syntax import ast


@dataclass(frozen=True, slots=True)
class ScriptScope:
    """What all rules of a script share. `text_limit` is the most bytes a text keeps."""

    kernel: KernelView
    types: TypeTable
    decoders: Registry[Decoder]
    text_limit: int
    params: Mapping[str, Constant] = field(default_factory=dict)
    lets: Mapping[str, ast.Let] = field(default_factory=dict)
    tables: Mapping[str, ast.Table] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RuleScope:
    """One rule on one target. `aliases` are the rule's own `as` names."""

    script: ScriptScope
    target: ResolvedTarget
    aliases: Mapping[str, ast.Expr] = field(default_factory=dict)
    bindings: Mapping[str, Expression] = field(default_factory=dict)
    """Parameters of a prelude function; they hide everything else."""
    in_progress: frozenset[str] = frozenset()
    """Aliases and lets being resolved: inside its own definition a name means what it hides."""
    declared: frozenset[str] = frozenset()
    """Arguments the target names itself in parentheses."""
    end: ResolvedTarget | None = None
    """Of a span: where it ends; `target` is where it starts."""
    only_at_end: frozenset[str] = frozenset()
    """Of a span: what its end has and not every start, so that a bare name means the end's."""
