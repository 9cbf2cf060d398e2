"""Which processes a run is about: from what is asked for to the filter in the kernel."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from tracelang.diagnostics import fail
from tracelang.registry import did_you_mean, nearest

if TYPE_CHECKING:
    from tracelang.launch.options import LaunchOptions
    from tracelang.plan.process_filter import ProcessFilter


def choose_processes(known: LaunchOptions) -> tuple[ProcessFilter, tuple[int, ...]]:
    """Return the filter the kernel applies, and the processes it follows from the start.

    Raises U2xx for a process, cgroup or container there is not, U104 for options that contradict.
    """
    from tracelang.plan.process_filter import ProcessFilter

    pid = _pid(known.pid)
    if known.follow and pid is None and not known.command:
        raise fail("U104", "`--follow` goes with `-p PID`", help=["name the process to follow"])
    if known.command and pid is not None:
        raise fail("U104", "`-c` and `-p` exclude each other")
    cgroup, level = _cgroup(known)
    followed: tuple[int, ...] = ()
    if pid is not None and known.follow:
        from tracelang.runtime.processes import list_descendants

        followed = (pid, *list_descendants(pid))
    follow = bool(known.command) or bool(followed)
    return ProcessFilter(pid is not None, follow, known.comm, cgroup, level), followed


def _pid(text: str | None) -> int | None:
    if text is None:
        return None
    if not text.isdecimal():
        raise fail("U210", f"`{text}` is not a process id", help=["give its number: `-p 42`"])
    from tracelang.runtime.processes import require_process

    require_process(int(text))
    return int(text)


# --- cgroups --------------------------------------------------------------------------------------


def _cgroup(known: LaunchOptions) -> tuple[int | None, int]:
    """Return the id of the cgroup wanted and its level below the root."""
    if known.cgroup is None and known.container is None:
        return None, 0
    root = _cgroup_root()
    path = _container(known.container, root) if known.container else _path(known.cgroup or "", root)
    return path.stat().st_ino, len(path.relative_to(root).parts)


def _cgroup_root() -> Path:
    for line in Path("/proc/self/mounts").read_text().splitlines():
        _, where, kind, *_ = line.split()
        if kind == "cgroup2":
            return Path(where)
    raise fail(
        "T340",
        "there is no cgroup v2 hierarchy on this machine",
        help=["mount it: `mount -t cgroup2 none /sys/fs/cgroup`"],
    )


def _path(text: str, root: Path) -> Path:
    path = Path(text) if text.startswith(str(root)) else root / text.lstrip("/")
    if not path.is_dir():
        names = [str(p.relative_to(root)) for p in root.rglob("*") if p.is_dir()]
        near = nearest(text.strip("/"), names)
        hint = did_you_mean(near)
        raise fail("U214", f"there is no cgroup `{text}` below {root}", help=hint)
    return path


def _container(text: str, root: Path) -> Path:
    """Return a container's group: by the beginning of its id, or by its whole name."""
    from tracelang.decoders.cgroup import container_of, is_id

    ids = re.fullmatch("[0-9a-f]+", text) is not None
    found = []
    for path in root.rglob("*"):
        own = f"/{path.relative_to(root)}"
        name = container_of(own, short=False)
        if (name == text or (ids and is_id(name) and name.startswith(text))) and path.is_dir():
            found.append((name, path))
    names = sorted({name for name, _ in found})
    if len(names) > 1:
        raise fail(
            "U216",
            f"{len(names)} containers have an id that begins with `{text}`",
            help=[f"write more of it: {', '.join(name[:16] for name in names)}"],
        )
    if not found:
        raise fail(
            "U215",
            f"no running container has the name `{text}`, or an id that begins with it",
            help=["the id is what `docker ps`, `podman ps` or `crictl ps` shows"],
        )
    return min((path for _, path in found), key=lambda p: len(p.parts))
