"""Look-ups whose tables come with the script or the kernel: enums, `table`s, symbolic flags."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from tracelang.decoders.definition import Definition, reading, remember
from tracelang.decoders.protocol import DecodeContext, Reading

Pairs: TypeAlias = tuple[tuple[int, str], ...]
"""(value, name); of two names for one value the first counts."""


def name_pairs(arguments: tuple[object, ...]) -> Pairs:
    """Return the (value, name) pairs that are the first argument."""
    pairs: Any = arguments[0] if arguments else ()
    return tuple((int(value), str(name)) for value, name in pairs)


def _first_names(pairs: Pairs) -> Mapping[int, str]:
    return dict(reversed(pairs))


def _check_pairs(arguments: tuple[object, ...]) -> str | None:
    return None if arguments and isinstance(arguments[0], tuple) else "this decoder needs its table"


def find_value(text: str, arguments: tuple[object, ...]) -> int | None:
    """Return the value of a name in the table."""
    return next((value for value, name in name_pairs(arguments) if name == text), None)


def _read_enum(arguments: tuple[object, ...], _context: DecodeContext) -> Reading:
    """Bind `enum(pairs)`: a value without a name is shown as its number."""
    names = _first_names(name_pairs(arguments))

    def show(raw: int) -> str:
        return names.get(raw) or str(raw)

    return reading(remember(show))


def _read_table(arguments: tuple[object, ...], _context: DecodeContext) -> Reading:
    """Bind `table(pairs, else)`: without an `else` an unknown value is shown as its number."""
    names = _first_names(name_pairs(arguments))
    otherwise = arguments[1] if len(arguments) > 1 else None

    def show(raw: int) -> str:
        name = names.get(raw, otherwise)
        return str(raw if name is None else name)

    return reading(remember(show))


def show_flags(raw: int, pairs: Pairs) -> str:
    """Return the names of the bits that are set, what is left in hexadecimal: `A|B|0x40`."""
    parts, rest = [], raw
    for bits, name in pairs:
        if bits and rest & bits == bits:
            parts.append(name)
            rest &= ~bits
    if rest:
        parts.append(f"{rest:#x}")
    return "|".join(parts) or next((name for bits, name in pairs if not bits), "0")


def parse_flags(text: str, pairs: Pairs) -> int | None:
    """Return the value that a text such as `A|B|0x40` stands for."""
    known = {name: bits for bits, name in reversed(pairs)}
    value = 0
    for part in text.split("|"):
        bits = known.get(part.strip())
        if bits is None:
            bits = parse_number(part.strip())
        if bits is None:
            return None
        value |= bits
    return value


def parse_number(text: str) -> int | None:
    """Return a number as C writes it (`12`, `0x40`, `-1`), or None."""
    try:
        return int(text, 0)
    except ValueError:
        return None


def _read_flags_table(arguments: tuple[object, ...], _context: DecodeContext) -> Reading:
    pairs = name_pairs(arguments)

    def show(raw: int) -> str:
        return show_flags(raw, pairs)

    return reading(remember(show))


def _find_flags_table(text: str, arguments: tuple[object, ...]) -> int | None:
    return parse_flags(text, name_pairs(arguments))


DECODERS: Final = (
    Definition(
        "enum",
        "the name of an enum's value",
        _read_enum,
        width=12,
        refuse=_check_pairs,
        find=find_value,
    ),
    Definition(
        "table",
        "a word of a script's table",
        _read_table,
        width=10,
        refuse=_check_pairs,
        find=find_value,
    ),
    Definition(
        "flags_table",
        "names of bits, by a table of the kernel",
        _read_flags_table,
        width=16,
        refuse=_check_pairs,
        find=_find_flags_table,
    ),
)
