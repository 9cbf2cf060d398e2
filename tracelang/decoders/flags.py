"""`flags(x, SET)`: the bits of a system call's argument by name."""

from __future__ import annotations

from typing import Final

from tracelang.decoders.definition import Definition, reading, remember
from tracelang.decoders.flag_sets import FLAG_SETS, FlagSet
from tracelang.decoders.protocol import DecodeContext, Parameter, Reading
from tracelang.decoders.tables import parse_flags, show_flags
from tracelang.registry import did_you_mean, nearest


def _set_of(arguments: tuple[object, ...]) -> FlagSet:
    (name,) = arguments
    return FLAG_SETS[str(name)]()


def _check_set(arguments: tuple[object, ...]) -> str | None:
    if not arguments:
        return f"`flags` needs the set of names: `flags(x, open)`; there are: {_known_sets()}"
    name = str(arguments[0])
    if name in FLAG_SETS:
        return None
    hint = " ".join([*did_you_mean(nearest(name, FLAG_SETS)), f"there are: {_known_sets()}"])
    return f"there is no set of flags `{name}`; {hint}"


def _known_sets() -> str:
    return ", ".join(sorted(FLAG_SETS))


def show_set(raw: int, names: FlagSet) -> str:
    """Return the names of a value's parts joined by `|`, what no name covers in hexadecimal."""
    if raw < 0:
        raw &= 0xFFFFFFFF if raw >= -(1 << 31) else (1 << 64) - 1
    named = names.field.get(raw & names.mask) if names.mask else None
    rest = raw if named is None else raw & ~names.mask
    if named is not None:
        return f"{named}|{show_flags(rest, names.bits)}" if rest else named
    if not rest:
        return names.zero
    return str(raw) if names.mask == -1 else show_flags(rest, names.bits)


def find_in_set(text: str, names: FlagSet) -> int | None:
    """Return the value a text such as `O_WRONLY|O_CREAT` stands for."""
    if text == names.zero:
        return 0
    return parse_flags(text, (*names.bits, *names.field.items()))


def _read_flags(arguments: tuple[object, ...], _context: DecodeContext) -> Reading:
    names = _set_of(arguments)

    def show(raw: int) -> str:
        return show_set(raw, names)

    return reading(remember(show))


def _find_flags(text: str, arguments: tuple[object, ...]) -> int | None:
    return find_in_set(text, _set_of(arguments))


DECODERS: Final = (
    Definition(
        "flags",
        "the names of bits, by a set: `open`, `prot`, `mmap`, `clone`, …",
        _read_flags,
        example="probe syscall:openat capture comm, filename, flags(args.flags, open) as how",
        parameters=(Parameter.WORD,),
        width=24,
        refuse=_check_set,
        find=_find_flags,
    ),
)
