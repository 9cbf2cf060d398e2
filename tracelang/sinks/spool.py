"""A spool: collects what a library writes in pieces, so that it can be passed on whole."""

from __future__ import annotations

import io
from typing import Any


class Spool(io.BufferedIOBase):
    """A file in memory whose content is taken away from time to time."""

    def __init__(self) -> None:
        super().__init__()
        self._pieces: list[bytes] = []
        self._position = 0

    def writable(self) -> bool:
        """Tell that this can be written to."""
        return True

    def write(self, data: Any, /) -> int:
        """Keep a piece."""
        piece = bytes(data)
        self._pieces.append(piece)
        self._position += len(piece)
        return len(piece)

    def tell(self) -> int:
        """Return how many bytes were written in all."""
        return self._position

    def take(self) -> bytes:
        """Return what was written since the last time."""
        data = b"".join(self._pieces)
        self._pieces.clear()
        return data
