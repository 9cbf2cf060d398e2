"""A target's fields as lines of text: each name with its type, as scripts see them."""

from __future__ import annotations

from collections.abc import Iterator

from tracelang.semantic.model import Argument, ResolvedTarget
from tracelang.semantic.probe_kind import ProbeKind, TargetScope
from tracelang.source import SourceFile, Span
from tracelang.syntax import ast


def resolve_full_name(kind: ProbeKind, name: str, scope: TargetScope) -> tuple[ResolvedTarget, ...]:
    """Return the places a full name stands for; raises `DiagnosticError` as the kind does."""
    span = Span(SourceFile("<command line>", name), 0, len(name))
    count = kind.form.count(":")
    rest = name.partition(":")[2]
    parts = tuple(rest.split(":", count - 1)) if count else ()
    return kind.resolve(ast.Target(kind.name, parts, span=span), scope)


def describe_fields(target: ResolvedTarget) -> Iterator[str]:
    """Yield `name: type` for each field, the return value last; `argN` where none has a name."""
    for argument in target.arguments:
        yield f"{argument.name}: {describe_type(argument)}"
    if target.positional and not target.arguments:
        last = len(target.positional) - 1
        yield f"arg0 … arg{last}: u64" if last else "arg0: u64"
    if target.returns is not None:
        yield f"retval: {describe_type(target.returns)}"


def describe_type(argument: Argument) -> str:
    """Return an argument's type; where the kernel says how it is read, that too."""
    if argument.decoding is None:
        return str(argument.type)
    reading = "flag names" if argument.decoding.decoder == "flags_table" else "names"
    return f"{argument.type}, shown as {reading}"
