"""The C library, for the system calls Python has no function for."""

from __future__ import annotations

import ctypes
from functools import cache


@cache
def c_library() -> ctypes.CDLL:
    """Return the C library; `ctypes.get_errno` says why a call of it failed.

    Opening it anew for each call would leave a cycle of objects behind each time.
    """
    return ctypes.CDLL(None, use_errno=True)
