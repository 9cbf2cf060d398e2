"""Which software compiles: tracelang's own files, its Python, the packages and libraries beside it.

A change of any of them changes what is returned here; so nothing is reused that other code made.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterator
from typing import Final

from tracelang.resources import code_directories

_LIBRARIES: Final = "/etc/ld.so.cache"
"""Rewritten whenever a library (libbcc, LLVM) is installed or upgraded."""
_PACKAGES: Final = "-packages"
_CODE: Final = (".py", ".j2", ".lark")


def software_identity() -> str:
    """Return a hash that is another one as soon as other software would compile."""
    facts = [sys.version, sys.implementation.cache_tag or ""]
    facts.extend(os.environ.get(name, "") for name in ("PYTHONPATH", "LD_LIBRARY_PATH"))
    # A package that is installed, upgraded or removed changes its directory.
    facts.extend(_state(path) for path in sys.path if path.endswith(_PACKAGES))
    facts.append(_state(_LIBRARIES))
    for directory in code_directories():
        facts.append(directory)
        facts.extend(sorted(_states(directory)))
    return hashlib.blake2b("\0".join(facts).encode(), digest_size=16).hexdigest()


def _states(directory: str) -> Iterator[str]:
    """Yield the name, size and time of each file of code in a directory and those below it."""
    with os.scandir(directory) as entries:
        for entry in entries:
            if entry.name.endswith(_CODE):
                info = entry.stat()
                yield f"{entry.path} {info.st_size} {info.st_mtime_ns}"
            elif "." not in entry.name and entry.name != "__pycache__" and entry.is_dir():
                yield from _states(entry.path)


def _state(path: str) -> str:
    try:
        info = os.stat(path)  # noqa: PTH116 - paths here are texts
    except OSError:
        return path
    return f"{path} {info.st_size} {info.st_mtime_ns}"
