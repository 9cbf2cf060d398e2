"""Signals: `9` reads `SIGKILL`."""

from __future__ import annotations

import re
import signal as c_library
from typing import Final

from tracelang.decoders.definition import Definition, reading, remember
from tracelang.decoders.protocol import DecodeContext, Reading
from tracelang.decoders.tables import parse_number

_PREFERRED: Final = ("SIGABRT", "SIGCHLD", "SIGIO")
"""Of several names for one number, the usual one."""
_REAL_TIME: Final = re.compile(r"SIGRT(MIN|MAX)(?:([+-]\d+))?")


def show_signal(raw: int) -> str:
    """Return a signal's name as this machine's C library counts them; unknown: the number."""
    low, high = c_library.SIGRTMIN, c_library.SIGRTMAX
    if low < raw < high:
        return f"SIGRTMIN+{raw - low}"
    for name in _PREFERRED:
        if raw == getattr(c_library, name):
            return name
    try:
        return c_library.Signals(raw).name
    except ValueError:
        return str(raw)


def find_signal(text: str) -> int | None:
    """Return the number of `SIGKILL`, `SIGRTMIN+3`, or of a number's text."""
    if match := _REAL_TIME.fullmatch(text):
        base = c_library.SIGRTMIN if match[1] == "MIN" else c_library.SIGRTMAX
        number = base + int(match[2] or 0)
        return number if c_library.SIGRTMIN <= number <= c_library.SIGRTMAX else None
    if text.startswith("SIG") and not text.startswith("SIG_"):
        found = getattr(c_library, text, None)
        return int(found) if found is not None else None
    return parse_number(text)


def _read_signal(_arguments: tuple[object, ...], _context: DecodeContext) -> Reading:
    return reading(remember(show_signal))


def _find_signal(text: str, _arguments: tuple[object, ...]) -> int | None:
    return find_signal(text)


DECODERS: Final = (
    Definition(
        "signal",
        "the name of a signal",
        _read_signal,
        example="probe syscall:kill capture comm, args.pid as target, signal(sig)",
        width=10,
        find=_find_signal,
        local=True,
    ),
)
