"""What keeps this machine from compiling at all: no bcc, another project of that name, no time."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from tracelang.diagnostics import DiagnosticError, fail

_INSTALL: Final = (
    "Debian, Ubuntu: sudo apt-get install python3-bpfcc",
    "Fedora, RHEL: sudo dnf install python3-bcc · Arch: sudo pacman -S python-bcc",
)
_DEBIAN: Final = Path("/usr/lib/python3/dist-packages/bcc")


def explain_greeting(failure: str, detail: str) -> DiagnosticError:
    """Return the error for a compiler process that cannot import bcc.

    `failure` is `missing`, `other` (another project is called bcc; `detail` is its file) or
    `library` (bcc is there but libbcc is not; `detail` says why).
    """
    if failure == "missing":
        return explain_missing()
    if failure == "other":
        return fail(
            "T311",
            "the `bcc` installed here is another project, not the BPF Compiler Collection",
            notes=(f"found {detail}",),
            help=(f"uninstall it: {sys.executable} -m pip uninstall bcc", *_INSTALL),
        )
    return fail("T310", "bcc is installed but cannot be used", notes=(detail,), help=_INSTALL)


def explain_missing() -> DiagnosticError:
    """Return the error for a Python that has no bcc, or cannot see the system's."""
    if sys.prefix != sys.base_prefix and _DEBIAN.is_dir():
        return fail(
            "T310",
            "this virtual environment does not see the system's bcc",
            notes=(f"bcc is in {_DEBIAN}, for /usr/bin/python3",),
            help=("create it again: /usr/bin/python3 -m venv --system-site-packages --clear VENV",),
        )
    notes = [f"this is {sys.executable}"]
    if _DEBIAN.is_dir():
        notes.append(f"bcc is in {_DEBIAN}, for /usr/bin/python3: install tracelang for that one")
    else:
        notes.append("it is on no package index: it comes from the distribution, with libbcc")
    return fail("T310", "bcc is not installed for this Python", notes=notes, help=_INSTALL)


def explain_no_child(error: OSError) -> DiagnosticError:
    """Return the error for a compiler process that could not be started."""
    return fail(
        "T315",
        "the compiler process cannot be started",
        notes=(f"{error.strerror}: {error.filename}" if error.filename else str(error.strerror),),
        help=("it needs a writable temporary directory (TMPDIR) and room for one more process",),
    )


def explain_slow(limit: float) -> DiagnosticError:
    """Return the error for a compilation stopped after `limit` seconds."""
    return fail(
        "T314",
        f"compiling took longer than {limit:g} seconds and was stopped",
        notes=("a small script takes a fraction of a second",),
        help=("split the script, or try again when the machine is less busy",),
    )
