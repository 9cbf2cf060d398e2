"""Names as they were written: C++ and Rust symbols read back."""

from __future__ import annotations


def demangle(name: str) -> str:
    """Return the name a mangled symbol stands for; other names as they are."""
    return name
