"""Users: `0` reads `root`."""

from __future__ import annotations

import pwd
from typing import Final

from tracelang.decoders.definition import Definition, reading, remember
from tracelang.decoders.escape import show_text
from tracelang.decoders.protocol import DecodeContext, Reading
from tracelang.decoders.tables import parse_number


def show_user(raw: int) -> str:
    """Return a user's name on this machine, or the number of one without."""
    try:
        return show_text(pwd.getpwuid(raw).pw_name)
    except (KeyError, OverflowError):
        return str(raw)


def find_user(text: str) -> int | None:
    """Return the number of a user's name on this machine, or of a number's text."""
    try:
        return pwd.getpwnam(text).pw_uid
    except (KeyError, ValueError):
        return parse_number(text)


def _read_user(_arguments: tuple[object, ...], _context: DecodeContext) -> Reading:
    return reading(remember(show_user))


def _find_user(text: str, _arguments: tuple[object, ...]) -> int | None:
    return find_user(text)


DECODERS: Final = (
    Definition(
        "user",
        "a user's name",
        _read_user,
        example="probe syscall:setuid capture comm, user(args.uid) as becomes",
        width=10,
        find=_find_user,
        local=True,
    ),
)
