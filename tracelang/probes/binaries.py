"""What uprobes and static probes share: finding the binary, and its errors with their place."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tracelang.binaries.debug_files import debug_file
from tracelang.binaries.errors import BinaryError
from tracelang.binaries.find import Binary, find_binaries
from tracelang.diagnostics import fail
from tracelang.semantic.probe_kind import TargetScope
from tracelang.syntax import ast


@contextmanager
def errors_at(target: ast.Target) -> Iterator[None]:
    """Turn what is wrong with a binary into a `DiagnosticError` at the target."""
    try:
        yield
    except BinaryError as error:
        raise fail(
            error.code, error.message, target.span, notes=error.notes, help=error.help_
        ) from None


def find_traceable(target: ast.Target, scope: TargetScope) -> tuple[Binary, ...]:
    """Return the binaries a target names (`BinaryError`); T363 when this kernel has no uprobes."""
    feature = scope.kernel.features.uprobe
    if not feature.present:
        raise fail(
            "T363",
            "this kernel cannot probe programs and libraries",
            target.span,
            notes=[f"this kernel has {feature.reason}"],
            help=["a kernel built with CONFIG_UPROBE_EVENTS=y can"],
        )
    name, architecture = target.parts[0], scope.kernel.architecture
    # First, as there may be an alternative to what is not found.
    scope.observed.binary(name, architecture)
    found = find_binaries(name, architecture)
    scope.observed.files(str(file) for b in found if (file := debug_file(b.elf)) is not None)
    return found
