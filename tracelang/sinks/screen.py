"""A terminal's whole screen, for tables that are refreshed in place as `top` does it.

The terminal's second screen is used, so that what stood there before comes back when it is left:
what is to stay is then written below that.
"""

from __future__ import annotations

import atexit
import os
from typing import Final, TextIO

# xterm's control sequences (ctlseqs): second screen, cursor, no wrapping of long lines.
_ENTER: Final = "\x1b[?1049h\x1b[?25l\x1b[?7l"
_LEAVE: Final = "\x1b[?7h\x1b[?25h\x1b[?1049l"
_HOME, _CLEAR_LINE, _CLEAR_BELOW = "\x1b[H", "\x1b[K", "\x1b[J"


class Screen:
    """Shows one text at a time from the upper left; nothing is touched before the first."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._entered = False
        self._later = ""
        self._size: os.terminal_size | None = None

    @property
    def resized(self) -> bool:
        """Whether the window has another size than when it was last drawn."""
        return self._entered and self._size != self._find_size()

    def draw(self, text: str) -> None:
        """Show a text instead of the one before; what is below the window's end is told of."""
        if not self._entered:
            self._entered = True
            # However the process ends, the terminal must be as it was.
            atexit.register(self.leave)
            self._stream.write(_ENTER)
        self._size = self._find_size()
        lines = fit(text.splitlines(), self._size.lines)
        ends = f"{_CLEAR_LINE}\n"
        self._stream.write(f"{_HOME}{ends.join(lines)}{_CLEAR_LINE}{_CLEAR_BELOW}")
        self._stream.flush()

    def write_aside(self, text: str) -> None:
        """Write what is no part of the screen: at once, or when the screen has been left."""
        if self._entered:
            self._later += text
        else:
            self._stream.write(text)

    def take_later(self) -> str:
        """Return what waited for the screen to be left."""
        text, self._later = self._later, ""
        return text

    def leave(self) -> None:
        """Bring back what stood there before; harmless if done."""
        if self._entered:
            self._entered = False
            atexit.unregister(self.leave)
            self._stream.write(_LEAVE)
            self._stream.flush()

    def _find_size(self) -> os.terminal_size:
        try:
            return os.get_terminal_size(self._stream.fileno())
        except OSError:
            return os.terminal_size((80, 24))


def fit(lines: list[str], height: int) -> list[str]:
    """Return the lines that have room in a window, the last one saying how many have not."""
    if len(lines) <= height:
        return lines
    kept = max(height - 1, 0)
    return [*lines[:kept], f"… {len(lines) - kept:,} more lines (`top N` shows fewer)"]
