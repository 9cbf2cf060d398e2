"""A real terminal for the tests: `tracelang` in a pty, its screen kept by a terminal emulator."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

import pexpect
import pyte

from tests.processes import SLOWNESS

_TIMEOUT = 60 * SLOWNESS


class Terminal:
    """A window of some size in which `tracelang` runs; leaving it ends the process."""

    def __init__(
        self, *arguments: str | Path, lines: int = 24, columns: int = 80, kind: str = "xterm"
    ) -> None:
        self.screen = pyte.HistoryScreen(columns, lines, history=500)
        self.written = ""
        self._stream = pyte.Stream(self.screen)
        self._process = pexpect.spawn(
            sys.executable,
            ["-m", "tracelang.cli.main", *map(str, arguments)],
            env={**os.environ, "TERM": kind, "NO_COLOR": "1"},
            dimensions=(lines, columns),
            encoding="utf-8",
            timeout=_TIMEOUT,
        )

    @property
    def text(self) -> str:
        """What the window shows, without the spaces at the ends of its lines."""
        return "\n".join(line.rstrip() for line in self.screen.display).rstrip()

    def wait_for(self, shown: Callable[[str], bool]) -> str:
        """Read on until the window shows what is wanted; return its text."""
        end = time.monotonic() + _TIMEOUT
        while not shown(self.text):
            assert time.monotonic() < end, f"never seen; the window shows:\n{self.text}"
            self.read()
        return self.text

    def wait_for_end(self) -> int:
        """Read until the process has ended; return its exit status."""
        while self.read():
            pass
        self._process.close()
        return int(self._process.exitstatus if self._process.exitstatus is not None else -1)

    def resize(self, lines: int, columns: int) -> None:
        """Give the window another size."""
        self.screen.resize(lines, columns)
        self._process.setwinsize(lines, columns)

    def interrupt(self) -> None:
        """Type Ctrl-C."""
        self._process.sendintr()

    def read(self) -> bool:
        """Take what there is; False when the process has ended."""
        try:
            text = self._process.read_nonblocking(65536, timeout=0.2)
        except pexpect.TIMEOUT:
            return True
        except pexpect.EOF:
            return False
        self.written += text
        self._stream.feed(text)
        return True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.close(force=True)
