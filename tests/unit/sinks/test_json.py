"""One JSON object per line."""

from __future__ import annotations

import json
import struct
from decimal import Decimal
from io import StringIO
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.sinks.outputs import TARGETS, make_sink, output_of, written
from tracelang.decoders.protocol import Decoding
from tracelang.plan.c_types import S64, U32, U64, byte_array
from tracelang.plan.ir import RuleOutput
from tracelang.sinks.protocol import feed

_COMM = ("comm", "text", byte_array(16, text=True))
_PID = ("pid", "int", U32)


def objects(outputs: list[RuleOutput], rows: list[tuple[Any, ...]]) -> list[dict[str, Any]]:
    text = written("json", outputs, rows)
    assert text.isascii()
    assert text.count("\n") == len(rows)
    return [json.loads(line) for line in text.splitlines()]


def test_an_event_is_its_time_its_probe_and_its_fields_in_order() -> None:
    (event,) = objects([output_of(_COMM, _PID)], [(123, 0, 1, b"bash\0", 42)])
    assert list(event.items()) == [
        ("ts", 123),
        ("probe", "syscall:open"),
        ("comm", "bash"),
        ("pid", 42),
    ]


def test_decoded_text_stands_beside_the_raw_value() -> None:
    (event,) = objects([output_of(("ret", "errno", S64))], [(0, 0, 0, -2)])
    assert (event["ret"], event["ret_text"]) == (-2, "ENOENT")


def test_integers_are_exact() -> None:
    shapes = (("big", "int", U64), ("small", "int", S64))
    text = written("json", [output_of(*shapes)], [(0, 0, 0, (1 << 64) - 1, -(1 << 63))])
    assert '"big":18446744073709551615,"small":-9223372036854775808}' in text


def test_decimals_are_exact() -> None:
    raw = 10**18 + 1
    shapes = (("elapsed", "elapsed", U64), ("lat", "s", U64), ("us", "us", U64))
    text = written("json", [output_of(*shapes)], [(0, 0, 0, raw, raw, raw)])
    event = json.loads(text, parse_float=Decimal)
    assert event["elapsed"] == event["lat"] == Decimal("1000000000.000000001")
    assert event["us"] == 10**15


def test_several_rules_say_which() -> None:
    outputs = [output_of(_PID), output_of(_COMM, rule=1)]
    events = objects(outputs, [(0, 0, 0, 1), (1, 1, 0, b"a")])
    assert [event["rule"] for event in events] == [1, 2]


def test_a_captured_name_wins_over_an_added_one() -> None:
    (event,) = objects([output_of(("ts", "int", U64), ("probe", "int", U32))], [(9, 0, 0, 1, 2)])
    assert event == {"ts": 1, "probe": 2}


def test_a_captured_name_wins_over_a_text_beside() -> None:
    shapes = (("x", "hex", U32), ("x_text", "int", U32))
    (event,) = objects([output_of(*shapes)], [(0, 0, 0, 255, 7)])
    assert (event["x"], event["x_text"]) == (255, 7)


def test_every_kind_of_machine_value() -> None:
    shapes = (
        ("flag", "bool", U32),
        ("list", Decoding("array", ("H", 2)), byte_array(4, text=False)),
        ("buf", "buf", byte_array(2, text=False)),
        ("argv", "join", byte_array(10, text=False)),
        ("place", "func", U32),
        ("address", "ip", U32),
        ("box", "container", U64),
    )
    row = (
        0,
        0,
        0,
        1,
        struct.pack("=2H", 1, 2),
        b"\x7f\0",
        struct.pack("=I", 6) + b"a\0b c\0",
        1,
        0x0100007F,
        1,
    )
    (event,) = objects([output_of(*shapes)], [row])
    assert event["flag"] is True
    assert event["list"] == [1, 2]
    assert (event["buf"], event["buf_text"]) == ("7f00", r"\x7f\x00")
    assert event["argv"] == "a 'b c'"
    assert event["place"] == TARGETS[1][1]
    assert event["address"] == "127.0.0.1"
    assert event["box"] is None


@given(st.text(max_size=15).filter(lambda text: "\0" not in text and len(text.encode()) < 100))
def test_any_text_reads_back(text: str) -> None:
    (event,) = objects([output_of(_COMM)], [(0, 0, 0, text.encode() + b"\0")])
    assert event["comm"] == text
    assert "comm_hex" not in event


@given(st.binary(max_size=16).filter(lambda data: 0 not in data))
def test_any_bytes_read_back(data: bytes) -> None:
    (event,) = objects([output_of(_COMM)], [(0, 0, 0, data + b"\0")])
    assert bytes.fromhex(event.get("comm_hex", event["comm"].encode().hex())) == data


def test_names_with_percent_signs_do_no_harm() -> None:
    (event,) = objects([output_of(("a%d", "int", U32))], [(0, 0, 0, 1)])
    assert event["a%d"] == 1


def test_the_account_comes_last_and_is_no_event() -> None:
    stream = StringIO()
    sink = make_sink("json", output_of(_PID), stream=stream, account=lambda: {"events": 1})
    feed(sink, [(5, 0, 0, 42)])
    sink.end()
    event, account = (json.loads(line) for line in stream.getvalue().splitlines())
    assert account == {"accounting": {"events": 1}}
    assert "ts" in event
