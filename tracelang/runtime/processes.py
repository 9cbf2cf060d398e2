"""Processes that are already running.

Owns finding them in /proc. Processes are meant throughout, never threads: all threads of one share
its process id, and that is what the kernel side compares.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from tracelang.diagnostics import fail

_PROC: Final = Path("/proc")


def require_process(pid: int, proc: Path = _PROC) -> None:
    """Check that there is a process `pid` now.

    Raises `DiagnosticError` U210 if the number cannot be a process, U211 if there is none, U212 if
    it is a thread's.
    """
    highest = int((proc / "sys/kernel/pid_max").read_text())
    if not 0 < pid <= highest:
        message = f"{pid} cannot be a process: they are numbered from 1 to {highest}"
        raise fail("U210", message, help=["`pgrep NAME` finds a process by its name"])
    try:
        status = (proc / str(pid) / "status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        help_ = "`pgrep NAME` finds a process by its name; `-c COMMAND` starts one and traces it"
        raise fail("U211", f"there is no process {pid}", help=[help_]) from None
    leader = _read_thread_group(status)
    if leader != pid:
        message = f"{pid} is a thread of process {leader}, not a process"
        raise fail("U212", message, help=[f"trace the process: -p {leader}"])


def list_descendants(pid: int, proc: Path = _PROC) -> tuple[int, ...]:
    """Return the processes that `pid` or its descendants have started and that still run.

    Parents come before their children. Those started while this runs may be missing: trace forks
    first, then list. So may children whose parent has ended, since the kernel gives them to another
    one.
    """
    children = _list_children(proc)
    found = list(children.get(pid, ()))
    for parent in found:  # grows while it is walked
        found.extend(children.get(parent, ()))
    return tuple(found)


def _list_children(proc: Path) -> dict[int, list[int]]:
    """Map every parent to its children, in ascending order."""
    children: dict[int, list[int]] = {}
    for pid in sorted(int(entry.name) for entry in proc.iterdir() if entry.name.isdecimal()):
        try:
            stat = (proc / str(pid) / "stat").read_text(errors="replace")
        except (FileNotFoundError, ProcessLookupError):  # ended meanwhile
            continue
        # The name, in parentheses, may itself hold spaces and parentheses; state and parent follow.
        parent = int(stat.rpartition(")")[2].split()[1])
        children.setdefault(parent, []).append(pid)
    return children


def _read_thread_group(status: str) -> int:
    """Return the process id in the text of a `status` file."""
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("Tgid:"))
