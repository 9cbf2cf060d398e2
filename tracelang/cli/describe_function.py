"""How a kernel function can be probed here, or why it cannot."""

from __future__ import annotations

from typing import Final

from tracelang.cli.fields import describe_fields, resolve_full_name
from tracelang.diagnostics import DiagnosticError
from tracelang.probes import load_probe_kinds
from tracelang.registry import Registry
from tracelang.semantic.probe_kind import ProbeKind, TargetScope

_KINDS: Final = ("kprobe", "kretprobe", "fentry", "fexit")


def describe_probes(function: str, scope: TargetScope) -> str:
    """Return the targets that reach a function, with their fields; else what is in the way."""
    kinds = load_probe_kinds()
    lines: list[str] = []
    refused: list[DiagnosticError] = []
    for name in _KINDS:
        try:
            lines += _describe(name, function, kinds, scope)
        except DiagnosticError as error:
            refused.append(error)
    module = scope.kernel.module_of(function)
    where = f" (in the module `{module}`)" if module else ""
    if lines:
        return "\n".join([f"probed here{where} by", *lines])
    (problem, *_) = refused[0].diagnostics
    reasons = [problem.message, *problem.notes, *problem.help]
    return "\n".join([f"cannot be probed here{where}:", *(f"    {text}" for text in reasons)])


def _describe(
    name: str, function: str, kinds: Registry[ProbeKind], scope: TargetScope
) -> list[str]:
    kind = kinds.get(name)
    assert kind is not None
    (place, *_) = resolve_full_name(kind, f"{name}:{function}", scope)
    how = "" if place.mechanism.value == name else f" (by {place.mechanism.value})"
    fields = "; ".join(describe_fields(place)) or "no fields of its own"
    return [f"    {place.probe}{how}: {fields}"]
