"""Aligned tables."""

from __future__ import annotations

from io import StringIO

from tests.unit.sinks.outputs import TARGETS, make_sink, output_of, written
from tracelang.plan.c_types import S32, U32, U64, byte_array
from tracelang.sinks.protocol import SinkOptions

_COMM = ("comm", "text", byte_array(16, text=True))
_PID = ("pid", "int", U32)
_ERROR = ("error", "errno", S32)
_FILE = ("filename", "text", byte_array(130, text=True))


def test_numbers_stand_right_and_text_left() -> None:
    rows = [(0, 0, 0, b"bash\0", 42, b"/etc/passwd\0"), (1, 0, 0, b"cat\0", 4_000_000, b"x\0")]
    assert written("table", [output_of(_COMM, _PID, _FILE)], rows) == (
        "COMM                  PID FILENAME\n"
        "bash                   42 /etc/passwd\n"
        "cat               4000000 x\n"
    )


def test_the_last_column_is_not_padded_and_never_cut() -> None:
    path = b"/" + b"d" * 100
    assert written("table", [output_of(_PID, _FILE)], [(0, 0, 0, 1, path)]).endswith(
        f"       1 {path.decode()}\n"
    )


def test_a_column_grows_with_its_values_and_stays_so() -> None:
    output = output_of(("id", "int", U64), _ERROR, _PID)
    stream = StringIO()
    sink = make_sink("table", output, stream=stream)
    sink.events(0, [(0, 0, 0, 1, 0, 7)])
    sink.events(0, [(0, 0, 0, 10**12, -2, 8)])
    sink.events(0, [(0, 0, 0, 2, -13, 9)])
    assert stream.getvalue() == (
        "      ID ERROR             PID\n"
        "       1 0                   7\n"
        "1000000000000 ENOENT              8\n"
        "            2 EACCES              9\n"
    )


def test_one_very_long_value_pushes_its_own_row_only() -> None:
    output = output_of(_FILE, _PID)
    lines = written("table", [output], [(0, 0, 0, b"p" * 100, 1), (0, 0, 0, b"q", 2)]).splitlines()
    assert [len(line) for line in lines] == [73, 109, 73]


def test_the_header_is_as_wide_as_the_first_values() -> None:
    header, row = written("table", [output_of(_FILE, _PID)], [(0, 0, 0, b"f" * 30, 1)]).splitlines()
    assert len(header) == len(row) == 39


def test_nothing_is_written_without_events() -> None:
    assert written("table", [output_of(_PID)], []) == ""


def test_terminal_escapes_are_harmless() -> None:
    text = written("table", [output_of(_COMM)], [(0, 0, 0, b"\x1b]0;owned\x07\n")])
    assert text == "COMM\n" + r"\x1b]0;owned\x07\n" + "\n"


def test_percent_signs_in_values_stand_for_themselves() -> None:
    assert written("table", [output_of(_COMM)], [(0, 0, 0, b"100%d\0")]).endswith("100%d\n")


def test_print_formats_are_set_aside() -> None:
    assert written("table", [output_of(_PID, format_="pid=%d")], [(0, 0, 0, 7)]).startswith(
        "     PID"
    )


class TestColor:
    def test_the_header_is_bold_where_colors_are_welcome(self) -> None:
        text = written("table", [output_of(_PID)], [(0, 0, 0, 7)], SinkOptions(True, True))
        assert text == "\x1b[1m     PID\x1b[0m\n       7\n"


class TestSeveralRules:
    def test_each_line_says_its_rule_and_each_shape_has_its_header(self) -> None:
        outputs = [
            output_of(_PID, targets=TARGETS[:1]),
            output_of(_COMM, rule=1, targets=(("kprobe:vfs_read", "vfs_read"),)),
        ]
        rows = [(0, 0, 0, 1), (1, 1, 0, b"a\0"), (2, 0, 0, 2), (3, 1, 0, b"b\0")]
        assert written("table", outputs, rows) == (
            "              PID\n"
            "openat          1\n"
            "         COMM\n"
            "vfs_read a\n"
            "openat          2\n"
            "vfs_read b\n"
        )

    def test_rules_with_the_same_columns_share_a_table(self) -> None:
        outputs = [
            output_of(_PID, targets=TARGETS[:1]),
            output_of(_PID, rule=1, targets=TARGETS[1:]),
        ]
        assert written("table", outputs, [(0, 0, 0, 1), (1, 1, 0, 2)]) == (
            "            PID\nopenat        1\nopen          2\n"
        )

    def test_rules_of_the_same_place_are_numbered(self) -> None:
        outputs = [output_of(_PID), output_of(_COMM, rule=1)]
        lines = written("table", outputs, [(0, 0, 0, 1), (0, 1, 0, b"a")]).splitlines()
        assert [lines[1].split()[0], lines[3].split()[0]] == ["openat…#1", "openat…#2"]

    def test_a_rule_of_many_places_goes_by_what_they_share(self) -> None:
        many = tuple((f"kprobe:vfs_{name}", f"vfs_{name}") for name in "abcdefghi")
        outputs = [output_of(_PID, targets=many), output_of(_COMM, rule=1)]
        lines = written("table", outputs, [(0, 0, 0, 1), (0, 1, 0, b"a")]).splitlines()
        assert [lines[1].split()[0], lines[3].split()[0]] == ["kprobe:vfs_…", "openat…"]

    def test_a_header_out_of_sight_is_repeated_on_a_terminal_only(self) -> None:
        outputs = [output_of(_PID), output_of(_COMM, rule=1)]
        rows = [*[(0, 0, 0, 1)] * 50, (0, 1, 0, b"a"), (0, 0, 0, 2)]
        headers = [
            written("table", outputs, rows, SinkOptions(terminal=terminal)).count("PID")
            for terminal in (True, False)
        ]
        assert headers == [2, 1]
