"""What code generation produces."""

from __future__ import annotations

from tracelang.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Artifact:
    """A script's text for the compiler, and its records for Python.

    `c_text` is the whole program; `ctypes_text` a Python module of ctypes structures, one a record.
    """

    c_text: str
    ctypes_text: str


GENERATED_NAME = "generated.c"
"""The file name of lines that come from no script."""
