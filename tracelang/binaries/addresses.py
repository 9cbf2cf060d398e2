"""Which function of a binary an address lies in."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator

from tracelang.binaries.elf import ElfFile
from tracelang.binaries.symbols import Table, symbol_tables

_SYMBOL_SIZE = 24
_FUNCTIONS = frozenset({2, 10})  # STT_FUNC, STT_GNU_IFUNC
_ANY_TYPE = 0
_GLOBAL = 0x10


class FunctionTable:
    """A binary's functions in the order of their addresses; the names stay in the file."""

    def __init__(self, elf: ElfFile) -> None:
        entries: list[tuple[int, int, int, Table]] = []
        for table in symbol_tables(elf):
            entries += _functions(table)
        # Of several names of one place the exported one is met last.
        entries.sort(key=lambda entry: entry[:2])
        self._entries = entries
        self._starts = [entry[0] for entry in entries]

    def find(self, address: int) -> tuple[str, int] | None:
        """Return the name of the function at an address, and how far into it that is."""
        index = bisect_right(self._starts, address) - 1
        if index < 0:
            return None
        start, key, name, (elf, section) = self._entries[index]
        size = key >> 1
        if size and address >= start + size:
            return None
        text = elf.text_at(elf.sections[section.link].offset + name)
        return text.partition("@")[0], address - start


def _functions(table: Table) -> Iterator[tuple[int, int, int, Table]]:
    """Yield (address, twice the size and whether it is exported, name's offset, table) of each."""
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
    for name, info, index, address, size in zip(*columns, strict=True):
        if index and info & 0xF in _FUNCTIONS:
            yield address, size << 1 | bool(info & _GLOBAL), name, table
