"""Control groups: an id as its path, and the container a path belongs to."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path
from typing import Final

from tracelang.decoders.definition import Definition, reading
from tracelang.decoders.escape import show_bytes
from tracelang.decoders.protocol import DecodeContext, Reading, Shape

_CONTAINER_ID: Final = re.compile(r"[0-9a-f]{64}")
_NAMED_CONTAINER: Final = re.compile(
    r"/(?:lxc\.payload\.|lxc/|machine-|systemd-nspawn@)([\w.\\-]+?)(?:\.scope|\.service)?(?=/|$)"
)
_ESCAPED: Final = re.compile(r"\\x([0-9a-f]{2})")
"""How systemd writes characters in a unit's name that have a meaning there (`-` is `\\x2d`)."""
_SHORT: Final = 12
"""Characters of a container's id that its tools show."""
_PAUSE: Final = 20
"""After a walk of the tree none for this many times as long: ids of groups that are gone already
must not make every event walk it, and yet a new group is found at once."""
_OCTAL: Final = re.compile(r"\\(\d{3})")
"""How /proc/self/mounts writes spaces in paths."""


def find_mount() -> str | None:
    """Return where cgroup version 2 is mounted, or None."""
    for line in Path("/proc/self/mounts").read_text(errors="surrogateescape").splitlines():
        _, place, kind, *_ = line.split(" ")
        if kind == "cgroup2":
            return _OCTAL.sub(lambda match: chr(int(match[1], 8)), place)
    return None


class CgroupPaths(dict[int, str]):
    """Paths by id, which is the inode of the group's directory; groups seen once stay known."""

    def __init__(self, mount: str | None) -> None:
        super().__init__()
        self._mount = mount
        self._next_scan = 0.0

    def __missing__(self, identity: int) -> str:
        start = time.monotonic()
        if start >= self._next_scan:
            self.update(self._scan())
            end = time.monotonic()
            self._next_scan = end + _PAUSE * (end - start)
        return self.get(identity, str(identity))

    def find(self, path: str) -> int | None:
        """Return the id of a path below the mount."""
        if self._mount is None:
            return None
        try:
            return (Path(self._mount) / path.lstrip("/")).stat().st_ino
        except (OSError, ValueError):
            return None

    def _scan(self) -> dict[int, str]:
        if self._mount is None:
            return {}
        found = {}
        root = os.fsencode(self._mount)
        for directory, _, _ in os.walk(root):
            try:
                inode = Path(os.fsdecode(directory)).stat().st_ino
            except OSError:
                continue
            found[inode] = show_bytes(directory[len(root) :]) or "/"
        return found


def container_of(path: str, *, short: bool = True) -> str:
    """Return the container a group's path belongs to: its (short) id or its name; empty for none.

    The ways of docker, podman, containerd and CRI-O (64 hexadecimal digits), LXC and
    systemd-nspawn, whose names stand in the path.
    """
    ids = _CONTAINER_ID.findall(path)
    if ids:
        return str(ids[-1][:_SHORT] if short else ids[-1])
    named = _NAMED_CONTAINER.search(path)
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), named[1]) if named else ""


def is_id(name: str) -> bool:
    """Tell whether a container's whole name is an id."""
    return _CONTAINER_ID.fullmatch(name) is not None


def _read_path(_arguments: tuple[object, ...], _context: DecodeContext) -> Reading:
    return reading(CgroupPaths(find_mount()).__getitem__)


def _find_path(text: str, _arguments: tuple[object, ...]) -> int | None:
    return CgroupPaths(find_mount()).find(text)


def _read_container(_arguments: tuple[object, ...], _context: DecodeContext) -> Reading:
    """Bind `container`: the raw value is the group's id; machines get None outside containers."""
    paths = CgroupPaths(find_mount())

    def show(raw: int) -> str:
        return container_of(paths[raw])

    return reading(
        show, machine=lambda raw: show(raw) or None, differs=False, shape=Shape.MAYBE_TEXT
    )


DECODERS: Final = (
    Definition(
        "cgroup_path",
        "a control group's path",
        _read_path,
        example="probe tracepoint:cgroup:cgroup_mkdir capture comm, cgroup_path(id)",
        width=32,
        find=_find_path,
        local=True,
    ),
    Definition(
        "container",
        "the container a control group belongs to",
        _read_container,
        width=12,
        local=True,
    ),
)
