"""Targets as text: tracepoints, system calls and others, with their fields and symbolic names."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Final

from tracelang.cli.fields import describe_fields, describe_type, resolve_full_name
from tracelang.diagnostics import fail
from tracelang.explain.targets import describe_how
from tracelang.probes import load_probe_kinds
from tracelang.registry import Registry
from tracelang.semantic.model import Argument, ResolvedTarget
from tracelang.semantic.probe_kind import ProbeKind, TargetScope
from tracelang.semantic.targets import is_pattern

_WIDTH: Final = 96


def describe_target(name: str, scope: TargetScope) -> str:
    """Return a target's fields; `CATEGORY:EVENT` is a tracepoint.

    Raises what resolving it raises (T202 with the nearest), T236 for a wildcard.
    """
    if is_pattern(name):
        instead = f"`tracelang list -v '{name}'` describes them all"
        raise fail("T236", f"`{name}` stands for several targets", help=[instead])
    kinds = load_probe_kinds()
    word = name.partition(":")[0]
    kind = next((k for k in kinds if word in (k.name, *k.aliases)), None)
    if kind is None:
        kind, name = _tracepoint(kinds), f"tracepoint:{name}"
    places = resolve_full_name(kind, name, scope)
    return "\n\n".join(_describe(place, kind, scope) for place in places)


def describe_targets_of(name: str, scope: TargetScope) -> Iterator[str]:
    """Yield the system call and the tracepoints that have a bare name."""
    kinds = load_probe_kinds()
    calls = scope.kernel.syscalls()
    call = name if name in calls else scope.kernel.syscall_aliases().get(name)
    if call is not None:
        for kind in ("syscall", "sysret"):
            yield describe_target(f"{kind}:{call}", scope)
    for category, event in scope.kernel.tracepoints():
        if event == name:
            full = f"tracepoint:{category}:{event}"
            tracepoint = _tracepoint(kinds)
            (place,) = resolve_full_name(tracepoint, full, scope)
            yield _describe(place, tracepoint, scope)


def _tracepoint(kinds: Registry[ProbeKind]) -> ProbeKind:
    kind = kinds.get("tracepoint")
    assert kind is not None
    return kind


def _describe(place: ResolvedTarget, kind: ProbeKind, scope: TargetScope) -> str:
    lines = [f"{place.probe}: {kind.summary}"]
    if kind.name in ("syscall", "sysret"):
        lines += _describe_call(place, scope)
    if place.mechanism.value != kind.name:
        lines.append(f"    attached by {describe_how(place)}")
    lines += [f"    {note}" for note in place.notes]
    if place.arguments:
        width = max(len(a.name) for a in place.arguments) + 2
        for argument in place.arguments:
            lines += _describe_argument(argument, width)
        rest = [f"retval: {describe_type(place.returns)}"] if place.returns is not None else []
    else:
        rest = list(describe_fields(place)) or ["it has no fields of its own"]
    return "\n".join([*lines, *(f"    {text}" for text in rest)])


def _describe_call(place: ResolvedTarget, scope: TargetScope) -> Iterator[str]:
    call = scope.kernel.syscalls()[place.function]
    number = (
        f"number {call.number} on {scope.kernel.architecture}" if call.number is not None else ""
    )
    entry = f"kernel function {call.entry_function}" if call.entry_function else ""
    if known := ", ".join(filter(None, (number, entry))):
        yield f"    {known}"


def _describe_argument(argument: Argument, width: int) -> Iterator[str]:
    yield f"    {argument.name:<{width}}{describe_type(argument)}"
    table = argument.decoding.arguments[0] if argument.decoding is not None else ()
    if isinstance(table, tuple) and table:
        pairs = ", ".join(
            f"{value:#x} {word}" if value > 9 else f"{value} {word}" for value, word in table
        )
        margin = " " * (width + 6)
        yield textwrap.fill(pairs, _WIDTH, initial_indent=margin, subsequent_indent=margin)
