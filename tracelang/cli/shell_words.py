"""A shell's command line up to the cursor, taken apart as far as it has been typed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

_ESCAPED_IN_QUOTES: Final = '"\\$`'


@dataclass(frozen=True, slots=True)
class LastWord:
    """The word at the cursor: its text, the quote that is open (or ""), and what was typed for it.

    `places` are where in `raw` each character of the text begins, its end last.
    """

    text: str
    quote: str
    raw: str
    places: tuple[int, ...]


def split_line(line: str) -> tuple[list[str], LastWord]:
    """Return the finished words of a line that bash is completing, and the last one.

    Of a line with several commands only the last one counts.
    """
    words: list[str] = []
    position = 0
    while True:
        while position < len(line) and line[position].isspace():
            position += 1
        text, quote, places, end = _read_word(line, position)
        if end >= len(line):
            start = places[0] if quote and places else position
            raw = line[start:] if quote else line[position:]
            return words, LastWord(text, quote, raw, tuple(p - start for p in (*places, end)))
        if text in (";", "|", "||", "&&", "&"):
            words.clear()
        else:
            words.append(text)
        position = end


def read_word(raw: str) -> LastWord:
    """Return a word that is being typed, which may begin with an open quote."""
    text, quote, places, end = _read_word(raw, 0)
    return LastWord(text, quote, raw, (*places, end))


def _read_word(line: str, position: int) -> tuple[str, str, list[int], int]:
    """Return a word's text, the quote left open, where each character began, and the word's end."""
    text: list[str] = []
    places: list[int] = []
    quote = ""
    while position < len(line):
        char = line[position]
        if not quote and char.isspace():
            break
        if char == quote:
            quote = ""
        elif not quote and char in "'\"":
            quote = char
        else:
            width = 2 if _is_escape(line, position, quote) else 1
            places.append(position)
            text.append(line[position + width - 1])
            position += width - 1
        position += 1
    if quote and not places:
        places.append(position)
        return "", quote, places, position
    return "".join(text), quote, places, position


def _is_escape(line: str, position: int, quote: str) -> bool:
    if line[position] != "\\" or quote == "'" or position + 1 >= len(line):
        return False
    return not quote or line[position + 1] in _ESCAPED_IN_QUOTES
