"""What names can mean while one rule is resolved for one target."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from tracelang.dataclass import dataclass
from tracelang.decoders.protocol import Decoder
from tracelang.kernel.view import KernelView
from tracelang.registry import Registry
from tracelang.semantic.expressions import Constant, Expression
from tracelang.semantic.model import ResolvedTarget
from tracelang.semantic.observed import Observed
from tracelang.semantic.type_table import TypeTable
from tracelang.semantic.watched import WatchedCalls
from tracelang.syntax import ast


@dataclass(frozen=True, slots=True)
class ScriptScope:
    """What all rules of a script share. `text_limit` is the most bytes a text keeps.

    What is read of the machine besides the kernel goes to `observed`.
    """

    kernel: KernelView
    types: TypeTable
    decoders: Registry[Decoder]
    text_limit: int
    params: Mapping[str, Constant] = field(default_factory=dict)
    lets: Mapping[str, ast.Let] = field(default_factory=dict)
    tables: Mapping[str, ast.Table] = field(default_factory=dict)
    observed: Observed = field(default_factory=Observed)
    calls: WatchedCalls | None = None
    """What finds the calls that `inside` names; None where only types are asked for."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A `via` leg of a span: its number, from 1, and one of its places."""

    number: int
    target: ResolvedTarget


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
    stages: Mapping[str, Stage] = field(default_factory=dict)
    """Of a span: its `via` legs by label."""
    only_at_end: frozenset[str] = frozenset()
    """Of a span: what its end has and not every start, so that a bare name means the end's."""
