"""Why the kernel says "operation not permitted", in words.

Owns reading what this process may do (capabilities(7), kernel_lockdown(7), seccomp(2)).
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from tracelang.dataclass import dataclass
from tracelang.diagnostics import DiagnosticError, fail
from tracelang.source import Span

_CAPABILITIES: Final = {"CAP_PERFMON": 38, "CAP_BPF": 39}
_SYS_ADMIN: Final = 21
_WHOLE_USER_SPACE: Final = "4294967295"


@dataclass(frozen=True, slots=True)
class Rights:
    """What bears on BPF: missing capabilities, the lockdown level (or empty), and confinement."""

    missing: tuple[str, ...]
    lockdown: str
    seccomp: bool
    user_namespace: bool


def read_rights(
    proc: Path = Path("/proc/self"), lockdown: Path = Path("/sys/kernel/security/lockdown")
) -> Rights:
    """Read this process's rights; a file that is not there is taken as no restriction."""
    status = dict(
        line.split(":\t", 1) for line in _read(proc / "status").splitlines() if ":\t" in line
    )
    effective = int(status.get("CapEff", "0"), 16)
    admin = bool(effective >> _SYS_ADMIN & 1)
    missing = [n for n, bit in _CAPABILITIES.items() if not (admin or effective >> bit & 1)]
    level = _read(lockdown).partition("[")[2].partition("]")[0]
    return Rights(
        tuple(missing),
        "" if level == "none" else level,
        status.get("Seccomp", "0").strip() == "2",
        _WHOLE_USER_SPACE not in _read(proc / "uid_map"),
    )


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""


def explain_denial(
    code: str, action: str, span: Span | None = None, rights: Rights | None = None
) -> DiagnosticError:
    """Return the error for `action` ("create a BPF map") refused with EPERM or EACCES."""
    rights = rights or read_rights()
    message = f"this process may not {action}"
    if rights.missing:
        return fail(
            code,
            message,
            span,
            notes=(f"it lacks {' and '.join(rights.missing)}",),
            help=("run it as root: put `sudo` before the command",),
        )
    notes, remedies = _confinement(rights)
    if not notes:
        notes.append("the kernel refuses although all rights are there: it was built or set up so")
        remedies.append("`tracelang doctor` shows what this kernel allows")
    return fail(code, message, span, notes=notes, help=remedies)


def _confinement(rights: Rights) -> tuple[list[str], list[str]]:
    notes: list[str] = []
    remedies: list[str] = []
    if rights.lockdown:
        notes.append(f"kernel lockdown is in force at level `{rights.lockdown}`")
        remedies.append("lockdown comes with Secure Boot: it can only be changed at boot")
    if rights.user_namespace:
        notes.append(
            "this is a container's user namespace, whose root has no rights over the kernel"
        )
        remedies.append("run it on the host, or in a privileged container")
    elif rights.seccomp:
        notes.append("a seccomp filter is in force, as containers have")
        remedies.append("run it on the host, or start the container with `--privileged`")
    return notes, remedies
