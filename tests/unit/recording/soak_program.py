"""Shows a long recording by one output, and says how much memory that took on the way.

Usage: soak_program.py RECORDING OUTPUT FILE. Prints what was resident after a third and at the end,
in bytes.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tracelang.cli.main import main
from tracelang.recording.reader import Recording

_PAGE = os.sysconf("SC_PAGE_SIZE")


def resident() -> int:
    """Return the bytes of this process that are in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE


def run(recording: str, output: str, out: str) -> tuple[int, int]:
    """Replay, looking at the memory on the way."""
    seen: list[int] = []
    batches = Recording.batches

    def watched(self: Recording) -> Iterator[list[Any]]:
        shown = 0
        for rows in batches(self):
            yield rows
            shown += len(rows)
            if not seen and shown >= self.events // 3:
                seen.append(resident())

    Recording.batches = watched  # type: ignore[method-assign]
    assert main(["replay", recording, "-q", "-o", output, "--out", out]) == 0
    return seen[0], resident()


if __name__ == "__main__":
    print(*run(*sys.argv[1:4]))
