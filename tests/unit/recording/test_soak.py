"""Many events through every output: memory does not grow with them.

`make soak` shows an hour's worth, three million; otherwise it is as many as take seconds.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.unit.recording import soak_program
from tests.unit.recording.recordings import STARTED, record
from tests.unit.sinks.outputs import output_of
from tracelang.plan.c_types import S64, U32, U64, byte_array
from tracelang.semantic.types import COMM, Text, Type
from tracelang.semantic.types import S64 as LONG
from tracelang.semantic.types import U32 as HALF
from tracelang.semantic.types import U64 as WORD

ROWS: Final = int(os.environ.get("TRACELANG_SOAK_ROWS", "200000"))
OUTPUTS: Final = ("text", "table", "json", "csv", "arrow", "parquet")
_MOST_GROWTH: Final = 48 << 20
"""The rows themselves, were they kept, would take twice that."""
_BATCH: Final = 5000
_EVENTS: Final = output_of(
    ("time", "time", U64),
    ("comm", "text", byte_array(16, text=True)),
    ("pid", "int", U32),
    ("ret", "errno", S64),
    ("path", "text", byte_array(66, text=True)),
)
_TYPES: Final[dict[str, Type]] = {
    "time": WORD, "comm": COMM, "pid": HALF, "ret": LONG, "path": Text(64),
}  # fmt: skip


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recording of many events, hardly two of them alike."""
    path = tmp_path_factory.mktemp("soak") / "long.tl"

    def rows(start: int) -> list[tuple[object, ...]]:
        return [
            (
                STARTED + n * 1_000_000, 0, 0, STARTED + n * 1_000_000, b"task-%d\0" % (n % 5000),
                n % 30_000, -(n % 40), b"/a/path/of/file/%d\0" % n,
            )
            for n in range(start, min(start + _BATCH, ROWS))
        ]  # fmt: skip

    return record(path, [(_EVENTS, _TYPES)], map(rows, range(0, ROWS, _BATCH)))


@pytest.mark.parametrize("output", OUTPUTS)
def test_memory_does_not_grow_with_events(recording: Path, tmp_path: Path, output: str) -> None:
    arguments = [soak_program.__file__, str(recording), output, str(tmp_path / "out")]
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    early, late = map(int, done.stdout.split())
    assert late - early < _MOST_GROWTH, f"{early:,} bytes became {late:,}"
    assert (tmp_path / "out").stat().st_size > ROWS
