"""A terminal for tests: a real pseudo-terminal, and its screen as a person sees it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import pexpect
import pyte

from tests.processes import SLOWNESS

_PATIENCE = 60.0
ENTER = "\r"
TAB = "\t"
CTRL_A, CTRL_C, CTRL_D = "\x01", "\x03", "\x04"
UP = "\x1b[A"
ALT_ENTER = "\x1b\r"


@dataclass(slots=True)
class Terminal:
    """A program in a terminal: type with `send`, and wait for the screen to show something."""

    process: Any
    screen: pyte.Screen
    stream: pyte.Stream
    written: str = ""
    """Everything the program wrote, with what moves the cursor."""

    @classmethod
    def start(
        cls,
        argv: Sequence[str],
        *,
        size: tuple[int, int] = (24, 80),
        cwd: Path | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> Self:
        """Start a program in a terminal of `size` rows and columns."""
        process = pexpect.spawn(
            argv[0],
            list(argv[1:]),
            dimensions=size,
            cwd=str(cwd) if cwd else None,
            env={**os.environ, "TERM": "xterm-256color", **(environment or {})},
            encoding="utf-8",
            codec_errors="replace",
        )
        process.delaybeforesend = None
        screen = pyte.Screen(size[1], size[0])
        # A terminal answers when it is asked for its cursor's place or what it is.
        screen.write_process_input = process.send  # type: ignore[method-assign, assignment]
        return cls(process, screen, pyte.Stream(screen))

    @property
    def lines(self) -> list[str]:
        """The screen's lines, without the spaces at their ends."""
        return [line.rstrip() for line in self.screen.display]

    @property
    def text(self) -> str:
        """The whole screen."""
        return "\n".join(self.lines).rstrip()

    def resize(self, rows: int, columns: int) -> None:
        """Give the window another size."""
        self.screen.resize(rows, columns)
        self.process.setwinsize(rows, columns)

    def send(self, text: str) -> None:
        """Type."""
        self.process.send(text)

    def wait_for(self, wanted: str | Callable[[str], bool]) -> str:
        """Wait until the screen shows a text, or what a test is true of; return the screen."""
        shown = wanted if callable(wanted) else lambda text: wanted in text
        until = time.monotonic() + _PATIENCE * SLOWNESS
        while not shown(self.text):
            alive = self.read(0.2)
            if shown(self.text):
                break
            if not alive or time.monotonic() > until:
                raise AssertionError(f"the screen never showed {wanted!r}:\n{self.text}")
        return self.text

    def end(self) -> int:
        """Wait until the program has ended by itself; return its exit status."""
        until = time.monotonic() + _PATIENCE * SLOWNESS
        while self.read(0.2):
            if time.monotonic() > until:
                raise AssertionError(f"it does not end:\n{self.text}")
        self.process.close()
        status: int | None = self.process.exitstatus
        return -1 if status is None else status

    def __enter__(self) -> Self:
        """Return itself; the program runs already."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the program, whatever it does."""
        self.process.close(force=True)

    def read(self, timeout: float = 0.2) -> bool:
        """Take what the program has written, waiting `timeout` seconds; False when it has ended."""
        try:
            text = self.process.read_nonblocking(65536, timeout=timeout)
        except pexpect.TIMEOUT:
            return True
        except pexpect.EOF:
            return False
        self.written += text
        self.stream.feed(text)
        return True
