"""An output in numbered parts, each a whole file."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from tests.unit.decoders.bound import context
from tests.unit.sinks.outputs import output_of
from tracelang.decoders import load_decoders
from tracelang.plan.c_types import U32
from tracelang.sinks import find_sink
from tracelang.sinks.files import OutputFile
from tracelang.sinks.protocol import Account, SinkSetup
from tracelang.sinks.rotation import RotatingSink, RotationLimits

_PID = output_of(("pid", "int", U32))


def rotating(
    kind: str, path: Path, limits: RotationLimits, account: Account | None = None
) -> RotatingSink:
    found = find_sink(kind)

    def setup(file: OutputFile) -> SinkSetup:
        contexts = {0: context(targets=_PID.targets)}
        return SinkSetup(
            (_PID,), file.stream, load_decoders(), contexts, account=lambda: given.get("account")
        )

    given: dict[str, Account] = {}
    sink = RotatingSink(path, found.form, limits, setup, found.create)
    sink.begin()
    for start in range(0, 10_000, 700):
        sink.events(0, [(n, 0, 0, n) for n in range(start, min(start + 700, 10_000))])
        sink.flush()
    if account is not None:
        given["account"] = account
    sink.end()
    sink.finish()
    return sink


def test_each_part_of_a_size_is_whole_and_together_they_are_all(tmp_path: Path) -> None:
    limits = RotationLimits(size=50_000)
    rotating("csv", tmp_path / "pids.csv", limits)
    parts = sorted(tmp_path.iterdir())
    assert [p.name for p in parts[:2]] == ["pids.000001.csv", "pids.000002.csv"]
    pids: list[int] = []
    for part in parts:
        with part.open(newline="") as file:
            pids += [int(row["pid"]) for row in csv.DictReader(file)]
    assert pids == list(range(10_000))
    # At most 256 rows past the size.
    assert all(50_000 <= p.stat().st_size < 50_000 + 256 * 7 for p in parts[:-1])


def test_the_last_part_alone_has_the_account(tmp_path: Path) -> None:
    rotating("json", tmp_path / "pids", RotationLimits(size=100_000), {"events": 10_000})
    parts = sorted(tmp_path.iterdir())
    assert len(parts) > 2
    found = [[json.loads(line) for line in p.read_text().splitlines()] for p in parts]
    assert [("accounting" in part[-1]) for part in found] == [False] * (len(parts) - 1) + [True]


def test_the_newest_are_kept_and_numbers_never_come_again(tmp_path: Path) -> None:
    (tmp_path / "pids.000007.csv").write_text("of an earlier run\n")
    (tmp_path / "pids.7.csv").write_text("not a part\n")
    rotating("csv", tmp_path / "pids.csv", RotationLimits(size=20_000, keep=2))
    names = sorted(p.name for p in tmp_path.iterdir())
    assert len(names) == 3
    assert names[-1] == "pids.7.csv"
    assert all(int(name.split(".")[1]) > 8 for name in names[:-1])


def test_by_time_a_part_ends_without_waiting_for_the_next_event(tmp_path: Path) -> None:
    sink = rotating("csv", tmp_path / "pids.csv", RotationLimits(period=1))
    parts = sorted(tmp_path.iterdir())
    assert sink.file.path == parts[-1]
    rows = [len(p.read_text().splitlines()) - 1 for p in parts]
    assert sum(rows) == 10_000
    assert rows[-1] == 0 or len(parts) > 10


def test_a_part_that_was_cut_off_by_a_crash_is_not_there(tmp_path: Path) -> None:
    found = find_sink("csv")
    sink = RotatingSink(
        tmp_path / "pids.csv",
        found.form,
        RotationLimits(size=1),
        lambda file: SinkSetup(
            (_PID,), file.stream, load_decoders(), {0: context(targets=_PID.targets)}
        ),
        found.create,
    )
    sink.begin()
    sink.events(0, [(1, 0, 0, 1)])
    assert [p.name for p in tmp_path.iterdir()] == ["pids.000001.csv.partial"]
    sink.finish(failed=True)
    assert [p.name for p in tmp_path.iterdir()] == ["pids.000001.csv"]


@pytest.mark.parametrize("keep", [1, 3])
def test_keep_counts_the_last_part_too(tmp_path: Path, keep: int) -> None:
    rotating("csv", tmp_path / "pids.csv", RotationLimits(size=10_000, keep=keep))
    assert len(list(tmp_path.iterdir())) == keep
