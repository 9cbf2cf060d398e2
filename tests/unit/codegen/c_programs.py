"""Small C programs for this machine, to try generated text with a real compiler."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest

_TYPES: Final = """
#include <stdbool.h>
#include <stddef.h>
typedef unsigned char u8; typedef unsigned short u16;
typedef unsigned int u32; typedef unsigned long long u64;
typedef signed char s8; typedef short s16; typedef int s32; typedef long long s64;
#define __always_inline __attribute__((always_inline)) inline
"""


def build_library(directory: Path, text: str) -> ctypes.CDLL:
    """Return the compiled text as a library; skips where there is no C compiler."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        pytest.skip("no C compiler; install gcc")
    source, library = directory / "text.c", directory / "text.so"
    source.write_text(_TYPES + text, encoding="utf-8")
    command = [
        compiler,
        "-O1",
        "-fwrapv",
        "-Wall",
        "-shared",
        "-fPIC",
        "-o",
        str(library),
        str(source),
    ]
    subprocess.run(command, check=True, capture_output=True, text=True)
    return ctypes.CDLL(str(library))
