"""Shows a long recording by one output, and says how much memory that took on the way.

Usage: soak_program.py RECORDING OUTPUT FILE, or `PERIODS refreshed FILE` for tables that take the
place of the ones before. Prints what was resident after a third and at the end, in bytes.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.unit.sinks.outputs import make_sink
from tests.unit.sinks.test_summary import summed
from tracelang.cli.main import main
from tracelang.plan.c_types import S64, U32, byte_array
from tracelang.recording.reader import Recording
from tracelang.sinks.protocol import SinkOptions

REFRESHED = "refreshed"
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


def refresh(periods: int, out: str) -> tuple[int, int]:
    """Show the tables of so many periods, hardly two of them alike."""
    early = 0
    keys = (("comm", "text", byte_array(16, text=True)), ("pid", "int", U32))
    output = summed(keys, (("n", "number", S64), ("h", "histogram", S64)), every=10**9, reset=True)
    with Path(out).open("w", encoding="utf-8") as stream:
        options = SinkOptions(terminal=True, live=True)
        sink = make_sink("text", output, stream=stream, options=options)
        sink.begin()
        for n in range(periods):
            buckets = tuple((1 << b, 2 << b, n + b) for b in range(20))
            sink.events(0, [(n, 0, 0, b"task-%d\0" % (n + k), k, n, buckets) for k in range(8)])
            sink.flush()
            if n == periods // 3:
                early = resident()
        sink.end()
    return early, resident()


if __name__ == "__main__":
    shown, form, to = sys.argv[1:4]
    print(*(refresh(int(shown), to) if form == REFRESHED else run(shown, form, to)))
