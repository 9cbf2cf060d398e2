"""Searching the kernel's own lists of functions and symbols without taking them apart.

Both lists have tens of thousands of lines, and mostly one of them is wanted.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from functools import cached_property


class FilterFunctions:
    """The text of `available_filter_functions`: a line each, ` [module]` behind a module's."""

    def __init__(self, text: bytes) -> None:
        self.text = text
        self._lines = b"\n" + text

    def __contains__(self, name: str) -> bool:
        return self._find(name) is not None

    def module_of(self, name: str) -> str:
        """Return a function's module, "" for the kernel itself or an unknown one."""
        match = self._find(name)
        return match[1].decode() if match is not None and match[1] else ""

    @cached_property
    def names(self) -> Mapping[str, None]:
        """The names in their order."""
        lines = self.text.decode(errors="replace").split("\n")
        names = (line.partition(" ")[0] for line in lines if line)
        # The kernel lists functions that were overridden at link time by such names.
        return dict.fromkeys(n for n in names if not n.startswith("__ftrace_invalid_address"))

    def shared_of(self, names: Collection[str]) -> list[str]:
        """Return those of some names that several functions have, as static ones may."""
        wanted = frozenset(name.encode() for name in names)
        listed = (line.partition(b" ")[0] for line in self.text.split(b"\n"))
        number = Counter(name for name in listed if name in wanted)
        return [name for name in names if number[name.encode()] > 1]

    def _find(self, name: str) -> re.Match[bytes] | None:
        pattern = rb"\n" + re.escape(name.encode()) + rb"(?: \[([^\]\n]*)\])?(?=\n)"
        return re.search(pattern, self._lines)


def find_address(symbols: bytes, name: str) -> int | None:
    """Return a symbol's address from /proc/kallsyms' text; None where it is missing or hidden."""
    end = re.search(rb" " + re.escape(name.encode()) + rb"(?:\t\[\w+\])?\n", symbols)
    if end is None:
        return None
    start = symbols.rfind(b"\n", 0, end.start()) + 1
    return int(symbols[start : end.start()].split()[0], 16) or None


def text_symbols(symbols: bytes) -> Mapping[str, None]:
    """Return the functions that /proc/kallsyms names, in order."""
    found = re.findall(rb"^[0-9a-f]+ [tTwW] (\S+)", symbols, re.MULTILINE)
    return dict.fromkeys(name.decode(errors="replace") for name in found)


def data_symbols(symbols: bytes) -> Iterator[str]:
    """Yield the variables that /proc/kallsyms names, those that tools made left out."""
    for match in re.finditer(rb"^[0-9a-f]+ [dDbBrRvVaA] (\w+)\n", symbols, re.MULTILINE):
        name = match[1].decode()
        if not name.startswith(("__", "event_", "trace_event_", "print_fmt_", "types__", "args__")):
            yield name
