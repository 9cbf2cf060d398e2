"""The command given to `-c`.

Owns turning it into a program and its arguments before anything is traced, so that nothing is left
to look up, or to go wrong, once tracing has begun.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

from tracelang.dataclass import dataclass
from tracelang.diagnostics import DiagnosticError, fail

_SHELL_HELP = "for a shell's own words, pipes or variables: -c \"sh -c '…'\""


@dataclass(frozen=True, slots=True)
class Command:
    """A program's path as execve takes it, and its arguments; the first is the name typed."""

    path: str
    arguments: tuple[str, ...]


def split_command(text: str) -> tuple[str, ...]:
    """Split a command line into words as a shell does: at spaces, quotes and backslashes respected.

    No shell runs: `|`, `>`, `*` and `$` are ordinary characters. Raises `DiagnosticError` U220 if a
    quote is not closed or there is no word.
    """
    try:
        words = tuple(shlex.split(text))
    except ValueError as error:
        message = f"cannot split the command {text!r}: {str(error).lower()}"
        raise fail("U220", message, help=["close the quote, or escape it by a backslash"]) from None
    if not words:
        raise fail("U220", "the command is empty", help=["name a program: -c 'ls -l'"])
    return words


def resolve_command(words: Sequence[str], environment: Mapping[str, str] | None = None) -> Command:
    """Find the program of a command: by its path if it has a `/`, else along PATH.

    Raises `DiagnosticError` U221 if there is none, U222 if it cannot be executed.
    """
    name = words[0]
    candidates = [name] if "/" in name else _list_candidates(name, environment)
    for path in candidates:
        if _is_executable(path):
            return Command(path, tuple(words))
    for path in candidates:
        if Path(path).exists():
            raise _refuse(name, path)
    place = "there is no such file" if "/" in name else "it is in no directory of PATH"
    raise fail("U221", f"command not found: {name}: {place}", help=[_SHELL_HELP])


def _list_candidates(name: str, environment: Mapping[str, str] | None) -> list[str]:
    """Return where PATH says the program may be; an empty entry means the working directory."""
    search = (os.environ if environment is None else environment).get("PATH", os.defpath)
    return [f"{directory or '.'}/{name}" for directory in search.split(os.pathsep)] if name else []


def _is_executable(path: str) -> bool:
    """Say whether execve would try to run it."""
    return Path(path).is_file() and os.access(path, os.X_OK)


def _refuse(name: str, path: str) -> DiagnosticError:
    """Build the error for a file that is there but is no program."""
    if Path(path).is_dir():
        return fail("U222", f"cannot execute {name}: {path} is a directory")
    return fail(
        "U222",
        f"cannot execute {name}: {path} has no permission to be executed",
        help=[f"if it is a script, name its interpreter: -c 'sh {path}'"],
    )
