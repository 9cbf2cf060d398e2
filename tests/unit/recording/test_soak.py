"""Many events through every output: memory does not grow with them.

`make soak` shows an hour's worth, three million; otherwise it is as many as take seconds. Events
that come from the kernel are in `tests/live/test_soak_live.py`.
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
from tracelang.decoders.frames import Frame, Frames
from tracelang.plan.c_types import S64, U32, U64, byte_array
from tracelang.semantic.types import COMM, Text, Type
from tracelang.semantic.types import S64 as LONG
from tracelang.semantic.types import U32 as HALF
from tracelang.semantic.types import U64 as WORD
from tracelang.sinks import load_sinks

ROWS: Final = int(os.environ.get("TRACELANG_SOAK_ROWS", "200000"))
PERIODS: Final = max(500, ROWS // 800)
OUTPUTS: Final = ("text", "table", "json", "csv", "arrow", "parquet")
FOLDING: Final = ("folded", "flamegraph")
REFRESHED: Final = soak_program.REFRESHED
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

_STACKS: Final = output_of(("comm", "text", byte_array(16, text=True)), ("where", "ustack", U64))
_STACK_TYPES: Final[dict[str, Type]] = {"comm": COMM, "where": WORD}
_DIFFERENT: Final = 500


class Stacks:
    """Names of some hundred stacks of ten frames."""

    def frames(self, number: int) -> Frames:
        return tuple(Frame(f"function_{number}_{depth}", "program", depth) for depth in range(10))

    def kernel_frame(self, address: int) -> Frame:
        return Frame("", "", address)


@pytest.fixture(scope="module")
def stacks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recording of many events with a call stack each."""
    path = tmp_path_factory.mktemp("soak") / "stacks.tl"

    def rows(start: int) -> list[tuple[object, ...]]:
        return [
            (STARTED + n * 1_000_000, 0, 0, b"task\0", 1 + n % _DIFFERENT)
            for n in range(start, min(start + _BATCH, ROWS))
        ]

    batches = map(rows, range(0, ROWS, _BATCH))
    return record(path, [(_STACKS, _STACK_TYPES)], batches, stacks=Stacks())


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
    show(recording, output, tmp_path / "out")
    assert (tmp_path / "out").stat().st_size > ROWS


@pytest.mark.parametrize("output", FOLDING)
def test_memory_does_not_grow_with_stacks(stacks: Path, tmp_path: Path, output: str) -> None:
    show(stacks, output, tmp_path / "out")
    text = (tmp_path / "out").read_text()
    assert "function_1_9" in text
    if output == "folded":
        assert sum(int(line.rpartition(" ")[2]) for line in text.splitlines()) == ROWS


def test_memory_does_not_grow_with_tables_refreshed_in_place(tmp_path: Path) -> None:
    show(str(PERIODS), REFRESHED, tmp_path / "out")
    assert (tmp_path / "out").read_text().count("task-100 ") == 8


def test_every_output_is_here() -> None:
    assert {*OUTPUTS, *FOLDING} == set(load_sinks().names())


def show(shown: Path | str, output: str, out: Path) -> None:
    """Show it in a process of its own, whose memory must not grow; `make soak` prints how much."""
    arguments = ["-m", soak_program.__name__, str(shown), output, str(out)]
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    early, late = map(int, done.stdout.split())
    print(f"{output}: {early >> 20} MiB resident after a third, {late >> 20} MiB at the end")
    assert late - early < _MOST_GROWTH, f"{early:,} bytes became {late:,}"
