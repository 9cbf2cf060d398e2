"""`rawtracepoint:`: a tracepoint without its format: the event's own arguments, typed by BTF."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tracelang.dataclass import dataclass
from tracelang.mechanism import Mechanism
from tracelang.probes.functions import argument_type
from tracelang.semantic.model import Argument, ResolvedTarget
from tracelang.semantic.probe_kind import TargetScope
from tracelang.semantic.sources import TracingArgument
from tracelang.semantic.targets import expect_parts, match_names, no_such_target
from tracelang.syntax import ast

_MOST_ARGUMENTS: Final = 12
"""A raw tracepoint passes at most this many (include/trace/bpf_probe.h)."""


@dataclass(frozen=True, slots=True)
class RawTracepointKind:
    """A tracepoint's arguments before they are put into its record."""

    name: str = "rawtracepoint"
    aliases: tuple[str, ...] = ("rt",)
    form: str = "rawtracepoint:EVENT"
    summary: str = "a kernel tracepoint without its format: its arguments by BTF"
    example: str = "rawtracepoint:sched_switch capture cpu, prev.comm, next.comm"

    def resolve(self, target: ast.Target, scope: TargetScope) -> tuple[ResolvedTarget, ...]:
        """Return the events; a category in front (`CATEGORY:EVENT`) is accepted and not needed."""
        expect_parts(target, 1, 2, self.form)
        names = scope.kernel.raw_tracepoints()
        found = match_names(target.parts[-1], names)
        if not found:
            what = f"raw tracepoint `{target.parts[-1]}`"
            raise no_such_target(target, what, names, "rawtracepoint:")
        return tuple(_place(name, scope) for name in found)

    def names(self, scope: TargetScope) -> Iterator[str]:
        """Yield every event."""
        return (f"rawtracepoint:{name}" for name in sorted(scope.kernel.raw_tracepoints()))


def _place(event: str, scope: TargetScope) -> ResolvedTarget:
    arguments = []
    positional = []
    for index, (name, type_id) in enumerate(_parameters(event, scope)):
        source = TracingArgument(index)
        positional.append(source)
        if name:
            arguments.append(Argument(name, argument_type(scope.types.of(type_id), scope), source))
    if not positional:
        positional = [TracingArgument(i) for i in range(_MOST_ARGUMENTS)]
    return ResolvedTarget(
        f"rawtracepoint:{event}",
        event,
        Mechanism.RAW_TRACEPOINT,
        event,
        tuple(arguments),
        positional=tuple(positional),
    )


def _parameters(event: str, scope: TargetScope) -> tuple[tuple[str, int], ...]:
    """Return the event's arguments from the function the kernel generates for it.

    Its first parameter is the probe's private data; the event's own follow.
    """
    if scope.types.btf is None:
        return ()
    for prefix in ("__traceiter_", "__bpf_trace_", "trace_event_raw_event_"):
        prototype = scope.types.btf.function(prefix + event)
        if prototype is not None:
            return tuple(prototype.parameters[1:])
    return ()


KINDS: Final = (RawTracepointKind(),)
