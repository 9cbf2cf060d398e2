"""Traced bytes as text that no terminal obeys: what is not printable is shown by its code."""

from __future__ import annotations

from typing import Final

_NAMED: Final = {"\n": "\\n", "\t": "\\t", "\r": "\\r"}


def show_bytes(data: bytes) -> str:
    r"""Return bytes as printable text: UTF-8 as it is, other bytes as `\xHH`, controls escaped.

    The result holds no control character, no bidirectional override and no lone surrogate.
    """
    try:
        text = data.decode()
    except UnicodeDecodeError:
        text = data.decode(errors="surrogateescape")
    return text if text.isprintable() else show_text(text)


def show_text(text: str) -> str:
    """Return text with each character that is not printable shown by its code."""
    return "".join(char if char.isprintable() else _show_character(char) for char in text)


def _show_character(char: str) -> str:
    code = ord(char)
    if char in _NAMED:
        return _NAMED[char]
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def whole_characters(data: bytes) -> bytes:
    """Return the bytes without a UTF-8 character that was cut off at their end."""
    for back in range(1, min(4, len(data)) + 1):
        byte = data[-back]
        if byte & 0xC0 == 0x80:
            continue
        needed = 4 if byte >= 0xF0 else 3 if byte >= 0xE0 else 2 if byte >= 0xC0 else 1
        return data[:-back] if needed > back else data
    return data
