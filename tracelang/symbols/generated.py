"""Code that programs make while they run: named by the maps they leave for perf.

A program that compiles for itself may write `/tmp/perf-PID.map`, a line for each function:
`START SIZE NAME`, numbers in hexadecimal. It is believed only if it is a plain file of root or of
the process's own user: `/tmp` is everybody's.
"""

from __future__ import annotations

import os
import stat
from bisect import bisect_right
from contextlib import suppress
from pathlib import Path
from typing import Final

from tracelang.decoders.frames import Frame

_LARGEST: Final = 256 << 20


class GeneratedCode:
    """One process's code that is in no file; its map is read when a name is asked for."""

    name = "generated"

    def __init__(self, pid: int, directory: Path = Path("/tmp")) -> None:
        self._paths = (directory / f"perf-{pid}.map", Path(f"/proc/{pid}/root/tmp/perf-{pid}.map"))
        self._owners = {0}
        with suppress(OSError):
            self._owners.add(Path(f"/proc/{pid}").stat().st_uid)
        self._functions: list[tuple[int, int, str]] | None = None

    def frame(self, address: int, place: int) -> Frame:
        """Return the function around an address; its offset is that of `place`."""
        if self._functions is None:
            self._functions = sorted(_parse(self._read()))
        index = bisect_right(self._functions, (address, 1 << 64, "")) - 1
        if index >= 0:
            start, size, name = self._functions[index]
            if address < start + size:
                return Frame(name, self.name, place - start)
        return Frame("", "", place)

    def _read(self) -> str:
        for path in self._paths:
            with suppress(OSError):
                # What others may have put there must neither be followed nor waited for.
                fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
                with open(fd, encoding="utf-8", errors="replace") as file:  # noqa: PTH123
                    status = os.fstat(fd)
                    if stat.S_ISREG(status.st_mode) and status.st_uid in self._owners:
                        return file.read(_LARGEST)
        return ""


def _parse(text: str) -> list[tuple[int, int, str]]:
    found = []
    for line in text.splitlines():
        with suppress(ValueError):
            start, size, name = line.split(maxsplit=2)
            found.append((int(start, 16), int(size, 16), " ".join(name.split())))
    return found
