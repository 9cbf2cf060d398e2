"""Why a binary has no function of a name, and which one may have been meant."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from tracelang.binaries.elf import ElfFile, open_elf
from tracelang.binaries.errors import BinaryError
from tracelang.binaries.libraries import Library, find_libraries
from tracelang.binaries.symbols import functions, is_stripped, symbols_named
from tracelang.registry import did_you_mean, nearest

_DYNAMIC: Final = 6
_NEEDED: Final = 1
_MANY: Final = 4000


def explain_missing(binaries: Sequence[ElfFile], name: str, prefix: str) -> BinaryError:
    """Build the error (T202) for a function that the binaries do not have.

    `prefix` is what stands before the name in a target (`uprobe:bash:`).
    """
    see = f"see what there is: `tracelang list '{prefix}*'`"
    if len(binaries) > 1:
        message = f"none of the {len(binaries)} binaries has a function `{name}`"
        return BinaryError("T202", message, help_=(see,))
    if any(char in name for char in "*?["):
        message = f"no function of `{Path(binaries[0].path).name}` matches `{name}`"
        return BinaryError("T202", message, help_=(see,))
    return _explain(binaries[0], name, prefix, see)


def _explain(elf: ElfFile, name: str, prefix: str, see: str) -> BinaryError:
    file = Path(elf.path).name
    same = symbols_named(elf, name)
    if any(s.is_data for s in same):
        return BinaryError(
            "T202",
            f"`{name}` of `{file}` is a variable, not a function",
            help_=(see,),
        )
    help_ = []
    notes = []
    if any(s.is_imported for s in same):
        notes.append(f"`{file}` calls `{name}`, but the function is in a library")
    help_ += [f"`{lib.soname}` has it: `{_swap(prefix, lib)}{name}`" for lib in owners(elf, name)]
    if not help_:
        help_ += suggest(elf, name, prefix)
    if is_stripped(elf):
        notes.append(f"`{file}` is stripped: only the functions it exports can be found by name")
        help_.append(
            "for the others install its debug symbols (a `-dbgsym` or `-debuginfo` package)"
        )
    help_.append(see)
    return BinaryError(
        "T202", f"`{file}` has no function `{name}`", notes=tuple(notes), help_=tuple(help_)
    )


def suggest(elf: ElfFile, name: str, prefix: str) -> list[str]:
    """Return a sentence with the names that are near: alike, or mangled ones of C++ and Rust."""
    names = {s.name for s in functions(elf)}
    mangled = "".join(f"{len(part)}{part}" for part in name.split("::") if part)
    named_so = (n for n in names if n[:2] in ("_Z", "_R") and mangled in n)
    if near := tuple(sorted(named_so, key=lambda n: (len(n), n))[:3]):
        why = "functions of C++ and Rust go by their mangled names"
        return [*did_you_mean(near, prefix), why]
    return did_you_mean(nearest(name, _worth_comparing(name, names)), prefix)


def _worth_comparing(name: str, names: set[str]) -> list[str]:
    """Return the names to compare: of very many only those with the same start or end."""
    if len(names) <= _MANY:
        return sorted(names)
    start, end = name[:3], name[-3:]
    return sorted(n for n in names if n.lstrip("_").startswith(start) or n.endswith(end))


def owners(elf: ElfFile, name: str) -> Iterator[Library]:
    """Yield the libraries a binary is linked against that have a function of that name."""
    known = {lib.soname: lib for lib in reversed(find_libraries(elf.machine))}
    for soname in needed_libraries(elf):
        if soname in known and _has_function(known[soname], name):
            yield known[soname]


def _has_function(library: Library, name: str) -> bool:
    try:
        elf = open_elf(library.path)
    except BinaryError:  # what cannot be read is no suggestion
        return False
    return any(s.is_function for s in symbols_named(elf, name))


def needed_libraries(elf: ElfFile) -> list[str]:
    """Return the sonames of the libraries a binary is linked against (DT_NEEDED)."""
    section = elf.section_of(_DYNAMIC)
    if section is None:
        return []
    strings = elf.sections[section.link].offset
    raw = elf.read(section)
    entries = struct.iter_unpack("<qQ", raw[: len(raw) & ~15])
    return [elf.text_at(strings + value) for tag, value in entries if tag == _NEEDED]


def _swap(prefix: str, library: Library) -> str:
    """Return a target's prefix with another binary."""
    return f"{prefix.partition(':')[0]}:{library.short_name}:"
