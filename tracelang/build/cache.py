"""The cache of compiled scripts: files that only this user could have written.

A file holds its whole key, so that a hit is never a mistake, and a digest of itself, so that one
which was cut short is no hit. It is written under another name and renamed, so writers never meet.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tracelang.private_cache import cache_directory

_MAGIC: Final = b"tracelang\0\0\1"
_DIGEST_SIZE: Final = 16
_LENGTH_SIZE: Final = 4
_HEAD: Final = len(_MAGIC) + _DIGEST_SIZE + _LENGTH_SIZE

MOST_BYTES: Final = 64 << 20
MOST_FILES: Final = 1024
_FRESH: Final = 3600.0
"""Seconds for which a file counts as just used: so a hit seldom has to write anything."""


class ObjectCache:
    """Entries by key, the least recently used ones dropped first."""

    def __init__(
        self, directory: Path, *, most_bytes: int = MOST_BYTES, most_files: int = MOST_FILES
    ) -> None:
        self._directory = directory
        self._most_bytes = most_bytes
        self._most_files = most_files

    @classmethod
    def open(cls) -> ObjectCache | None:
        """Return this user's cache, or None if there is no place that nobody else can write to."""
        directory = cache_directory("objects")
        return cls(directory) if directory is not None else None

    def load(self, key: bytes) -> bytes | None:
        """Return what was stored under a key, or None. It never raises."""
        path = self._path(key)
        try:
            data = _read_own(path)
        except OSError:
            return None
        content = _content(data, key)
        if content is None:
            self._remove(path)
        return content

    def store(self, key: bytes, content: bytes) -> None:
        """Keep an entry; a cache that cannot be written is as good as none."""
        body = len(key).to_bytes(_LENGTH_SIZE) + key + content
        data = _MAGIC + _digest(body) + body
        path = self._path(key)
        temporary = path.with_name(f".{path.name}.{os.getpid()}.{time.monotonic_ns()}")
        try:
            _write_new(temporary, data)
            temporary.replace(path)
            self._trim()
        except OSError:
            self._remove(temporary)

    def forget(self, key: bytes) -> None:
        """Drop an entry that turned out to be of no use."""
        self._remove(self._path(key))

    def _path(self, key: bytes) -> Path:
        return self._directory / hashlib.blake2b(key, digest_size=16).hexdigest()

    @staticmethod
    def _remove(path: Path) -> None:
        with contextlib.suppress(OSError):
            path.unlink()

    def _trim(self) -> None:
        """Remove what was used longest ago until all is within the limits."""
        entries = sorted(self._entries(), reverse=True)
        total = 0
        for number, (_, size, path) in enumerate(entries):
            total += size
            if number >= self._most_files or total > self._most_bytes:
                self._remove(path)

    def _entries(self) -> Iterator[tuple[float, int, Path]]:
        """Yield when each file was last used, its size and path, unfinished ones included."""
        with os.scandir(self._directory) as files:
            for file in files:
                with contextlib.suppress(FileNotFoundError):
                    info = file.stat(follow_symlinks=False)
                    yield info.st_mtime, info.st_size, Path(file.path)


def _read_own(path: Path) -> bytes:
    """Return a file's bytes, and note its use; PermissionError if another could have written it."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    with open(descriptor, "rb") as file:  # noqa: PTH123
        info = os.fstat(descriptor)
        writable = info.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
        if not stat.S_ISREG(info.st_mode) or info.st_uid != os.geteuid() or writable:
            raise PermissionError(path)
        if time.time() - info.st_mtime > _FRESH:
            os.utime(descriptor)
        return file.read()


def _write_new(path: Path, data: bytes) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with open(os.open(path, flags, 0o600), "wb") as file:  # noqa: PTH123
        file.write(data)


def _content(data: bytes, key: bytes) -> bytes | None:
    """Return what a file holds under the key, None if it is damaged or holds another."""
    body = data[len(_MAGIC) + _DIGEST_SIZE :]
    if not data.startswith(_MAGIC) or data[len(_MAGIC) :][:_DIGEST_SIZE] != _digest(body):
        return None
    rest = body[_LENGTH_SIZE:]
    if body[:_LENGTH_SIZE] != len(key).to_bytes(_LENGTH_SIZE) or not rest.startswith(key):
        return None
    return rest[len(key) :]


def _digest(body: bytes) -> bytes:
    return hashlib.blake2b(body, digest_size=_DIGEST_SIZE).digest()
