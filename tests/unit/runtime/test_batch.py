"""Drained bytes into rows."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracelang.diagnostics import DiagnosticError
from tracelang.plan.c_types import S16, S64, U8, U16, U32, U64, byte_array
from tracelang.plan.ir import Record, RecordField
from tracelang.runtime.batch import BatchDecoder, Row, frame_format
from tracelang.runtime.frames import DISCARDED, scan_runs
from tracelang.runtime.reader import Drained

HEAD = (RecordField("ts", U64, 0), RecordField("rule", U32, 8), RecordField("target", U32, 12))
BARE = Record("bare", HEAD, 16)
PADDED = Record("padded", (*HEAD, RecordField("a", U8, 16), RecordField("b", S16, 18)), 24)
NAMED = Record("named", (*HEAD, RecordField("comm", byte_array(5, text=True), 16)), 24)
WIDE = Record("wide", (*HEAD, RecordField("a", U32, 16), RecordField("b", S64, 24)), 32)
CUT = Record(
    "cut",
    (*HEAD, RecordField("a", U16, 16), RecordField("t", byte_array(30, text=True), 18)),
    48,
    cut=True,
)
RECORDS = {1: BARE, 2: PADDED, 3: NAMED, 40: WIDE}


def pack(record: Record, row: Row) -> bytes:
    """Write a row field by field: what the generated C does."""
    data = bytearray(b"\xee" * record.size)  # what is not a field must not be seen
    for field, value in zip(record.fields, row, strict=True):
        struct.pack_into("=" + field.type.code, data, field.offset, value)
    return struct.pack("=II", record.size, 3) + bytes(data)


def drained(*frames: bytes) -> Drained:
    data = b"".join(frames)
    return Drained(data, scan_runs(memoryview(data).cast("I"), 0, len(data))[0], 0)


def test_format_skips_the_header_and_all_padding() -> None:
    assert frame_format(PADDED) == "=8xQ0xI0xI0xB1xh4x"
    assert struct.calcsize(frame_format(PADDED)) == PADDED.size + 8


def test_nothing() -> None:
    assert BatchDecoder(RECORDS).decode(drained()) == []


@pytest.mark.parametrize("number", [1, 5, 3_000])
def test_one_kind(number: int) -> None:
    rows = [(ts, 2, 0, ts % 256, -ts % 999) for ts in range(number)]
    batch = drained(*(pack(PADDED, row) for row in rows))
    assert BatchDecoder({2: PADDED}).decode(batch) == rows


def test_limits_of_values() -> None:
    row = (2**64 - 1, 40, 2**32 - 1, 2**32 - 1, -(2**63))
    assert BatchDecoder({40: WIDE}).decode(drained(pack(WIDE, row))) == [row]


def rows_of(rule: int, ts: int) -> Row:
    extra: dict[int, Row] = {1: (), 2: (255, -7), 3: (b"ab\0cd",), 40: (9, -1)}
    return (ts, rule, 5, *extra[rule])


@given(st.lists(st.tuples(st.sampled_from([1, 2, 3, 40]), st.integers(1, 50)), max_size=8))
def test_any_mixture_keeps_its_order(blocks: list[tuple[int, int]]) -> None:
    rules = [rule for rule, times in blocks for _ in range(times)]
    rows = [rows_of(rule, ts) for ts, rule in enumerate(rules)]
    batch = drained(*(pack(RECORDS[row[1]], row) for row in rows))
    assert BatchDecoder(RECORDS).decode(batch) == rows


def pack_cut(row: Row) -> bytes:
    """Send what there is of the text, up to the next multiple of 8: what the generated C does."""
    *numbers, text = row
    assert isinstance(text, bytes)
    size = (18 + len(text) + 8) // 8 * 8
    data = struct.pack("=QIIH", *numbers) + text + b"\0" + b"\xee" * 8
    return struct.pack("=II", size, 3) + data[:size]


@given(st.lists(st.tuples(st.sampled_from([1, 7]), st.integers(0, 29), st.integers(1, 20))))
def test_texts_that_are_sent_as_far_as_they_go(blocks: list[tuple[int, int, int]]) -> None:
    kinds = [(rule, length) for rule, length, times in blocks for _ in range(times)]
    rows = [
        (ts, rule, 0) if rule == 1 else (ts, rule, 0, ts % 999, b"x" * length)
        for ts, (rule, length) in enumerate(kinds)
    ]
    batch = drained(*(pack(BARE, row) if row[1] == 1 else pack_cut(row) for row in rows))
    found = [
        row if row[1] == 1 else (*row[:-1], row[-1].partition(b"\0")[0])
        for row in BatchDecoder({1: BARE, 7: CUT}).decode(batch)
    ]
    assert found == rows


def test_a_cut_record_is_no_shorter_than_its_head_and_no_longer_than_it_may_be() -> None:
    for size in (16, 44, 56):
        frame = struct.pack("=II", size, 0) + struct.pack("=QII", 1, 7, 0) + bytes(size - 16)
        with pytest.raises(DiagnosticError, match="says it is of rule 7"):
            BatchDecoder({7: CUT}).decode(drained(frame + bytes(-len(frame) % 8)))


def test_two_layouts_of_one_size_are_told_apart_by_the_rule() -> None:
    rows = [rows_of(2 + i % 2, i) for i in range(100)]
    batch = drained(*(pack(RECORDS[row[1]], row) for row in rows))
    assert BatchDecoder({2: PADDED, 3: NAMED}).decode(batch) == rows


def test_discarded_records_among_others() -> None:
    given_up = struct.pack("=II", 40 | DISCARDED, 0) + b"\xff" * 40
    rows = [rows_of(1, 1), rows_of(3, 2)]
    batch = drained(pack(BARE, rows[0]), given_up, pack(NAMED, rows[1]))
    assert BatchDecoder(RECORDS).decode(batch) == rows


@pytest.mark.parametrize("row", [(0, 99, 0), (0, 40, 0)])
def test_bytes_that_fit_no_rule_are_a_defect(row: Row) -> None:
    batch = drained(pack(BARE, row), pack(WIDE, rows_of(40, 0)))
    with pytest.raises(DiagnosticError, match=f"16 bytes says it is of rule {row[1]}") as caught:
        BatchDecoder(RECORDS).decode(batch)
    assert caught.value.status == 70
