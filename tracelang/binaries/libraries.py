"""Shared libraries by their short names, as the dynamic loader would find them.

The loader's cache `/etc/ld.so.cache` maps sonames to paths. Its layout (glibc's `dl-cache.h`, new
format): a header of 48 bytes with the number of entries, then entries of 24 bytes (flags, offset of
the soname, offset of the path, …), offsets counted from the header.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tracelang.dataclass import dataclass

_MAGIC: Final = b"glibc-ld.so.cache1.1"
_HEADER_SIZE: Final = 48
_ENTRY: Final = struct.Struct("<iIIIQ")
_ARCHITECTURE_BITS: Final = 0xFF00
_ARCHITECTURES: Final = {"x86_64": 0x0300, "aarch64": 0x0A00}
CACHE: Final = Path("/etc/ld.so.cache")


@dataclass(frozen=True, slots=True)
class Library:
    """A library by the name programs ask for and its path."""

    soname: str
    path: str

    @property
    def short_name(self) -> str:
        """What people call it: `libssl` for `libssl.so.3`."""
        return self.soname.partition(".so")[0]


def find_libraries(architecture: str, cache: Path = CACHE) -> tuple[Library, ...]:
    """Return the libraries the loader knows for an architecture, as `uname -m` has it.

    Without the cache (musl has none) they are those in the standard directories.
    """
    try:
        raw = cache.read_bytes()
    except OSError:
        raw = b""
    start = raw.find(_MAGIC)
    if start < 0:
        return tuple(_in_directories(architecture))
    return tuple(_in_cache(raw[start:], _ARCHITECTURES.get(architecture, 0)))


def _in_cache(raw: bytes, wanted: int) -> Iterator[Library]:
    (count,) = struct.unpack_from("<I", raw, len(_MAGIC))
    entries = memoryview(raw)[_HEADER_SIZE : _HEADER_SIZE + count * _ENTRY.size]
    for flags, name, path, *_ in _ENTRY.iter_unpack(entries):
        if flags & _ARCHITECTURE_BITS == wanted:
            yield Library(_text(raw, name), _text(raw, path))


def _text(raw: bytes, offset: int) -> str:
    return raw[offset : raw.index(b"\0", offset)].decode(errors="replace")


def _in_directories(architecture: str) -> Iterator[Library]:
    roots = ("/lib", "/usr/lib", "/lib64", "/usr/lib64", "/usr/local/lib")
    for root in (*roots, f"/lib/{architecture}-linux-gnu", f"/usr/lib/{architecture}-linux-gnu"):
        for path in sorted(Path(root).glob("lib*.so*")):
            yield Library(path.name, str(path))


def named(name: str, libraries: tuple[Library, ...]) -> list[Library]:
    """Return the libraries a name means, the newest first, each file once.

    `ssl`, `libssl`, `libssl.so` and `libssl.so.3` mean `libssl.so.3`, `libLLVM` `libLLVM-15.so.1`.
    """
    form = re.compile(rf"(lib)?{re.escape(name)}(-[0-9.]+)?(\.so)?(\.[0-9.]+)?")
    found = [lib for lib in libraries if lib.soname == name or form.fullmatch(lib.soname)]
    found.sort(key=lambda lib: version_of(lib.soname), reverse=True)
    files: dict[Path, Library] = {}
    for lib in found:
        files.setdefault(Path(lib.path).resolve(), lib)
    return list(files.values())


def version_of(soname: str) -> tuple[int, ...]:
    """Return the numbers of a soname, for comparing which is newer."""
    return tuple(int(digits) for digits in re.findall(r"\d+", soname))
