"""A defect of tracelang itself: what to say, and what to ask for."""

from __future__ import annotations

import errno
import os
import sys
import tempfile
import traceback
from collections.abc import Sequence
from typing import Final

STATUS = 70
_DEPENDENCIES: Final = ("lark", "jinja2", "rich", "prompt_toolkit")
_NO_ROOM: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)


def excuse(error: Exception) -> int:
    """Say what is wrong with this machine where that is the cause; return the status, else 0."""
    if isinstance(error, ModuleNotFoundError) and error.name in _DEPENDENCIES:
        sys.stderr.write(
            f"error[T306]: this Python ({sys.executable}) does not have `{error.name}`\n"
            f"   = help: run the `tracelang` that was installed, or install what it needs: "
            f"{sys.executable} -m pip install tracelang\n"
        )
        return 3
    if isinstance(error, OSError) and error.errno in _NO_ROOM:
        sys.stderr.write(f"error[T330]: the output cannot be written: {error.strerror}\n")
        abandon_output()
        return 3
    return 0


def abandon_output() -> None:
    """Point standard output elsewhere, so that Python does not complain once more at exit."""
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, sys.stdout.fileno())


def report_defect(error: Exception, arguments: Sequence[str]) -> int:
    """Write a report to a file and say where it is; return the exit status for defects.

    With `TRACELANG_DEBUG` set, the traceback itself is shown.
    """
    text = "".join(traceback.format_exception(error))
    if os.environ.get("TRACELANG_DEBUG"):
        sys.stderr.write(text)
        return STATUS
    with tempfile.NamedTemporaryFile(
        "w", prefix="tracelang-defect-", suffix=".txt", delete=False
    ) as file:
        file.write(f"arguments: {list(arguments)!r}\n\n{text}")
    sys.stderr.write(
        f"error[T900]: a defect of tracelang: {type(error).__name__}: {error}\n"
        f"  = help: please report it with the file {file.name}\n"
    )
    return STATUS
