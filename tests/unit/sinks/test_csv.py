"""Comma-separated values."""

from __future__ import annotations

import csv
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.sinks.outputs import output_of, written
from tracelang.decoders.protocol import Decoding
from tracelang.diagnostics import DiagnosticError
from tracelang.plan.c_types import S32, U32, byte_array
from tracelang.sinks.protocol import SinkOptions

_COMM = ("comm", "text", byte_array(16, text=True))
_PID = ("pid", "int", U32)


def test_header_raw_and_decoded_values() -> None:
    output = output_of(_COMM, ("ret", "errno", S32))
    assert written("csv", [output], [(0, 0, 0, b"a,b\0", -2), (0, 0, 0, b'say "x"\0', 3)]) == (
        'comm,ret,ret_text\r\n"a,b",-2,ENOENT\r\n"say ""x""",3,3\r\n'
    )


def test_the_header_comes_without_events() -> None:
    assert written("csv", [output_of(_COMM, _PID)], []) == "comm,pid\r\n"


@given(st.text(max_size=30).filter(lambda text: "\0" not in text))
def test_any_text_reads_back(text: str) -> None:
    lines = written("csv", [output_of(_PID, _COMM)], [(0, 0, 0, 1, text.encode() + b"\0")])
    assert list(csv.reader(StringIO(lines, newline="")))[1] == ["1", text]


def test_on_a_terminal_controls_are_escaped() -> None:
    row = (0, 0, 0, b"\x1b[2J\0")
    assert "\x1b" in written("csv", [output_of(_COMM)], [row])
    assert written("csv", [output_of(_COMM)], [row], SinkOptions(terminal=True)).endswith(
        "\r\n" + r"\x1b[2J" + "\r\n"
    )


def test_bytes_that_are_no_utf8_are_shown() -> None:
    assert written("csv", [output_of(_COMM)], [(0, 0, 0, b"caf\xe9\0")]).endswith(
        r"caf\xe9" + "\r\n"
    )


def test_truth_lists_and_nothing() -> None:
    shapes = (
        ("flag", "bool", U32),
        ("list", Decoding("array", ("B", 2)), byte_array(2, text=False)),
        ("box", "container", U32),
    )
    assert written("csv", [output_of(*shapes)], [(0, 0, 0, 1, b"\x01\x02", 1)]).endswith(
        "\r\ntrue,1 2,\r\n"
    )


def test_rules_with_the_same_columns_have_a_column_that_says_which() -> None:
    outputs = [output_of(_PID), output_of(_PID, rule=1)]
    assert written("csv", outputs, [(0, 0, 0, 7), (1, 1, 0, 8)]) == "rule,pid\r\n1,7\r\n2,8\r\n"


def test_rules_with_different_columns_are_refused() -> None:
    with pytest.raises(DiagnosticError) as caught:
        written("csv", [output_of(_PID), output_of(_COMM, rule=1)], [])
    (diagnostic,) = caught.value.diagnostics
    assert (diagnostic.code, diagnostic.status) == ("U301", 2)
    assert diagnostic.notes == ("rule 1 has pid", "rule 2 has comm")
    assert any("json" in help_ for help_ in diagnostic.help)
