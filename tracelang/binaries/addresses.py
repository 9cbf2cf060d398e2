"""Which function of a binary an address lies in."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator

from tracelang.binaries.elf import ElfFile
from tracelang.binaries.symbols import Table, symbol_tables

_SYMBOL_SIZE = 24
_FUNCTIONS = frozenset({2, 10})  # STT_FUNC, STT_GNU_IFUNC
_LOCAL = 0

_Entry = tuple[int, int, bool, int, Table]
"""Address, size, whether it is local, the name's place, and the table it is in."""


class FunctionTable:
    """A binary's functions in the order of their addresses; the names stay in the file."""

    def __init__(self, elf: ElfFile) -> None:
        entries: list[_Entry] = []
        for table in symbol_tables(elf):
            entries += _functions(table)
        entries.sort(key=lambda entry: entry[0])
        self._entries = entries
        self._starts = [entry[0] for entry in entries]

    def find(self, address: int) -> tuple[str, int] | None:
        """Return the name of the function at an address, and how far into it that is."""
        index = bisect_right(self._starts, address) - 1
        if index < 0:
            return None
        start = self._starts[index]
        names = []
        while index >= 0 and self._starts[index] == start:
            _, size, local, name, (elf, section) = self._entries[index]
            if address < start + size:
                text = elf.text_at(elf.sections[section.link].offset + name)
                names.append((local, text.partition("@")[0]))
            index -= 1
        return (_plainest(names), address - start) if names else None


def _plainest(names: list[tuple[bool, str]]) -> str:
    """Return the name meant for people: exported, without underscores, short."""

    def plainness(candidate: tuple[bool, str]) -> tuple[bool, int, int, str]:
        local, name = candidate
        return local, len(name) - len(name.lstrip("_")), len(name), name

    return min(names, key=plainness)[1]


def _functions(table: Table) -> Iterator[_Entry]:
    """Yield every function of a table."""
    elf, section = table
    raw = memoryview(elf.read(section))
    raw = raw[: len(raw) - len(raw) % _SYMBOL_SIZE]
    words, longs = raw.cast("I"), raw.cast("Q")
    columns = (
        words[::6].tolist(),
        raw[4::_SYMBOL_SIZE].tolist(),
        raw.cast("H")[3::12].tolist(),
        longs[1::3].tolist(),
        longs[2::3].tolist(),
    )
    ends = {n: s.address + s.size for n, s in enumerate(elf.sections)}
    for name, info, index, address, size in zip(*columns, strict=True):
        if index and info & 0xF in _FUNCTIONS:
            # What assembly leaves without a size reaches to the end of its section at most.
            size = size or max(ends.get(index, address) - address, 0)  # noqa: PLW2901
            yield address, size, info >> 4 == _LOCAL, name, table
