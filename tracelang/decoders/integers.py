"""Integers, and the ways to write one: decimal, hexadecimal, octal, truth, address, character."""

from __future__ import annotations

from typing import Final

from tracelang.decoders.definition import Definition, reading, remember
from tracelang.decoders.escape import show_bytes
from tracelang.decoders.protocol import DecodeContext, Reading, Shape

_WORD_MASK: Final = (1 << 64) - 1


def _read_int(_arguments: tuple[object, ...], _context: DecodeContext) -> Reading:
    return reading(str, differs=False)


def _read_bool(_arguments: tuple[object, ...], _context: DecodeContext) -> Reading:
    def show(raw: int) -> str:
        return "true" if raw else "false"

    return reading(show, machine=bool, differs=False, shape=Shape.BOOL)


def _find_bool(text: str, _arguments: tuple[object, ...]) -> int | None:
    return {"true": 1, "false": 0}.get(text)


def show_hex(raw: int) -> str:
    """Return an integer in hexadecimal; a negative one keeps its sign (`-0x1`)."""
    return f"{raw:#x}"


def show_oct(raw: int) -> str:
    """Return an integer in octal as C writes it: `0644`, `0` for zero."""
    return f"{'-' if raw < 0 else ''}{'0' if raw else ''}{abs(raw):o}"


def show_char(raw: int) -> str:
    """Return the low byte as a character, or its escape where it is no printable ASCII."""
    return show_bytes(bytes((raw & 0xFF,)))


def show_pointer(raw: int) -> str:
    """Return an address; a signed raw value is taken as the unsigned 64-bit one."""
    return f"{raw & _WORD_MASK:#x}"


def _read_hex(_arguments: tuple[object, ...], _context: DecodeContext) -> Reading:
    return reading(show_hex)


def _read_oct(_arguments: tuple[object, ...], _context: DecodeContext) -> Reading:
    return reading(show_oct)


def _read_char(_arguments: tuple[object, ...], _context: DecodeContext) -> Reading:
    return reading(remember(show_char))


def _find_char(text: str, _arguments: tuple[object, ...]) -> int | None:
    return ord(text) if len(text) == 1 and text.isascii() else None


def _read_pointer(_arguments: tuple[object, ...], _context: DecodeContext) -> Reading:
    return reading(show_pointer)


DECODERS: Final = (
    Definition("int", "an integer in decimal", _read_int, width=8, right=True),
    Definition("bool", "`true` or `false`", _read_bool, width=5, find=_find_bool),
    Definition("char", "one character", _read_char, width=4, find=_find_char),
    Definition("pointer", "an address", _read_pointer, width=18, right=True),
    Definition(
        "hex",
        "an integer in hexadecimal",
        _read_hex,
        example="probe syscall:mmap capture comm, hex(addr)",
        width=18,
        right=True,
    ),
    Definition(
        "oct",
        "an integer in octal, as file modes are written",
        _read_oct,
        example="probe syscall:chmod capture comm, filename, oct(mode)",
        width=8,
        right=True,
    ),
)
