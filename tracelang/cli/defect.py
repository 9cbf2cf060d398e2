"""A defect of tracelang itself: what to say, and what to ask for."""

from __future__ import annotations

import os
import sys
import tempfile
import traceback
from collections.abc import Sequence

STATUS = 70


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
