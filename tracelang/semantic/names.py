"""What a bare name means: the order of language.md §3, and what to say when it means nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final, Protocol

from tracelang.decoders.protocol import Decoding
from tracelang.diagnostics import fail
from tracelang.semantic import prelude
from tracelang.semantic.constants import find_constant
from tracelang.semantic.expressions import (
    ArgumentValue,
    Builtin,
    Constant,
    ContextPlace,
    Expression,
    StackTaken,
)
from tracelang.semantic.model import Argument, ResolvedTarget
from tracelang.semantic.scope import RuleScope
from tracelang.semantic.sources import DynamicField, EmbeddedField
from tracelang.semantic.targets import RETURN_OF
from tracelang.semantic.types import (
    COMM,
    DURATION,
    MOST_FRAMES,
    STACK,
    U32,
    U64,
    Pointer,
    Space,
    Text,
    Type,
)
from tracelang.semantic.unknown_names import entry_of, unknown_name
from tracelang.semantic.values import integer
from tracelang.source import Span
from tracelang.syntax import ast

_SIMPLE: Final[dict[str, tuple[Type, str | None]]] = {
    "pid": (U32, None),
    "tid": (U32, None),
    "uid": (U32, None),
    "gid": (U32, None),
    "user": (U32, "user"),
    "comm": (COMM, "text"),
    "cpu": (U32, None),
    "ts": (U64, "timestamp"),
    "time": (U64, "time"),
    "elapsed": (U64, "elapsed"),
    "func": (U32, "func"),
    "probe": (U32, "probe"),
    "cgroup_id": (U64, None),
    "cgroup": (U64, "cgroup_path"),
    "container": (U64, "container"),
}
_POSITIONAL: Final = re.compile(r"arg(\d)")
_PRIMITIVE: Final = {"user": "uid", "time": "ts", "elapsed": "ts", "cgroup": "cgroup_id"}
_PRIMITIVE_CONTAINER: Final = {"container": "cgroup_id"}
STACKS: Final = {"kstack": False, "ustack": True}
"""The builtins that are call stacks, and whether of the process."""

BUILTINS: Final = (*_SIMPLE, "task", *STACKS, *prelude.NAMES)
"""Every builtin name, in the order of the documentation."""


class Resolves(Protocol):
    """The resolver, as the parts of it see it."""

    scope: RuleScope

    def resolve(self, expr: ast.Expr) -> Expression:
        """Return the typed value of an expression; raises `DiagnosticError`."""
        ...

    def resolve_within(self, expr: ast.Expr, name: str) -> Expression:
        """Resolve an alias's or let's own expression, in which `name` means what it hides."""
        ...

    def resolve_prelude(
        self, text: str, name: str, bindings: dict[str, Expression], span: Span
    ) -> Expression:
        """Resolve one of the prelude's expressions, with its errors at `span`."""
        ...


def resolve_name(node: ast.Name, resolver: Resolves) -> Expression:
    """Return what a bare name means in the resolver's scope, or raise T201."""
    scope, name = resolver.scope, node.name
    if name in scope.bindings:
        return scope.bindings[name]
    if name not in scope.in_progress:
        if name in scope.aliases:
            return resolver.resolve_within(scope.aliases[name], name)
        if name in scope.script.lets:
            return resolver.resolve_within(scope.script.lets[name].expression, name)
    first = scope.target.arguments_first or name in scope.declared
    if first and (found := find_argument(name, scope)):
        return argument_value(found, node.span)
    if scope.end is not None and (ended := _of_the_end(node, scope.end)) is not None:
        return ended
    if (builtin := _builtin(node, resolver)) is not None:
        return builtin
    if name in scope.only_at_end and scope.end is not None:
        found = find_argument(name, replace(scope, target=scope.end))
        assert found is not None
        return replace(argument_value(found, node.span), at_end=True)
    if found := find_argument(name, scope):
        return argument_value(found, node.span)
    if name in scope.script.params:
        return replace(scope.script.params[name], span=node.span)
    if (constant := _constant(node, scope)) is not None:
        return constant
    raise unknown_name(node, scope, visible_names(scope))


def _of_the_end(node: ast.Name, end: ResolvedTarget) -> Expression | None:
    """Return what belongs to a span's end though it is not said: duration, result, `elapsed`."""
    if node.name == "duration":
        shown = Decoding("duration")
        return Builtin(DURATION, "duration", decoding=shown, at_end=True, span=node.span)
    if node.name == "elapsed":  # events are in the order of their ends
        return Builtin(U64, "ts", decoding=Decoding("elapsed"), at_end=True, span=node.span)
    if node.name == "retval" and end.returns is not None:
        return replace(argument_value(end.returns, node.span), at_end=True)
    return None


def find_argument(name: str, scope: RuleScope) -> Argument | None:
    """Return the target's argument of that name."""
    for argument in scope.target.arguments:
        if argument.name == name:
            return _bounded(argument, scope)
    if match := _POSITIONAL.fullmatch(name):
        index = int(match[1])
        if index < len(scope.target.positional):
            return Argument(name, U64, scope.target.positional[index])
    return None


def _bounded(argument: Argument, scope: RuleScope) -> Argument:
    """Return the argument; of a tracepoint's text of any length only as much as texts keep."""
    if isinstance(argument.source, DynamicField):
        return replace(argument, type=Text(scope.script.text_limit))
    return argument


def other_field(node: ast.Name, scope: RuleScope) -> Expression:
    """Return what `args.NAME` means where no argument has the name: the result, else T203.

    Builtins are no arguments, so `args.comm` never means the task's name.
    """
    returns = scope.target.returns
    if node.name == "retval" and returns is not None:
        return argument_value(returns, node.span)
    raise unknown_name(node, scope, (argument.name for argument in scope.target.arguments))


def argument_value(argument: Argument, span: Span) -> Expression:
    """Return the value of a target's argument."""
    if isinstance(argument.source, EmbeddedField | DynamicField):
        return ContextPlace(argument.type, argument.source, decoding=argument.decoding, span=span)
    return ArgumentValue(
        argument.type, argument.source, argument.name, decoding=argument.decoding, span=span
    )


def _builtin(node: ast.Name, resolver: Resolves) -> Expression | None:
    name, scope = node.name, resolver.scope
    if name in _SIMPLE:
        type_, decoder = _SIMPLE[name]
        primitive = {**_PRIMITIVE, **_PRIMITIVE_CONTAINER}.get(name, name)
        decoding = Decoding(decoder) if decoder else None
        return Builtin(type_, primitive, decoding=decoding, span=node.span)
    if name == "task":
        return _task(node, scope)
    if name == "retval":
        return _retval(node, scope)
    if name in prelude.NAMES:
        text = prelude.NAMES[name]
        if not scope.script.kernel.features.pid_namespace.is_initial:
            text = prelude.IN_PID_NAMESPACE.get(name, text)
        return resolver.resolve_prelude(text, name, {}, node.span)
    if name == "duration" and find_argument(name, scope) is None:
        raise fail(
            "T204",
            "`duration` belongs to a `span`, which has a beginning and an end",
            node.span,
            help=[f"write `span {entry_of(scope.target.probe)} …` instead of `probe`"],
        )
    if name in STACKS:
        return StackTaken(STACK, STACKS[name], MOST_FRAMES, decoding=Decoding(name), span=node.span)
    if name == "args":
        raise fail(
            "T204", "`args` is not a value by itself", node.span, help=["name one: `args.x`"]
        )
    return None


def _task(node: ast.Name, scope: RuleScope) -> Expression:
    struct = scope.script.types.struct("task_struct")
    if struct is None:
        raise fail(
            "T301",
            "`task` needs the kernel's type information (BTF), which this kernel does not have",
            node.span,
        )
    pointer = Pointer(struct.id, Space.KERNEL, "struct task_struct *")
    return Builtin(pointer, "task", span=node.span)


def _retval(node: ast.Name, scope: RuleScope) -> Expression | None:
    if scope.target.returns is not None:
        return argument_value(scope.target.returns, node.span)
    if find_argument("retval", scope):
        return None
    kind, _, rest = scope.target.probe.partition(":")
    if kind not in RETURN_OF:
        message = f"`retval` is known at a function's return, and `{kind}` is about no function"
        raise fail("T204", message, node.span, help=["watch one: `sysret:NAME`, `kretprobe:NAME`"])
    raise fail(
        "T204",
        f"`retval` is known at a return; `{kind}` fires at the entry",
        node.span,
        help=[f"watch the return: `{RETURN_OF[kind]}:{rest}`"],
    )


def _constant(node: ast.Name, scope: RuleScope) -> Constant | None:
    found = scope.script.types.enumerator(node.name)
    if found is not None:
        return integer(found[0], node.span)
    value = find_constant(node.name)
    return integer(value, node.span) if value is not None else None


def visible_names(scope: RuleScope) -> Iterator[str]:
    """Yield every name that means something in the scope, kernel constants excepted."""
    yield from scope.aliases
    yield from scope.script.lets
    yield from (a.name for a in scope.target.arguments)
    yield from BUILTINS
    if scope.target.returns is not None:
        yield "retval"
    yield from scope.script.params
