"""C-style formats as data: what the pieces of a `print` text are, and what is wrong with them.

The text is what the script's literal means, escapes replaced. Values and output are the sinks'
business.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from tracelang.dataclass import dataclass

INTEGER_CONVERSIONS: Final = "diuxXo"
FLOAT_CONVERSIONS: Final = "fFeEgG"
NUMBER_CONVERSIONS: Final = INTEGER_CONVERSIONS + FLOAT_CONVERSIONS + "cp"
_KNOWN: Final = NUMBER_CONVERSIONS + "s"

_PIECE: Final = (
    r"%(?P<flags>[-+ #0']*)(?P<width>\*|\d*)(?P<precision>\.(?:\*|-?\d*))?"
    r"(?P<length>hh?|ll?|[jztLq])?(?P<conversion>.)?"
)
LARGEST_WIDTH: Final = 4096


@dataclass(frozen=True, slots=True)
class Literal:
    """Text that stands for itself, `%%` already replaced."""

    text: str


@dataclass(frozen=True, slots=True)
class Conversion:
    """One `%…`: `start` and `end` are its place in the format, the rest its parts.

    `precision` is None where none is given; `length` is one of '', hh, h, l, ll, j, z, t.
    """

    start: int
    end: int
    flags: str
    width: int
    precision: int | None
    length: str
    conversion: str


Piece = Literal | Conversion


@dataclass(frozen=True, slots=True)
class FormatMistake:
    """What is wrong with a format at `length` characters from `offset`, and how to mend it."""

    offset: int
    length: int
    message: str
    help: str


@dataclass(frozen=True, slots=True)
class Format:
    """A format's pieces in order, and its mistakes (a piece with a mistake is left out)."""

    pieces: tuple[Piece, ...]
    mistakes: tuple[FormatMistake, ...]

    @property
    def conversions(self) -> tuple[Conversion, ...]:
        """The pieces that take a value, in order."""
        return tuple(piece for piece in self.pieces if isinstance(piece, Conversion))


def parse_format(text: str) -> Format:
    """Split a format into its pieces."""
    pieces: list[Piece] = []
    mistakes: list[FormatMistake] = []
    # Compiled here: only scripts with a `print` pay for it, and `re` keeps it.
    pattern = re.compile(_PIECE, re.DOTALL)
    position = 0
    while (percent := text.find("%", position)) >= 0:
        if percent > position:
            pieces.append(Literal(text[position:percent]))
        match = pattern.match(text, percent)
        assert match is not None
        position = match.end()
        piece = _read_piece(match)
        if isinstance(piece, FormatMistake):
            mistakes.append(piece)
        else:
            pieces.append(piece)
    if position < len(text):
        pieces.append(Literal(text[position:]))
    return Format(tuple(pieces), tuple(mistakes))


def _read_piece(match: re.Match[str]) -> Piece | FormatMistake:
    if match[0] == "%%":
        return Literal("%")
    trouble = _find_trouble(match)
    if trouble is not None:
        return FormatMistake(match.start(), match.end() - match.start(), *trouble)
    precision = match["precision"]
    return Conversion(
        match.start(),
        match.end(),
        match["flags"],
        int(match["width"] or 0),
        None if precision is None else int(precision[1:] or 0),
        match["length"] or "",
        match["conversion"],
    )


def _find_trouble(match: re.Match[str]) -> tuple[str, str] | None:
    """Return the message and help for a conversion that cannot be, or None."""
    conversion, text = match["conversion"], match[0]
    width, precision = match["width"], match["precision"] or ""
    if conversion is None:
        return "the format ends in the middle of a conversion", "write `%%` for a percent sign"
    if width == "*" or precision == ".*":
        return "widths are fixed when the script is compiled: `*` is not", "write the number"
    if "'" in match["flags"]:
        return "the flag `'` is not known", "leave it out: numbers are shown without separators"
    if match["length"] in ("L", "q"):
        return f"`{match['length']}` is no length", "leave it out: a value has its own width"
    if conversion not in _KNOWN:
        if conversion == "%":
            return f"`{text}` is no conversion", "write `%%` for a percent sign"
        near = {"n": "nothing is ever written back", "a": "write `%e`", "A": "write `%E`"}
        help_ = near.get(conversion, f"known are {' '.join('%' + c for c in _KNOWN)} and %%")
        return f"`{text}` is no conversion", help_
    if max(int(width or 0), int(precision[1:] or 0)) > LARGEST_WIDTH:
        return f"a value of more than {LARGEST_WIDTH} characters", "use a smaller number"
    if precision.startswith(".-"):
        return "a precision is not negative", "leave the `-` out"
    return None


@dataclass(frozen=True, slots=True)
class Argument:
    """What a check must know of a value: its name, and whether it can be shown as a number."""

    name: str
    is_number: bool


def check_format(format_: Format, arguments: Sequence[Argument]) -> tuple[FormatMistake, ...]:
    """Return every mistake of a format for these arguments, in the order of the text."""
    mistakes = list(format_.mistakes)
    conversions = format_.conversions
    for conversion, argument in zip(conversions, arguments, strict=False):
        if conversion.conversion in NUMBER_CONVERSIONS and not argument.is_number:
            mistakes.append(_not_a_number(conversion, argument))
    if not mistakes:
        mistakes.extend(_check_count(conversions, arguments))
    return tuple(sorted(mistakes, key=lambda mistake: mistake.offset))


def _not_a_number(conversion: Conversion, argument: Argument) -> FormatMistake:
    return FormatMistake(
        conversion.start,
        conversion.end - conversion.start,
        f"`%{conversion.conversion}` shows a number, `{argument.name}` is text",
        "write `%s`",
    )


def _check_count(
    conversions: Sequence[Conversion], arguments: Sequence[Argument]
) -> list[FormatMistake]:
    have, need = len(arguments), len(conversions)
    if need > have:
        first = conversions[have]
        return [
            FormatMistake(
                first.start,
                first.end - first.start,
                f"the format takes {_count(need, 'value')}, not {have}",
                "give it more values, or take conversions away",
            )
        ]
    if need < have:
        unused = ", ".join(f"`{argument.name}`" for argument in arguments[need:])
        end = conversions[-1].end if conversions else 0
        message = (
            f"the format takes {_count(need, 'value')}, there are {have}: {unused} would be lost"
        )
        return [
            FormatMistake(
                end, 0, message, "add a conversion for each, or give `print` its arguments"
            )
        ]
    return []


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
