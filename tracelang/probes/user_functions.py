"""Functions of programs and libraries as places to attach to, for `uprobe:` and `uretprobe:`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from tracelang.binaries.elf import ElfFile
from tracelang.binaries.errors import BinaryError
from tracelang.binaries.find import Binary, find_binaries
from tracelang.binaries.instructions import require_boundary
from tracelang.binaries.missing import explain_missing
from tracelang.binaries.symbols import Symbol, functions, symbols_named, unalias
from tracelang.mechanism import Mechanism
from tracelang.probes.binaries import errors_at, find_traceable
from tracelang.semantic.model import Argument, ResolvedTarget
from tracelang.semantic.probe_kind import TargetScope
from tracelang.semantic.sources import FunctionArgument, FunctionReturn
from tracelang.semantic.targets import is_pattern, match_names
from tracelang.semantic.types import S64, Space
from tracelang.syntax import ast

_REGISTER_ARGUMENTS: Final = {"x86_64": 6, "aarch64": 8}
_GO_SECTIONS: Final = (".note.go.buildid", ".gopclntab")


def resolve_functions(
    target: ast.Target, kind: str, mechanism: Mechanism, scope: TargetScope
) -> tuple[ResolvedTarget, ...]:
    """Return the functions a target means, each address once; a versioned name's every version.

    `mechanism` is UPROBE or URETPROBE, `kind` the target's first word, in full.
    """
    name = target.parts[1]
    with errors_at(target):
        binaries = find_traceable(target, scope)
        found = [(b, s) for b in binaries for s in find_functions(b.elf, name)]
        if is_pattern(name) and mechanism is Mechanism.URETPROBE:
            found = [(b, s) for b, s in found if not _never_returns(b.elf, s)]
        if not found:
            raise explain_missing([b.elf for b in binaries], name, f"{kind}:{target.parts[0]}:")
        return tuple(_place(b, s, target.offset, kind, mechanism) for b, s in found)


def _place(
    binary: Binary, symbol: Symbol, offset: int, kind: str, mechanism: Mechanism
) -> ResolvedTarget:
    elf = binary.elf
    if mechanism is Mechanism.URETPROBE:
        _require_returns(elf, symbol, offset)
    place = ResolvedTarget(
        probe=f"{kind}:{elf.path}:{symbol.name}" + (f"+{offset:#x}" if offset else ""),
        function=symbol.name,
        mechanism=mechanism,
        place=elf.path,
        offset=locate(elf, symbol, offset),
        space=Space.USER,
        notes=(*binary.notes, *_describe(symbol)),
    )
    if mechanism is Mechanism.URETPROBE:
        return replace(place, returns=Argument("retval", S64, FunctionReturn()))
    if offset:  # the registers hold the arguments at the entry only
        return place
    count = _REGISTER_ARGUMENTS.get(elf.machine, 6)
    return replace(place, positional=tuple(FunctionArgument(i) for i in range(count)))


def find_functions(elf: ElfFile, name: str) -> list[Symbol]:
    """Return the functions a name or pattern means, each address once, sorted by address.

    A pattern passes over the parts that the compiler moved out of functions.
    """
    if is_pattern(name):
        known = list(functions(elf))
        wanted = set(match_names(name, {s.name for s in known}))
        found = unalias(s for s in known if s.name in wanted and not s.is_fragment)
    else:
        found = unalias(s for s in symbols_named(elf, name) if s.is_function)
    return sorted(found, key=lambda s: s.address)


def locate(elf: ElfFile, symbol: Symbol, offset: int) -> int:
    """Return the file offset of a place in a function.

    Raises `BinaryError`: T244 beyond the function or not in the file, T245 inside an instruction.
    """
    if offset and offset >= symbol.size:
        size = f"{symbol.size:#x} bytes long" if symbol.size else "of unknown size"
        raise BinaryError(
            "T244",
            f"offset {offset:#x} is not inside `{symbol.name}`, which is {size}",
            help_=(f"give one below {symbol.size:#x}",)
            if symbol.size
            else ("leave the offset away",),
        )
    place = elf.file_offset(symbol.address, executable=True)
    if place is None:
        raise BinaryError("T244", f"`{symbol.name}` is not in a part of the file that is executed")
    if offset:
        require_boundary(elf.machine, elf.data[place : place + symbol.size], offset, symbol.name)
    return place + offset


def _never_returns(elf: ElfFile, symbol: Symbol) -> bool:
    """Tell whether code is jumped to, not called: what lies on its stack is no return address."""
    return symbol.is_fragment or symbol.address == elf.entry


def _require_returns(elf: ElfFile, symbol: Symbol, offset: int) -> None:
    """Raise `BinaryError` (T246) where a return probe means nothing or would break the program."""
    if offset:
        raise BinaryError(
            "T246",
            "a return has no offset",
            help_=(f"leave the `+{offset:#x}` away, or use `uprobe`",),
        )
    if _never_returns(elf, symbol):
        raise BinaryError(
            "T246",
            f"a `uretprobe` on `{symbol.name}` would crash the program",
            notes=("this code is not called, but jumped to: it has no return address",),
            help_=("use `uprobe`",),
        )
    if any(elf.section(name) for name in _GO_SECTIONS):
        raise BinaryError(
            "T246",
            f"a `uretprobe` on `{symbol.name}` would crash the program: it is written in Go",
            notes=("return probes change the return address, and Go moves its stacks",),
            help_=("use `uprobe` at the entry",),
        )


def _describe(symbol: Symbol) -> tuple[str, ...]:
    """Return what a user must know to read the events rightly."""
    if not symbol.is_indirect:
        return ()
    note = "this traces how each program chooses its variant, not the calls"
    return (f"`{symbol.name}` is an indirect function (IFUNC): {note}",)


def list_symbols(
    binary: str, pattern: str, architecture: str, kind: str = "uprobe"
) -> Iterator[str]:
    """Yield the full names of a binary's functions that match a pattern, sorted.

    Raises `BinaryError` as `find_binaries` does.
    """
    for found in find_binaries(binary, architecture):
        for name in match_names(pattern, {s.name for s in functions(found.elf)}):
            yield f"{kind}:{binary}:{name}"
