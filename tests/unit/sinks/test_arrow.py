"""Arrow and Parquet, read back by pyarrow: the same values as JSON, in exact types."""

from __future__ import annotations

import io
import json
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.ipc as ipc
import pyarrow.parquet as pq
import pytest

from tests.unit.decoders.bound import context
from tests.unit.sinks.outputs import output_of, written
from tests.unit.small_disk import small_disk
from tracelang.decoders import load_decoders
from tracelang.decoders.protocol import Decoding
from tracelang.diagnostics import DiagnosticError
from tracelang.plan.c_types import S16, S64, U32, U64, byte_array
from tracelang.plan.ir import AggregatePlan, Record, RuleOutput
from tracelang.sinks import find_sink
from tracelang.sinks.files import OutputFile
from tracelang.sinks.protocol import Account, Row, SinkSetup, feed

_COMM = ("comm", "text", byte_array(16, text=True))
_EVENTS = output_of(
    _COMM,
    ("big", "int", U64),
    ("small", "int", S16),
    ("ret", "errno", S64),
    ("at", "time", U64),
    ("after", "elapsed", U64),
    ("flag", "bool", U32),
    ("list", Decoding("array", ("h", 2)), byte_array(4, text=False)),
    ("box", "container", U64),
)
_ROW: Row = (
    7, 0, 1, b"b\xffsh\0", (1 << 64) - 1, -5, -2, 1_700_000_000_123_456_789, 1_500_000_000, 1,
    struct.pack("=2h", -1, 2), 1,
)  # fmt: skip


def write(kind: str, outputs: tuple[RuleOutput, ...], rows: list[Row], path: Path) -> None:
    found = find_sink(kind)
    file = OutputFile(path, found.form)
    contexts = {o.rule: context(targets=o.targets) for o in outputs}

    def account() -> Account:
        return {"events": len(rows)}

    sink = found.create(SinkSetup(outputs, file.stream, load_decoders(), contexts, account=account))
    try:
        sink.begin()
        feed(sink, rows)
        sink.end()
    except OSError:
        file.finish(failed=True)
        raise
    file.finish()


def read(kind: str, path: Path) -> Any:
    if kind == "parquet":
        return pq.read_table(path)
    return ipc.open_stream(path.read_bytes()).read_all()


@pytest.fixture(params=["arrow", "parquet"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_types_are_exact(kind: str, tmp_path: Path) -> None:
    write(kind, (_EVENTS,), [_ROW], tmp_path / "f")
    table = read(kind, tmp_path / "f")
    assert {f.name: str(f.type) for f in table.schema} == {
        "ts": "uint64",
        "probe": "string",
        "comm": "string",
        "big": "uint64",
        "small": "int16",
        "ret": "int64",
        "ret_text": "string",
        "at": "timestamp[ns, tz=UTC]",
        "after": "double",
        "flag": "bool",
        "list": f"list<{'element' if kind == 'parquet' else 'item'}: int16>",
        "box": "string",
    }


def test_values_are_those_of_json(kind: str, tmp_path: Path) -> None:
    write(kind, (_EVENTS,), [_ROW], tmp_path / "f")
    table = read(kind, tmp_path / "f")
    moments = table.column("at").cast(pa.int64()).to_pylist()
    (row,) = table.drop_columns(["at"]).to_pylist()
    event = json.loads(written("json", [_EVENTS], [_ROW]))
    assert moments == [1_700_000_000_123_456_789]
    assert row["comm"] == r"b\xffsh"
    del row["comm"], event["comm"], event["comm_hex"], event["at"]
    assert row == event


def test_several_rules_are_one_table_in_the_order_of_events(kind: str, tmp_path: Path) -> None:
    outputs = (output_of(_COMM), output_of(("n", "int", U32), rule=1))
    rows: list[Row] = [(n, n % 2, 0, n if n % 2 else b"x%d\0" % n) for n in range(40_000)]
    write(kind, outputs, rows, tmp_path / "f")
    table = read(kind, tmp_path / "f")
    assert table.column("ts").to_pylist() == list(range(40_000))
    assert table.slice(2, 2).to_pylist() == [
        {"ts": 2, "rule": 1, "probe": "syscall:openat", "comm": "x2", "n": None},
        {"ts": 3, "rule": 2, "probe": "syscall:openat", "comm": None, "n": 3},
    ]


def test_one_name_of_two_types_is_refused(kind: str, tmp_path: Path) -> None:
    outputs = (output_of(("n", "int", U32)), output_of(("n", "int", S64), rule=1))
    with pytest.raises(DiagnosticError) as error:
        write(kind, outputs, [], tmp_path / "f")
    assert error.value.diagnostics[0].code == "U301"


def test_histograms_and_statistics_are_nested(kind: str, tmp_path: Path) -> None:
    columns = (
        ("h", "hist", (), False),
        ("s", "stats", (), True),
        ("p", "percentile", ("50",), True),
    )
    order = ("h", "s", "p", "d")
    none = Record("", (), 0)
    plan = AggregatePlan(
        "", None, none, (), columns, (("d", ("/", ("name", "p"), ("number", 0))),), order,
        None, False, None, None,
    )  # fmt: skip
    shapes = [(n, Decoding("histogram" if n == "h" else "number"), S64) for n in order]
    shown = output_of(("comm", "text", byte_array(16, text=True)), *shapes, targets=())
    output = RuleOutput(0, shown.record, shown.columns, (), aggregate=plan)
    buckets = ((None, 0, 1), (1 << 63, 1 << 64, 2))
    stats = {"count": 2, "avg": -3, "min": -4, "max": -2, "sum": -6}
    write(kind, (output,), [(1, 0, 0, b"a\0", buckets, stats, None, None)], tmp_path / "f")
    (row,) = read(kind, tmp_path / "f").to_pylist()
    assert row == {
        "ts": 1,
        "comm": "a",
        "h": [
            {"low": None, "above": 0, "count": 1},
            {"low": 1 << 63, "above": None, "count": 2},
        ],
        "s": stats,
        "p": None,
        "d": None,
    }


def test_parquet_has_the_account(tmp_path: Path) -> None:
    write("parquet", (_EVENTS,), [_ROW], tmp_path / "f")
    metadata = pq.ParquetFile(tmp_path / "f").metadata.metadata
    assert json.loads(metadata[b"tracelang.accounting"]) == {"events": 1}


def test_no_events_make_a_file_that_can_be_read(kind: str, tmp_path: Path) -> None:
    write(kind, (_EVENTS,), [], tmp_path / "f")
    assert read(kind, tmp_path / "f").num_rows == 0


def test_a_stream_that_was_cut_off_is_read_up_to_its_last_batch(tmp_path: Path) -> None:
    rows: list[Row] = [(n, *_ROW[1:]) for n in range(50_000)]
    write("arrow", (_EVENTS,), rows, tmp_path / "f")
    data = (tmp_path / "f").read_bytes()
    reader = ipc.open_stream(io.BytesIO(data[: len(data) // 2]))
    assert reader.read_next_batch().num_rows == 16_384
    with pytest.raises((OSError, pa.ArrowInvalid)):
        reader.read_next_batch()


@pytest.fixture
def small(require_root: None, tmp_path: Path) -> Iterator[Path]:
    """A file system of 8 MiB."""
    with small_disk(tmp_path, "8m") as place:
        yield place


def test_a_full_disk_leaves_a_table_that_can_be_read(kind: str, small: Path) -> None:
    output = output_of(("a", "int", U64), ("b", "int", U64))
    dice = [(n * 0x9E3779B97F4A7C15) & ((1 << 64) - 1) for n in range(400_000)]
    rows: list[Row] = [(n, 0, 0, x, ~x & ((1 << 64) - 1)) for n, x in enumerate(dice)]
    with pytest.raises(OSError, match="No space left"):
        write(kind, (output,), rows, small / "f")
    table = read(kind, small / "f")
    assert table.column("a").to_pylist() == dice[: table.num_rows]
    assert 100_000 < table.num_rows < 400_000


def test_the_last_batch_of_a_stream_says_what_was_counted(tmp_path: Path) -> None:
    write("arrow", (_EVENTS,), [_ROW], tmp_path / "f")
    reader = ipc.open_stream((tmp_path / "f").read_bytes())
    first, nothing = reader.read_next_batch_with_custom_metadata()
    last, metadata = reader.read_next_batch_with_custom_metadata()
    assert (first.num_rows, nothing, last.num_rows) == (1, None, 0)
    assert json.loads(metadata[b"tracelang.accounting"]) == {"events": 1}
