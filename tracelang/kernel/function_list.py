"""Searching the kernel's own lists of functions and symbols without taking them apart.

Both lists have tens of thousands of lines, and mostly one of them is wanted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property


class FilterFunctions:
    """The text of `available_filter_functions`: a function a line, ` [module]` behind those of modules."""

    def __init__(self, text: bytes) -> None:
        self._text = b"\n" + text

    def __contains__(self, name: str) -> bool:
        return self._find(name) is not None

    def module_of(self, name: str) -> str:
        """Return the module a function lives in, "" for the kernel itself."""
        match = self._find(name)
        return match[1].decode() if match is not None and match[1] else ""

    @cached_property
    def names(self) -> Mapping[str, None]:
        """The names in their order."""
        lines = self._text.decode(errors="replace").split("\n")
        return dict.fromkeys(line.partition(" ")[0] for line in lines if line)

    def _find(self, name: str) -> re.Match[bytes] | None:
        pattern = rb"\n" + re.escape(name.encode()) + rb"(?: \[([^\]]*)\])?\n"
        return re.search(pattern, self._text)


def find_address(symbols: bytes, name: str) -> int | None:
    """Return a symbol's address from the text of /proc/kallsyms; None where it is missing or hidden as 0."""
    match = re.search(
        rb"^([0-9a-f]+) \w " + re.escape(name.encode()) + rb"$", symbols, re.MULTILINE
    )
    if match is None:
        return None
    return int(match[1], 16) or None


def has_symbol(symbols: bytes, name: str) -> bool:
    """Tell whether /proc/kallsyms names a symbol of the kernel itself."""
    return b" " + name.encode() + b"\n" in symbols


def text_symbols(symbols: bytes) -> Mapping[str, None]:
    """Return the functions that /proc/kallsyms names, in order."""
    found = re.findall(rb"^[0-9a-f]+ [tTwW] (\S+)", symbols, re.MULTILINE)
    return dict.fromkeys(name.decode(errors="replace") for name in found)
