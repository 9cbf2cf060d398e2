"""C-style formats as pieces, and their mistakes with their places."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracelang.decoders.format import (
    Argument,
    Conversion,
    Literal,
    check_format,
    parse_format,
)


def test_pieces_have_their_places() -> None:
    assert parse_format("a %-18.9f%%\n%hhx").pieces == (
        Literal("a "),
        Conversion(2, 9, "-", 18, 9, "", "f"),
        Literal("%"),
        Literal("\n"),
        Conversion(12, 16, "", 0, None, "hh", "x"),
    )


def test_a_point_alone_is_precision_zero() -> None:
    (conversion,) = parse_format("%.f").conversions
    assert conversion.precision == 0


@pytest.mark.parametrize(
    ("text", "offset", "length", "message", "help_"),
    [
        ("pid %y", 4, 2, "no conversion", "known are"),
        ("100%", 3, 1, "ends in the middle", "%%"),
        ("%-5", 0, 3, "ends in the middle", "%%"),
        ("%*d", 0, 3, "fixed when the script is compiled", "the number"),
        ("%.*f", 0, 4, "fixed when the script is compiled", "the number"),
        ("%'d", 0, 3, "flag `'`", "leave it out"),
        ("%n", 0, 2, "no conversion", "written back"),
        ("%a", 0, 2, "no conversion", "%e"),
        ("%5%", 0, 3, "no conversion", "%%"),
        ("%.-3d", 0, 5, "not negative", "leave the `-` out"),
        ("%99999d", 0, 7, "more than 4096", "smaller"),
        ("%Ld", 0, 3, "no length", "leave it out"),
    ],
)
def test_mistakes_point_at_their_place(
    text: str, offset: int, length: int, message: str, help_: str
) -> None:
    (mistake,) = parse_format(text).mistakes
    assert (mistake.offset, mistake.length) == (offset, length)
    assert message in mistake.message
    assert help_ in mistake.help


@given(st.text(st.sampled_from("%-+ #0.5*hldsfxc\n'")))
def test_any_text_is_split_without_loss(text: str) -> None:
    format_ = parse_format(text)
    places = [(c.start, c.end) for c in format_.conversions]
    places += [(m.offset, m.offset + m.length) for m in format_.mistakes]
    taken = sum(end - start for start, end in places)
    literal = sum(len(p.text) + (p.text == "%") for p in format_.pieces if isinstance(p, Literal))
    assert taken + literal == len(text)


class TestArguments:
    _PID = Argument("pid", is_number=True)
    _COMM = Argument("comm", is_number=False)

    def test_fitting_arguments_have_no_mistakes(self) -> None:
        assert check_format(parse_format("%d %s %s"), [self._PID, self._PID, self._COMM]) == ()

    def test_text_is_no_number(self) -> None:
        (mistake,) = check_format(parse_format("%s %d"), [self._PID, self._COMM])
        assert (mistake.offset, mistake.length) == (3, 2)
        assert mistake.message == "`%d` shows a number, `comm` is text"
        assert mistake.help == "write `%s`"

    def test_missing_value_is_shown_where_it_is_missing(self) -> None:
        (mistake,) = check_format(parse_format("%d %s"), [self._PID])
        assert (mistake.offset, mistake.length) == (3, 2)
        assert mistake.message == "the format takes 2 values, not 1"

    def test_values_left_over_are_named(self) -> None:
        (mistake,) = check_format(parse_format("%d\n"), [self._PID, self._COMM])
        assert mistake.offset == 2
        assert "1 value, there are 2: `comm`" in mistake.message

    def test_several_mistakes_come_in_order(self) -> None:
        mistakes = check_format(parse_format("%d %y"), [self._COMM])
        assert [m.offset for m in mistakes] == [0, 3]
