"""The output for people."""

from __future__ import annotations

import os
import pty
from io import StringIO
from pathlib import Path

import pytest

from tests.unit.sinks.outputs import make_sink, output_of, written
from tracelang.decoders.protocol import Decoding
from tracelang.plan.c_types import S32, U32, U64, byte_array
from tracelang.sinks.protocol import options_for

_COMM = ("comm", "text", byte_array(16, text=True))
_PID = ("pid", "int", U32)


def test_a_rule_with_a_print_is_its_format() -> None:
    output = output_of(("elapsed", "elapsed", U64), _COMM, _PID, format_="%-18.9f %-16s %-6d")
    rows = [(0, 0, 0, 1_500_000_001, b"bash\0", 42)]
    assert written("text", [output], rows) == "1.500000001        bash             42    \n"


@pytest.mark.parametrize(
    ("format_", "expected"),
    [
        ("%d", "1\n2\n"),
        ("%d\n", "1\n2\n"),
        ("%d\n\n", "1\n\n2\n\n"),
        ("", "\n\n"),
        ("%%", "%\n%\n"),
    ],
)
def test_each_event_is_on_a_line_of_its_own(format_: str, expected: str) -> None:
    output = output_of(_PID, format_=format_)
    assert written("text", [output], [(0, 0, 0, 1), (0, 0, 0, 2)]) == expected


def test_values_have_the_width_and_sign_of_their_field() -> None:
    output = output_of(("ret", "int", S32), format_="%x %d")
    output = output_of(("ret", "int", S32), ("again", "errno", S32), format_="%x %s %%")
    assert written("text", [output], [(0, 0, 0, -1, -2)]) == "ffffffff ENOENT %\n"


def test_terminal_escapes_in_values_are_harmless_those_of_the_script_stay() -> None:
    output = output_of(_COMM, format_="\x1b[1m%s\x1b[0m")
    assert (
        written("text", [output], [(0, 0, 0, b"\x1b[2J")]) == "\x1b[1m" + r"\x1b[2J" + "\x1b[0m\n"
    )


def test_rules_without_a_print_are_tables_beside_it() -> None:
    outputs = [output_of(_PID, format_="pid=%d"), output_of(_COMM, rule=1)]
    rows = [(0, 0, 0, 1), (1, 1, 0, b"a\0"), (2, 0, 0, 2), (3, 1, 0, b"b\0")]
    assert written("text", outputs, rows) == "pid=1\nCOMM\na\npid=2\nb\n"


def test_events_of_one_rule_are_one_write() -> None:
    class Counting(StringIO):
        writes = 0

        def write(self, text: str, /) -> int:
            self.writes += 1
            return super().write(text)

    stream = Counting()
    sink = make_sink("text", output_of(_PID), stream=stream)
    sink.events(0, [(0, 0, 0, number) for number in range(1000)])
    assert stream.writes == 1


def test_a_closed_pipe_is_the_callers_to_handle() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    stream = os.fdopen(writing, "w")
    sink = make_sink("text", output_of(_PID), stream=stream)
    sink.events(0, [(0, 0, 0, 1)])
    with pytest.raises(BrokenPipeError):
        sink.flush()
    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), writing)
    stream.close()


def test_looked_up_words_are_shown() -> None:
    decoding = Decoding("table", (((1, "READ"),), "?"))
    output = output_of(("op", decoding, U32), format_="%s")
    assert written("text", [output], [(0, 0, 0, 1), (0, 0, 0, 2)]) == "READ\n?\n"


class TestOptions:
    def test_a_file_is_no_terminal(self) -> None:
        options = options_for(StringIO(), {})
        assert (options.terminal, options.color) == (False, False)

    @pytest.mark.parametrize(
        ("environment", "color"),
        [
            ({}, True),
            ({"NO_COLOR": "1"}, False),
            ({"NO_COLOR": ""}, True),
            ({"TERM": "dumb"}, False),
        ],
    )
    def test_a_terminal_has_colors_unless_they_are_refused(
        self, environment: dict[str, str], color: bool
    ) -> None:
        master, slave = pty.openpty()
        with os.fdopen(slave, "w") as stream:
            options = options_for(stream, environment)
        os.close(master)
        assert (options.terminal, options.color) == (True, color)
