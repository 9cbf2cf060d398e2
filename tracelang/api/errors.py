"""The exceptions of the Python API: what a person would read is their message."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from tracelang.diagnostics import Diagnostic, DiagnosticError
from tracelang.render import Painter, render


class Error(Exception):
    """What ended a compilation or a trace. `diagnostics` are the messages as values."""

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        plain = Painter(on=False)
        super().__init__("".join(render(d, plain) for d in self.diagnostics).rstrip("\n"))


class ScriptError(Error):
    """The script is wrong: its text (T1), a name or type (T2), or what the kernel refuses (T4)."""


class UsageError(Error, ValueError):
    """An argument is wrong: a file, process, option or parameter there is not (U)."""


class MachineError(Error):
    """The machine cannot: rights, kernel or a missing package (T3). The message has the remedy."""


class DefectError(Error):
    """A defect of tracelang itself (T9): please report it."""


class ScriptWarning(UserWarning):
    """Something in a script that is legal and yet hardly meant."""


_FAMILIES: Final = {
    "T1": ScriptError,
    "T2": ScriptError,
    "T4": ScriptError,
    "U": UsageError,
    "T3": MachineError,
}
# A traceback names them as users know them.
for _public in (Error, ScriptError, UsageError, MachineError, DefectError, ScriptWarning):
    _public.__module__ = "tracelang"


def public_error(error: DiagnosticError) -> Error:
    """Return the public exception for a failure: its kind is that of the worst diagnostic."""
    worst = max(error.diagnostics, key=lambda d: d.status)
    kind = next((k for family, k in _FAMILIES.items() if worst.code.startswith(family)), None)
    return (kind or DefectError)(error.diagnostics)


@contextmanager
def public_errors() -> Iterator[None]:
    """Raise the public exception in place of a `DiagnosticError`."""
    try:
        yield
    except DiagnosticError as error:
        raise public_error(error) from None
