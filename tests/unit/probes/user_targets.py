"""Targets in programs and libraries, resolved as a script on this machine would have it.

User-space targets ask the kernel for two things only, its architecture and whether it has uprobes;
so these tests bring just those two.
"""

from __future__ import annotations

import platform
from dataclasses import dataclass
from typing import cast

import pytest

from tracelang.diagnostics import Diagnostic, DiagnosticError
from tracelang.kernel.view import Feature, KernelView
from tracelang.probes import uprobe, usdt
from tracelang.semantic.model import ResolvedTarget
from tracelang.semantic.probe_kind import ProbeKind, TargetScope
from tracelang.semantic.type_table import TypeTable
from tracelang.source import SourceFile, Span
from tracelang.syntax.targets import read_target


@dataclass
class _Features:
    uprobe: Feature


@dataclass
class _Machine:
    architecture: str
    features: _Features


def scope(*, uprobes: bool = True, architecture: str = platform.machine()) -> TargetScope:
    """Return this machine, perhaps without uprobes or as another one."""
    feature = Feature(uprobes, "" if uprobes else "no `uprobe` in /sys/bus/event_source/devices")
    machine = cast("KernelView", _Machine(architecture, _Features(feature)))
    return TargetScope(machine, cast("TypeTable", None))


def resolve(text: str, where: TargetScope | None = None) -> tuple[ResolvedTarget, ...]:
    """Return the places of a target as written in a script."""
    span = Span(SourceFile("<test>", text), 0, len(text))
    target = read_target(span, None, span)
    kinds: tuple[ProbeKind, ...] = (*uprobe.KINDS, *usdt.KINDS)
    (kind,) = (k for k in kinds if target.kind in (k.name, *k.aliases))
    return kind.resolve(target, where or scope())


def refusal(text: str, where: TargetScope | None = None) -> Diagnostic:
    """Return the one error of a target, which points at it."""
    with pytest.raises(DiagnosticError) as error:
        resolve(text, where)
    (diagnostic,) = error.value.diagnostics
    assert diagnostic.primary is not None
    assert diagnostic.primary.span.text == text
    return diagnostic
