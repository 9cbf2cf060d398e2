"""From what a script calls a binary to its file: a path, a name on PATH, a library's short name."""

from __future__ import annotations

import glob
import os
import re
import shutil
import stat
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from tracelang.binaries.elf import ElfFile, open_elf, require_traceable
from tracelang.binaries.errors import BinaryError
from tracelang.binaries.libraries import Library, find_libraries, named
from tracelang.dataclass import dataclass
from tracelang.registry import did_you_mean, nearest

_RIGHTS: Final = "run as root, or as a user who may read it"
_WILDCARDS: Final = re.compile(r"[*?\[]")


@dataclass(frozen=True, slots=True)
class Binary:
    """A binary that was found: its ELF file, and what to tell of how it was found."""

    elf: ElfFile
    notes: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        """Its absolute path, links resolved."""
        return self.elf.path


def find_binaries(name: str, architecture: str) -> tuple[Binary, ...]:
    """Return the binary a name means, or all that its wildcards match (of libraries, or of a path).

    Raises `BinaryError`: T240 nothing of that name, T241 no ELF file, T242 unreadable, T243 for
    another machine.
    """
    if _is_pattern(name):
        return _match(name, architecture)
    if program := _program(name):
        return (Binary(_open(program, architecture)),)
    libraries = find_libraries(architecture)
    if found := named(name, libraries):
        return (Binary(_open(found[0].path, architecture), _also(found)),)
    raise _nothing(name, libraries)


def locate_binaries(name: str, architecture: str) -> tuple[str, ...]:
    """Return the files that `find_binaries` looks into, whatever they are; none if there is none.

    Links are resolved. It opens none of them.
    """
    if _is_pattern(name):
        return tuple(map(_resolve, _paths(name, architecture)))
    if program := _program(name):
        return (_resolve(program),)
    return tuple(_resolve(lib.path) for lib in named(name, find_libraries(architecture)))


def _is_pattern(name: str) -> bool:
    return bool(_WILDCARDS.search(name)) and not _is_there(name)


def _program(name: str) -> str | None:
    """Return the path a name is, or that of a program on PATH."""
    return name if "/" in name else shutil.which(name)


def _is_there(path: str) -> bool:
    return os.path.exists(path)  # noqa: PTH110 - unlike `Path.exists` it never raises


def _also(found: list[Library]) -> tuple[str, ...]:
    if len(found) == 1:
        return ()
    others = ", ".join(f"`{lib.soname}`" for lib in found[1:])
    return (f"this is `{found[0].soname}`, the newest; there is also {others}",)


def _match(pattern: str, architecture: str) -> tuple[Binary, ...]:
    """Return the traceable files that match; those that are no binaries are passed over."""
    found: dict[str, Binary] = {}
    for path in _paths(pattern, architecture):
        try:
            elf = _open(path, architecture)
        except BinaryError:
            continue
        found.setdefault(elf.path, Binary(elf))
    if not found:
        where = "" if "/" in pattern else "; wildcards without a `/` match libraries"
        raise BinaryError("T240", f"no binary matches `{pattern}`{where}")
    return tuple(found.values())


def _paths(pattern: str, architecture: str) -> list[str]:
    """Return the files a pattern matches: as a path, or without a `/` among the libraries."""
    if "/" in pattern:
        return sorted(glob.glob(pattern))  # noqa: PTH207 - Path.glob takes no absolute patterns
    matching = (lib for lib in find_libraries(architecture) if _matches(lib, pattern))
    return sorted({os.path.realpath(lib.path) for lib in matching})


def _matches(library: Library, pattern: str) -> bool:
    return fnmatchcase(library.soname, pattern) or fnmatchcase(library.short_name, pattern)


def _open(path: str, architecture: str) -> ElfFile:
    mode = _file_mode(path)
    if stat.S_ISDIR(mode):
        raise BinaryError("T241", f"`{path}` is a directory", help_=("name the program in it",))
    if not stat.S_ISREG(mode):
        raise BinaryError("T241", f"`{path}` is not a file")
    try:
        elf = open_elf(_resolve(path))
    except BinaryError as error:
        raise _explain(path, error) from None
    require_traceable(elf, architecture)
    return elf


def _resolve(path: str) -> str:
    """Return a file's absolute path with its links resolved."""
    # Links below /proc (PID/exe, PID/root) lead into other mount namespaces: their text misleads.
    absolute = os.path.abspath(path)  # noqa: PTH100 - `Path.absolute` keeps `..`
    return absolute if absolute.startswith("/proc/") else os.path.realpath(path)


def _file_mode(path: str) -> int:
    try:
        return Path(path).stat().st_mode
    except (FileNotFoundError, NotADirectoryError, ValueError):
        raise _missing(path) from None
    except OSError as error:
        raise BinaryError(
            "T242", f"`{path}` cannot be reached: {error.strerror}", help_=(_RIGHTS,)
        ) from None


def _missing(path: str) -> BinaryError:
    parent = Path(path).parent
    try:
        names = [p.name for p in parent.iterdir()]
    except (OSError, ValueError):
        return BinaryError(
            "T240", f"there is no `{path}`: `{parent}` is not a directory to look into"
        )
    near = [parent / name for name in nearest(Path(path).name, names)]
    return BinaryError("T240", f"there is no file `{path}`", help_=tuple(did_you_mean(near)))


def _explain(path: str, error: BinaryError) -> BinaryError:
    """Return what a file that is no ELF file is instead, where that can be told."""
    if error.code != "T241":
        fix = (_RIGHTS,) if error.code == "T242" else error.help_
        return BinaryError(error.code, error.message, notes=error.notes, help_=fix)
    with Path(path).open("rb") as file:
        head = file.read(4096)
    if head.startswith(b"#!"):
        return _script(path, head)
    if linked := re.search(rb"^\s*(?:GROUP|INPUT)\s*\(\s*(/\S+)", head, re.MULTILINE):
        library = linked[1].decode(errors="replace")
        return BinaryError(
            "T241", f"`{path}` is a text for the linker", help_=(f"name the library: `{library}`",)
        )
    return error


def _script(path: str, head: bytes) -> BinaryError:
    words = head[2:].split(b"\n", 1)[0].decode(errors="replace").split()
    if words and Path(words[0]).name == "env":
        words = [w for w in words[1:] if not w.startswith("-") and "=" not in w]
    interpreter = words[0] if words else "/bin/sh"
    return BinaryError(
        "T241",
        f"`{path}` is a script: the program that runs is its interpreter, `{interpreter}`",
        help_=(f"trace the interpreter: `uprobe:{interpreter}:FUNCTION`",),
    )


def _nothing(name: str, libraries: tuple[Library, ...]) -> BinaryError:
    if _is_there(name):
        return BinaryError(
            "T240",
            f"no program on PATH and no library is called `{name}`",
            help_=(f"did you mean the file in this directory? write `./{name}`",),
        )
    names = {lib.short_name for lib in libraries}
    names.update(_programs())
    near = did_you_mean(nearest(name, sorted(names)))
    return BinaryError(
        "T240",
        f"no program on PATH and no library is called `{name}`",
        help_=(" ".join([*near, f"a path works too: `/opt/app/bin/{name}`"]),),
    )


def _programs() -> Iterator[str]:
    for directory in os.get_exec_path():
        try:
            yield from os.listdir(directory or ".")  # noqa: PTH208 - thousands of names, no paths needed
        except OSError:
            continue
