"""Recordings in Python: events as values, what clauses make of them, what is no recording."""

from __future__ import annotations

from pathlib import Path

import pytest

import tracelang
from tests.unit.recording.recordings import OFFSET, STARTED, record
from tests.unit.sinks.outputs import output_of
from tracelang.plan.c_types import S64, U64, byte_array
from tracelang.semantic.types import COMM
from tracelang.semantic.types import S64 as LONG
from tracelang.semantic.types import U64 as WORD

_CALLS = output_of(
    ("time", "time", U64), ("comm", "text", byte_array(16, text=True)), ("ret", "errno", S64)
)
_COUNT = 100


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rows = [
        (STARTED + n, 0, n % 2, STARTED, b"even\0" if n % 2 == 0 else b"odd\0", -(n % 5))
        for n in range(_COUNT)
    ]
    path = tmp_path_factory.mktemp("recording") / "calls.tl"
    return record(
        path, [(_CALLS, {"time": WORD, "comm": COMM, "ret": LONG})], [rows[:40], rows[40:]]
    )


def test_events_are_values_and_come_again(path: Path) -> None:
    recording = tracelang.replay(path)
    first, second = list(recording), list(recording)
    assert first == second
    assert len(first) == _COUNT
    event = first[1]
    assert (event.comm, event.ret, event.ret_text, event.ts) == ("odd", -1, "EPERM", STARTED + 1)
    assert int(event.time.timestamp()) == (STARTED + OFFSET) // 1_000_000_000
    assert recording.event_types[0]._fields == ("time", "comm", "ret")
    assert type(event)._fields == recording.event_types[0]._fields
    assert recording.missing is None
    assert recording.accounting is not None


def test_clauses_choose_and_sum_up(path: Path) -> None:
    odd = tracelang.replay(path, 'where comm == "odd" capture ret')
    assert [event.ret for event in odd][:3] == [-1, -3, 0]
    summed = tracelang.replay(path, "aggregate count() as n, min(ret) as low by comm").aggregate
    assert {key: (row.n, row.low) for key, row in summed.items()} == {
        "even": (50, -4),
        "odd": (50, -4),
    }


def test_they_become_tables(path: Path) -> None:
    table = tracelang.replay(path).to_arrow()
    assert table.num_rows == _COUNT
    assert table.column("ret").to_pylist() == [-(n % 5) for n in range(_COUNT)]
    frame = tracelang.replay(path, "aggregate count() as n by comm").to_pandas()
    assert sorted(zip(frame["comm"], frame["n"], strict=True)) == [("even", 50), ("odd", 50)]


def test_what_is_wrong_is_raised_at_once(path: Path, tmp_path: Path) -> None:
    with pytest.raises(tracelang.UsageError, match="none"):
        tracelang.replay(tmp_path / "none.tl")
    with pytest.raises(tracelang.ScriptError) as raised:
        tracelang.replay(path, "capture rett")
    assert "ret" in raised.value.diagnostics[0].help[0]


def test_they_become_a_frame_of_polars(path: Path) -> None:
    frame = tracelang.replay(path, "where ret < -3 capture time, comm, ret").to_polars()
    assert frame.columns == ["ts", "probe", "time", "comm", "ret", "ret_text"]
    assert frame["ret"].to_list() == [-4] * 20
    assert frame["ts"][0] == STARTED + 4
