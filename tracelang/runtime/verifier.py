"""What the kernel's verifier objects to, in the user's words.

Owns reading the verifier's log (kernel/bpf/verifier.c); the user sees at most its last lines.
"""

from __future__ import annotations

import errno
import re
from typing import Final

from tracelang.build.rights import Rights, explain_denial, read_rights
from tracelang.dataclass import dataclass
from tracelang.diagnostics import DiagnosticError, fail
from tracelang.mechanism import Mechanism
from tracelang.runtime.libbcc import BpfError
from tracelang.source import Span

_NO_HELPER: Final = "T412"
_NOTE_LINES: Final = 4
_NOTE_WIDTH: Final = 160
_STATISTICS: Final = ("processed ", "verification time", "stack depth", "max_states")
_SPLIT: Final = "capture less in this rule, or split it in two"
_REPORT: Final = (
    "this is a defect of tracelang: please report it with the script and the lines above"
)


@dataclass(frozen=True, slots=True)
class _Objection:
    """A pattern in the log, what it means, and what to do."""

    pattern: str
    code: str
    message: str
    help: str


# In order: the first that matches is the cause.
_OBJECTIONS: Final = (
    _Objection(
        r"BPF program is too large|too many instructions|program is too complex"
        r"|sequence of \d+ jumps is too complex",
        "T411",
        "this rule is too much work for one event: the kernel gives up checking it",
        _SPLIT,
    ),
    _Objection(
        r"combined stack size|invalid (?:indirect )?(?:read|write|access) (?:from|to) stack"
        r".*off -?(?:5[2-9]\d|51[3-9]|[6-9]\d\d|\d{4,})|stack depth",
        "T402",
        "this rule keeps too much data for the kernel's 512-byte BPF stack",
        _SPLIT,
    ),
    _Objection(
        r"unknown func |invalid func |program of this type cannot use helper",
        _NO_HELPER,
        "this kernel does not offer what the rule needs at this kind of probe",
        "try another kind of probe, or a newer kernel",
    ),
    _Objection(
        r"invalid bpf_context access",
        "T413",
        "the probe does not have the argument that the rule reads there",
        "see `tracelang describe` for what this probe brings on this kernel",
    ),
    _Objection(
        r"infinite loop detected|back-edge",
        "T902",
        "the kernel cannot see that a loop of this rule ends",
        _REPORT,
    ),
    _Objection(
        r"invalid mem access|invalid access to map value|unbounded memory access|R\d+ .*!read_ok"
        r"|Unreleased reference|min value is negative|leads to invalid memory access"
        r"|R\d+ type=\w+ expected|misaligned|unknown opcode|invalid (?:indirect )?"
        r"(?:read|write|access) (?:from|to) stack",
        "T902",
        "the kernel takes the code generated for this rule as unsafe",
        _REPORT,
    ),
)


def explain_refusal(
    error: BpfError,
    mechanism: Mechanism,
    place: str,
    span: Span | None,
    rights: Rights | None = None,
) -> DiagnosticError:
    """Return the error for a program that was not loaded, pointing at its rule."""
    if "is not found in" in error.printed:
        return _no_such_function(place, span)
    objection = next((o for o in _OBJECTIONS if re.search(o.pattern, error.log)), None)
    if objection is not None:
        rights = rights or read_rights()
        # Lockdown takes the helpers away that read memory, as if the kernel did not have them.
        if objection.code == _NO_HELPER and rights.lockdown and "probe_read" in error.log:
            return explain_denial("T319", "read kernel memory", span, rights)
        number = _NOTE_LINES if objection.help == _REPORT else 1
        notes = last_lines(error.log, number)
        return fail(objection.code, objection.message, span, notes=notes, help=(objection.help,))
    if error.errno == errno.E2BIG:
        return fail("T411", _OBJECTIONS[0].message, span, help=(_SPLIT,))
    if error.errno in {errno.EPERM, errno.EACCES} and not last_lines(error.log):
        return explain_denial("T319", f"load {mechanism.value.replace('_', ' ')} programs", span)
    notes = last_lines(error.log) or (f"it says: {error.strerror}",)
    return fail(
        "T902", "the kernel refused the code of this rule", span, notes=notes, help=(_REPORT,)
    )


def last_lines(log: str, number: int = _NOTE_LINES) -> tuple[str, ...]:
    """Return the end of a verifier's log: the instructions that led to the objection, and it."""
    lines = [line.strip() for line in log.splitlines()]
    kept = [line for line in lines if line and not line.startswith(_STATISTICS)]
    return tuple(line[:_NOTE_WIDTH] for line in kept[-number:])


def _no_such_function(place: str, span: Span | None) -> DiagnosticError:
    return fail(
        "T320",
        f"the kernel's type information has no function `{place}`",
        span,
        notes=(
            "fentry and fexit need it; the function may be inlined, or its module not be loaded",
        ),
        help=(f"`tracelang list '*{place.rpartition(':')[2]}*'` shows what there is",),
    )
