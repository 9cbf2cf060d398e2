"""Where compiled grammars, templates and scripts are kept: never where others could put a file.

Some of the files are pickles and byte code, and reading those runs what is in them; others go to
the kernel. So every directory above them must be this user's or root's and writable by no one else,
and the files this user's own.
"""

from __future__ import annotations

import contextlib
import os
import stat
import sys
from pathlib import Path

_OTHERS_MAY_WRITE = stat.S_IWGRP | stat.S_IWOTH


def cache_file(name: str) -> Path | None:
    """Return the path for a cache file `name`, its directory made; None if no place is safe."""
    directory = cache_directory()
    if directory is None:
        return None
    version = ".".join(map(str, sys.version_info[:2]))
    file = directory / f"{name}-{version}.pickle"
    try:
        return file if _is_safe(file) else None
    except OSError:
        return None


def cache_directory(name: str = "") -> Path | None:
    """Return this user's private directory for caches, made if need be; None if no place is safe.

    `name` is a directory inside it. What is in it is this user's own: nobody else may write there.
    """
    return _private_directory("XDG_CACHE_HOME", ".cache", name)


def state_directory() -> Path | None:
    """Return this user's private directory for what is to last; None if no place is safe."""
    return _private_directory("XDG_STATE_HOME", ".local/state", "")


def _private_directory(variable: str, usual: str, name: str) -> Path | None:
    base = os.environ.get(variable)
    directory = (Path(base) if base else Path(_home(), usual)) / "tracelang"
    if not directory.is_absolute():
        return None
    try:
        _make_private(directory)
        if name:
            directory /= name
            _make_private(directory)
    except OSError:
        return None
    return directory


def _home() -> str:
    """Return this user's home; sudo may leave HOME somebody else's."""
    home = os.path.expanduser("~")  # noqa: PTH111 - unlike Path.home() it never raises
    with contextlib.suppress(OSError, KeyError):
        if os.stat(home).st_uid != os.geteuid():  # noqa: PTH116
            import pwd  # late: nearly always it is one's own

            home = pwd.getpwuid(os.geteuid()).pw_dir
    return home


def _make_private(directory: Path) -> None:
    """Make the directory, mode 0700; `PermissionError` if somebody else could change it."""
    missing = [d for d in (directory, *directory.parents) if not d.exists() and not d.is_symlink()]
    for parent in missing[-1].parents if missing else directory.parents:
        _require_trusted(parent)
    for new in reversed(missing):
        new.mkdir(mode=0o700)
    own = directory.lstat()
    private = stat.S_ISDIR(own.st_mode) and stat.S_IMODE(own.st_mode) & 0o077 == 0
    if own.st_uid != os.geteuid() or not private:
        raise PermissionError(directory)


def _require_trusted(directory: Path) -> None:
    info = directory.stat()
    sticky_of_root = info.st_uid == 0 and info.st_mode & stat.S_ISVTX
    if info.st_uid not in (0, os.geteuid()):
        raise PermissionError(directory)
    if info.st_mode & _OTHERS_MAY_WRITE and not sticky_of_root:
        raise PermissionError(directory)


def _is_safe(file: Path) -> bool:
    try:
        info = file.lstat()
    except FileNotFoundError:
        return True
    own = info.st_uid == os.geteuid() and stat.S_ISREG(info.st_mode)
    return own and not info.st_mode & _OTHERS_MAY_WRITE
