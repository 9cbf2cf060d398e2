"""What `doctor` asks of the software: Python, bcc, libbpf and the packages tracelang needs."""

from __future__ import annotations

import ctypes
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

from tracelang.build import worker
from tracelang.build.machine import explain_greeting
from tracelang.cli.finding import Finding, Verdict

_GROUP: Final = "software"
_PATIENCE: Final = 60.0
"""Seconds that importing bcc may take."""


def check_software() -> Iterator[Finding]:
    """Yield the versions of what tracelang stands on."""
    python = f"{platform.python_version()}, {sys.executable}"
    yield Finding(_GROUP, "Python", Verdict.OK, python)
    yield check_bcc()
    yield _check_libbpf()
    for package in ("lark", "jinja2"):
        yield _check_package(package)


def check_bcc(python: str = sys.executable) -> Finding:
    """Import bcc in a child process, as compiling does: whatever it does there, it does no harm."""
    greeting = _ask_worker(python)
    if greeting is None:
        detail = "importing it ended the process"
        return Finding(_GROUP, "bcc", Verdict.MISSING, detail, f"{python} -c 'import bcc'")
    if "version" in greeting:
        return Finding(_GROUP, "bcc", Verdict.OK, greeting["version"])
    (problem,) = explain_greeting(greeting["failure"], greeting["detail"]).diagnostics
    detail = ": ".join((problem.message, *problem.notes))
    return Finding(_GROUP, "bcc", Verdict.MISSING, detail, _command(problem.help[0]))


def _ask_worker(python: str) -> dict[str, Any] | None:
    """Start the compiler's process to be greeted; return None where it ends before that."""
    replies, theirs = os.pipe()
    script = str(Path(worker.__file__))
    with os.fdopen(replies, "rb") as reader, tempfile.TemporaryDirectory() as directory:
        try:
            subprocess.run(
                [python, "-P", script, str(theirs), str(Path(directory) / "work")],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                cwd=directory,
                pass_fds=(theirs,),
                timeout=_PATIENCE,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            return None
        finally:
            os.close(theirs)
        line = reader.readline()
    greeting: dict[str, Any] | None = json.loads(line) if line else None
    return greeting


def _command(help_: str) -> str:
    """Return a hint's command alone, without the words that say what it is for."""
    before, colon, command = help_.partition(": ")
    return command if colon and " " in command else before


def _check_libbpf() -> Finding:
    try:
        library = ctypes.CDLL("libbpf.so.1")
        library.libbpf_version_string.restype = ctypes.c_char_p
        found = library.libbpf_version_string().decode().removeprefix("v")
    except (OSError, AttributeError):
        detail = "no libbpf.so.1 of its own; the one inside libbcc serves"
        return Finding(_GROUP, "libbpf", Verdict.LIMITED, detail, "sudo apt-get install libbpf1")
    return Finding(_GROUP, "libbpf", Verdict.OK, found)


def _check_package(name: str) -> Finding:
    try:
        return Finding(_GROUP, name, Verdict.OK, version(name))
    except PackageNotFoundError:
        remedy = f"{sys.executable} -m pip install {name}"
        return Finding(_GROUP, name, Verdict.MISSING, "not installed for this Python", remedy)
