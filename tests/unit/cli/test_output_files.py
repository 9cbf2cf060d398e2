"""The options for output files, through the command; a recording gives the events."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.processes import TracelangCommand
from tests.unit.recording.recordings import record
from tests.unit.sinks.outputs import output_of
from tests.unit.small_disk import small_disk
from tracelang.plan.c_types import U64
from tracelang.semantic.types import U64 as WORD

EVENTS = 300_000


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("files") / "numbers.tl"
    output = output_of(("n", "int", U64))
    rows = ((n, 0, 0, (n * 0x9E3779B97F4A7C15) & ((1 << 64) - 1)) for n in range(EVENTS))
    return record(path, [(output, {"n": WORD})], [rows])


@pytest.fixture
def small(require_root: None, tmp_path: Path) -> Iterator[Path]:
    """A file system of 4 MiB."""
    with small_disk(tmp_path, "4m") as place:
        yield place


def test_a_full_disk_ends_the_run_and_leaves_what_can_be_read(
    tracelang: TracelangCommand, recording: Path, small: Path
) -> None:
    for output in ("json", "csv", "parquet"):
        path = small / f"numbers.{output}"
        done = tracelang("replay", recording, "-o", output, "--out", path)
        assert done.status == 3
        assert "error[T330]: the output cannot be written: No space left on device" in done.stderr
        size = path.stat().st_size
        assert f"`{path}` is whole up to its last record: {size:,} bytes" in done.stderr
        if output == "parquet":
            assert pq.read_table(path).num_rows > 60_000
        else:
            assert size > 3 << 20
            lines = path.read_text().splitlines()
            assert len(lines[-1].split(",")) == len(lines[-2].split(","))
            assert output != "json" or json.loads(lines[-1])["n"]
        path.unlink()


def test_parts_by_size_and_the_newest_of_them(
    tracelang: TracelangCommand, recording: Path, tmp_path: Path
) -> None:
    out = tmp_path / "n.csv"
    done = tracelang(
        *("replay", recording, "-o", "csv", "--out", out, "--rotate", "1MiB", "--keep", "3")
    )
    assert done.status == 0
    parts = sorted(tmp_path.iterdir())
    assert [p.name for p in parts] == [f"n.{n:06}.csv" for n in (5, 6, 7)]
    assert all(p.read_text().startswith("n\n") for p in parts)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--append"], "`--append` goes with `--out`"),
        (["--rotate", "1h"], "`--rotate` goes with `--out`"),
        (["--out", "f", "--keep", "2"], "`--keep` goes with `--rotate`"),
        (["--out", "f", "--append", "--rotate", "1h"], "exclude each other"),
        (["--out", "f", "--rotate", "100"], "neither a size such as 100MiB nor a time"),
        (["--out", "f", "-o", "parquet", "--append"], "has a beginning and an end"),
        (["-o", "parque"], "did you mean `parquet`?"),
    ],
)
def test_options_that_say_nothing_are_refused(
    tracelang: TracelangCommand,
    recording: Path,
    tmp_path: Path,
    arguments: list[str],
    words: str,
) -> None:
    done = tracelang("replay", recording, *arguments, cwd=tmp_path)
    assert done.status == 2
    assert words in done.stderr
    assert not list(tmp_path.iterdir())


def test_a_machine_without_pyarrow_is_told_the_command(recording: Path, tmp_path: Path) -> None:
    import sys

    source = (
        "import sys; sys.modules['pyarrow'] = None\n"
        "from tracelang.cli.main import main; sys.exit(main(sys.argv[1:]))"
    )
    out = str(tmp_path / "f")
    done = subprocess.run(
        [sys.executable, "-c", source, "replay", str(recording), "-o", "arrow", "--out", out],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 3
    assert "error[T332]: this output needs pyarrow" in done.stderr
    assert f"run `{sys.executable} -m pip install pyarrow`" in done.stderr
    assert not list(tmp_path.iterdir())
