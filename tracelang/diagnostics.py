"""Messages to the user as values, and the sink that passes report them to.

A diagnostic's code says what kind of trouble it is; the code's family gives the exit status:

- `T1xx` the text is not a script, `T2xx` a name or type is wrong, `T4xx` the kernel's verifier or
  the compiler refused what the script asks for: status 1;
- `U…` the command line is wrong: status 2;
- `T3xx` this machine cannot: status 3;
- `T9xx` a defect of tracelang itself: status 70.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import Final

from tracelang.dataclass import dataclass
from tracelang.source import Span

_STATUS_OF_FAMILY: Final = {"T1": 1, "T2": 1, "T4": 1, "U": 2, "T3": 3, "T9": 70}


class Severity(Enum):
    """How bad it is: only errors stop a compilation."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Label:
    """A place in the script, and what to say beside it (may be empty)."""

    span: Span
    text: str = ""


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One message: what is wrong, where, and how to mend it.

    `notes` explain; `help` holds the fixes, each a sentence that can be acted on.
    """

    code: str
    message: str
    primary: Label | None = None
    secondary: tuple[Label, ...] = ()
    notes: tuple[str, ...] = ()
    help: tuple[str, ...] = ()
    severity: Severity = Severity.ERROR

    @property
    def status(self) -> int:
        """The exit status that goes with it."""
        for family, status in _STATUS_OF_FAMILY.items():
            if self.code.startswith(family):
                return status
        return 70


class DiagnosticError(Exception):
    """Carries the diagnostics that ended a stage; never shown to a user as a traceback."""

    def __init__(self, *diagnostics: Diagnostic) -> None:
        super().__init__("; ".join(f"{d.code}: {d.message}" for d in diagnostics))
        self.diagnostics = diagnostics

    @property
    def status(self) -> int:
        """The worst exit status among the diagnostics."""
        return max((d.status for d in self.diagnostics), default=70)


def fail(
    code: str,
    message: str,
    span: Span | None = None,
    *,
    label: str = "",
    notes: Iterable[str] = (),
    help: Iterable[str] = (),  # noqa: A002 - the word users see
) -> DiagnosticError:
    """Build the exception for a single error, to be raised by the caller."""
    primary = Label(span, label) if span is not None else None
    return DiagnosticError(Diagnostic(code, message, primary, (), tuple(notes), tuple(help)))


class Reporter:
    """Collects the diagnostics of a pass, so that one run shows several mistakes."""

    def __init__(self) -> None:
        self.diagnostics: list[Diagnostic] = []

    def add(self, *diagnostics: Diagnostic) -> None:
        """Keep diagnostics, each once."""
        for diagnostic in diagnostics:
            if diagnostic not in self.diagnostics:
                self.diagnostics.append(diagnostic)

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """Those that stop the compilation."""
        return tuple(d for d in self.diagnostics if d.severity is Severity.ERROR)

    def raise_errors(self) -> None:
        """Raise `DiagnosticError` with everything collected, if any of it is an error."""
        if self.errors:
            raise DiagnosticError(*self.diagnostics)
