r"""Text literals: `"…"` with C's escapes, read and written.

Known are `\n \t \r \a \b \f \v \e \\ \" \'`, octal `\0` to `\177`, `\xHH` up to `\x7f`, `\uXXXX`
and `\UXXXXXXXX`. A text is Unicode, so `\x80` and above, which in C are bytes, are refused.
"""

from __future__ import annotations

import re
from typing import Final

from tracelang.diagnostics import DiagnosticError, fail
from tracelang.source import Span

_SIMPLE: Final = {
    "n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v", "e": "\x1b",
    "\\": "\\", '"': '"', "'": "'",
}  # fmt: skip
_WRITTEN: Final = {_SIMPLE[letter]: "\\" + letter for letter in 'ntrabfve\\"'}
_ESCAPE: Final = re.compile(
    r"\\(?:([0-7]{1,3})|x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))", re.DOTALL
)


def read_text(span: Span) -> str:
    """Return what the quoted text at `span` stands for; T116 for an escape that is none."""

    def replace(match: re.Match[str]) -> str:
        place = Span(span.source, span.start + 1 + match.start(), span.start + 1 + match.end())
        octal, byte, short, long, letter = match.groups()
        if letter is not None:
            if letter not in _SIMPLE:
                raise _unknown(place)
            return _SIMPLE[letter]
        code = int(octal, 8) if octal is not None else int(byte or short or long, 16)
        if (octal or byte) is not None and code > 0x7F:
            raise _above_ascii(place, code)
        if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
            raise fail("T116", f"`{place.text}` is not a Unicode character", place)
        return chr(code)

    return _ESCAPE.sub(replace, span.text[1:-1])


def place_characters(span: Span) -> list[int]:
    """Return where each character of the quoted text at `span` is written; last, where it ends."""
    places: list[int] = []
    at = span.start + 1
    while at < span.end - 1:
        places.append(at)
        found = _ESCAPE.match(span.source.text, at)
        at = found.end() if found is not None else at + 1
    return [*places, at]


def _unknown(place: Span) -> DiagnosticError:
    return fail(
        "T116",
        f"`{place.text}` is not an escape",
        place,
        notes=[r"the escapes are \n \t \r \a \b \f \v \e \\ \" \0 \xHH \uXXXX and \UXXXXXXXX"],
        help=["write `\\\\` for a backslash"],
    )


def _above_ascii(place: Span, code: int) -> DiagnosticError:
    return fail(
        "T116",
        f"`{place.text}` is a byte, and a text is made of Unicode characters",
        place,
        help=[f"write `\\u{code:04x}` for the character of that number"],
    )


def write_text(value: str) -> str:
    """Return `value` as a quoted text; `read_text` gives it back."""
    return '"' + "".join(map(_write_character, value)) + '"'


def _write_character(char: str) -> str:
    if char in _WRITTEN:
        return _WRITTEN[char]
    if char.isprintable():
        return char
    code = ord(char)
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
