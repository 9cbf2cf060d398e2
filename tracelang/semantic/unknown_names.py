"""What to say of a name that means nothing: what it may have meant, and where it has a meaning."""

from __future__ import annotations

from collections.abc import Iterable

from tracelang.diagnostics import DiagnosticError, fail
from tracelang.registry import did_you_mean, nearest
from tracelang.semantic.constants import constant_names
from tracelang.semantic.scope import RuleScope
from tracelang.semantic.targets import RETURN_OF
from tracelang.syntax import ast


def entry_of(probe: str) -> str:
    """Return the target that fires at the entry of what `probe` fires at the return of."""
    kind, _, rest = probe.partition(":")
    entries = {leave: entry for entry, leave in RETURN_OF.items()}
    return f"{entries.get(kind, kind)}:{rest}"


def unknown_name(node: ast.Name, scope: RuleScope, visible: Iterable[str]) -> DiagnosticError:
    """Build the error for a name that means nothing; `visible` are the names that would.

    T297 for a stage of a span, T203 for what could be a field of the target, T253 for a constant,
    T252 for a definition that needs itself.
    """
    name, target = node.name, scope.target
    if name in scope.in_progress and name in scope.script.lets:
        return fail(
            "T252",
            f"the definition of `{name}` needs `{name}` itself",
            node.span,
            help=["write out what it stands for, or give one of the two another name"],
        )
    if name in scope.stages:
        return fail(
            "T297",
            f"`{name}` is a stage of the span, not a value",
            node.span,
            help=[f"name what is read of it: `{name}.duration`, `{name}.ts`, `{name}.pid`"],
        )
    near = nearest(name, (*visible, *scope.stages))
    if not near and name.isupper():
        return _unknown_constant(node)
    arguments = [a.name for a in target.arguments]
    arguments += ["retval"] if target.returns is not None else []
    has = f"it has: {', '.join(arguments)}" if arguments else "it has no fields of its own"
    help_ = [" ".join([*did_you_mean(near), has])]
    if target.returns is not None and not target.arguments:
        help_.append(f"its arguments are known at the entry: `{entry_of(target.probe)}`")
    what = describe_target(target.probe)
    return fail("T203", f"{what} has no field `{name}`", node.span, help=help_)


def describe_target(probe: str) -> str:
    """Name a target in words: `tracepoint sched:sched_switch`."""
    kind, _, rest = probe.partition(":")
    return f"{kind} {rest}" if rest else f"`{probe}`"


def _unknown_constant(node: ast.Name) -> DiagnosticError:
    help_ = did_you_mean(nearest(node.name, dict.fromkeys(constant_names())))
    help_.append("known are the kernel's own enums and the C library's families of constants")
    return fail("T253", f"there is no constant `{node.name}`", node.span, help=help_)
