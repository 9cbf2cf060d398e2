"""Byte buffers: raw memory, argument lists, arrays of integers."""

from __future__ import annotations

import struct
from shlex import quote
from typing import Final

from tracelang.decoders.definition import Definition, reading
from tracelang.decoders.escape import show_bytes
from tracelang.decoders.protocol import DecodeContext, Operand, Reading, Shape
from tracelang.decoders.text import CUT_MARK

COUNTED: Final = "counted"
"""The argument of `buf` that says that the bytes start with their number, as a u32."""
_COUNT: Final = struct.Struct("=I")
_WAS_CUT: Final = 1 << 31


def show_buffer(data: bytes) -> str:
    r"""Return every byte: printable ASCII as it is, others as `\xHH`, a backslash doubled."""
    return "".join(_BYTE_TEXTS[byte] for byte in data)


def _show_byte(byte: int) -> str:
    named = {0x5C: "\\\\", 0x0A: "\\n", 0x09: "\\t", 0x0D: "\\r"}
    return named.get(byte) or (chr(byte) if 0x20 <= byte < 0x7F else f"\\x{byte:02x}")


_BYTE_TEXTS: Final = tuple(_show_byte(byte) for byte in range(256))


def _read_buf(arguments: tuple[object, ...], context: DecodeContext) -> Reading:
    """Bind `buf`; a counted one whose count exceeds its room is cut, visibly and counted."""
    if COUNTED not in arguments:
        return reading(show_buffer, machine=bytes.hex, shape=Shape.TEXT)

    def split(raw: bytes) -> tuple[bytes, str]:
        (count,) = _COUNT.unpack_from(raw)
        return raw[4 : 4 + count], CUT_MARK if count > len(raw) - 4 else ""

    def show(raw: bytes) -> str:
        data, mark = split(raw)
        if mark:
            context.on_cut()
        return show_buffer(data) + mark

    return reading(show, machine=lambda raw: split(raw)[0].hex(), shape=Shape.TEXT)


def split_texts(raw: bytes) -> tuple[list[bytes], bool]:
    """Return the texts a program collected, and whether some were cut or left out.

    A u32 comes first: how many bytes follow (each text with its NUL); its highest bit is the cut.
    """
    (head,) = _COUNT.unpack_from(raw)
    data = raw[4 : 4 + (head & ~_WAS_CUT)]
    return data.split(b"\0")[:-1], bool(head & _WAS_CUT)


def _read_join(_arguments: tuple[object, ...], context: DecodeContext) -> Reading:
    """Bind `join`: words as a shell would need them."""

    def show(raw: bytes) -> str:
        words, cut = split_texts(raw)
        line = " ".join(_show_word(word) for word in words)
        if not cut:
            return line
        context.on_cut()
        return line + CUT_MARK

    return reading(show, machine=show, differs=False, shape=Shape.TEXT)


def _show_word(word: bytes) -> str:
    """Quote a word; what is not printable is shown by its code inside the quotes."""
    return quote(word.decode()) if _is_plain(word) else f"'{show_bytes(word)}'"


def _is_plain(word: bytes) -> bool:
    try:
        return word.decode().isprintable()
    except UnicodeDecodeError:
        return False


def _read_array(arguments: tuple[object, ...], _context: DecodeContext) -> Reading:
    """Bind `array(code, count)`: `code` is an element's letter of the struct module."""
    code, count = arguments
    layout = struct.Struct(f"={count}{code}")

    def show(raw: bytes) -> str:
        return f"[{', '.join(map(str, layout.unpack_from(raw)))}]"

    return reading(
        show, machine=lambda raw: list(layout.unpack_from(raw)), differs=False, shape=Shape.INTEGERS
    )


def _check_array(arguments: tuple[object, ...]) -> str | None:
    match arguments:
        case (str(code), int(count)) if code in tuple("bBhHiIqQ") and count >= 0:
            return None
    return "an array needs its elements' struct code and their number"


DECODERS: Final = (
    Definition(
        "buf",
        r"bytes, those that are not printable as `\xHH`",
        _read_buf,
        example="probe syscall:write capture comm, buf(buf, 16)",
        operand=Operand.BYTES,
        width=24,
    ),
    Definition(
        "join",
        "a list of arguments as one command line, quoted as a shell would need it",
        _read_join,
        example="probe syscall:execve capture comm, join(argv)",
        operand=Operand.BYTES,
        width=32,
    ),
    Definition(
        "array",
        "integers in memory, one after the other",
        _read_array,
        operand=Operand.BYTES,
        width=16,
        refuse=_check_array,
    ),
)
