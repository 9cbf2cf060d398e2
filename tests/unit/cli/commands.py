"""Running a command of the command line in this process, on a recorded kernel."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from tracelang.cli.main import main

KERNELS: Final = Path(__file__).parents[2] / "kernels"
WITH_KPROBES: Final = KERNELS / "debian-6.1"
WITHOUT_KPROBES: Final = KERNELS / "linux-6.18"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command said, and its exit status."""

    stdout: str
    stderr: str
    status: int

    @property
    def lines(self) -> list[str]:
        """The lines of standard output."""
        return self.stdout.splitlines()


@dataclass(frozen=True, slots=True)
class Commands:
    """Runs commands with what they print captured."""

    capture: pytest.CaptureFixture[str]

    def __call__(self, *arguments: str | Path, kernel: Path | None = None) -> Answer:
        """Run a command; `kernel` is passed to it as `--kernel`."""
        self.capture.readouterr()
        extra = ["--kernel", str(kernel)] if kernel is not None else []
        try:
            status = main([*map(str, arguments), *extra])
        except SystemExit as end:  # argparse leaves so after --help
            status = int(end.code or 0)
        printed = self.capture.readouterr()
        return Answer(printed.out, printed.err, status)
