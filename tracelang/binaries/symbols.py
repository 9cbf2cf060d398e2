"""Functions of a binary, from its symbol tables: by name fast, or all of them.

Finding one name among a hundred thousand must not take longer than starting up. So a name is first
searched for as bytes in the table of strings; then the symbols' name offsets are scanned for it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from tracelang.binaries.debug_files import find_debug_symbols
from tracelang.binaries.elf import DYNAMIC_SYMBOLS, SYMBOL_TABLE, ElfFile, Section
from tracelang.binaries.versions import symbol_versions
from tracelang.dataclass import dataclass

_SYMBOL: Final = struct.Struct("<IBBHQQ")
_WORDS: Final = _SYMBOL.size // 4
_FUNCTION: Final = 2
_INDIRECT: Final = 10
_DATA: Final = 1
_LOCAL: Final = 0
_UNDEFINED: Final = 0
_STRING_TABLE: Final = 3

Table = tuple[ElfFile, Section]


@dataclass(frozen=True, slots=True)
class Symbol:
    """One symbol as its table has it; `name` is without the version, `section` 0 for an import."""

    name: str
    version: str
    type: int
    local: bool
    section: int
    address: int
    size: int

    @property
    def is_function(self) -> bool:
        """Whether it names code of this file."""
        return self.type in (_FUNCTION, _INDIRECT) and self.section != _UNDEFINED

    @property
    def is_indirect(self) -> bool:
        """Whether its code only chooses, once, the function that is called by this name (IFUNC)."""
        return self.type == _INDIRECT

    @property
    def is_fragment(self) -> bool:
        """Whether it is a function's rarely run part, which the compiler moved elsewhere."""
        return ".cold" in self.name

    @property
    def is_data(self) -> bool:
        """Whether it names a variable."""
        return self.type == _DATA and self.section != _UNDEFINED

    @property
    def is_imported(self) -> bool:
        """Whether it stands for something of another file."""
        return self.section == _UNDEFINED


def symbol_tables(elf: ElfFile) -> tuple[Table, ...]:
    """Return the tables with a binary's symbols, the fullest first; with those of a debug file."""
    own = [(elf, s) for s in elf.sections if s.type in (SYMBOL_TABLE, DYNAMIC_SYMBOLS)]
    own.sort(key=lambda table: table[1].type)
    if not own or own[0][1].type != SYMBOL_TABLE:
        for debug in find_debug_symbols(elf):
            table = debug.section_of(SYMBOL_TABLE)
            if table is not None:
                return ((debug, table), *own)
    return tuple(own)


def is_stripped(elf: ElfFile) -> bool:
    """Tell whether only exported functions are known: no full table here or in a debug file."""
    return all(section.type != SYMBOL_TABLE for _, section in symbol_tables(elf))


def symbols_named(elf: ElfFile, name: str) -> list[Symbol]:
    """Return every symbol of that name, in table order; `name@VERSION` are those of one version."""
    plain, _, version = name.partition("@")
    found = [s for table in symbol_tables(elf) for s in _find(table, plain)]
    wanted = version.lstrip("@")
    return [s for s in found if s.version == wanted] if wanted else found


def functions(elf: ElfFile) -> Iterator[Symbol]:
    """Yield every function, those with several names or in several tables several times."""
    for table in symbol_tables(elf):
        yield from (s for s in _symbols(table) if s.is_function)


def unalias(found: Iterable[Symbol]) -> list[Symbol]:
    """Return one symbol an address, the name meant for people: exported, plain and short."""
    best: dict[int, Symbol] = {}
    for symbol in found:
        known = best.get(symbol.address)
        if known is None or _plainness(symbol) < _plainness(known):
            best[symbol.address] = symbol
    return list(best.values())


def _plainness(symbol: Symbol) -> tuple[bool, int, int, str]:
    name = symbol.name
    return symbol.local, len(name) - len(name.lstrip("_")), len(name), name


def _find(table: Table, name: str) -> Iterator[Symbol]:
    elf, section = table
    wanted = set(_name_offsets(elf, section, name))
    if not wanted:
        return
    raw = memoryview(elf.data)[section.offset : section.offset + section.size]
    column = raw[: len(raw) - len(raw) % _SYMBOL.size].cast("I")[::_WORDS].tolist()
    versions = symbol_versions(elf) if section.type == DYNAMIC_SYMBOLS else []
    for index, offset in enumerate(column):
        if offset in wanted:
            symbol = _symbol(table, _SYMBOL.unpack_from(raw, index * _SYMBOL.size))
            yield replace(symbol, version=versions[index]) if index < len(versions) else symbol


def _name_offsets(elf: ElfFile, section: Section, name: str) -> Iterator[int]:
    """Yield where a name starts in the strings: also as a longer one's tail, or with a version."""
    strings = elf.sections[section.link]
    end = strings.offset + strings.size
    for text in (name.encode() + b"\0", name.encode() + b"@"):
        at = elf.data.find(text, strings.offset, end)
        while at >= 0:
            yield at - strings.offset
            at = elf.data.find(text, at + 1, end)


def _symbols(table: Table) -> Iterator[Symbol]:
    elf, section = table
    raw = elf.read(section)
    for fields in _SYMBOL.iter_unpack(raw[: len(raw) - len(raw) % _SYMBOL.size]):
        if fields[1] & 0xF in (_FUNCTION, _INDIRECT):
            yield _symbol(table, fields)


def _symbol(table: Table, fields: tuple[int, ...]) -> Symbol:
    elf, section = table
    name, info, _, index, address, size = fields
    text = elf.text_at(elf.sections[section.link].offset + name)
    plain, _, version = text.partition("@")
    return Symbol(plain, version.lstrip("@"), info & 0xF, info >> 4 == _LOCAL, index, address, size)
