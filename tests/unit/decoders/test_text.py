"""Text: what is shown, what is cut, and that nothing traced reaches a terminal as a command."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.decoders.bound import bind, context, show
from tracelang.decoders.escape import show_bytes, whole_characters


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"bash\0\0\0\0", "bash"),
        (b"", ""),
        (b"\0garbage", ""),
        (b"no end", "no end"),
        ("grün ☃ 😀".encode() + b"\0", "grün ☃ 😀"),
        (b"caf\xe9", r"caf\xe9"),
        (b"a\nb\tc\rd", r"a\nb\tc\rd"),
        (b"\x1b[2J\x07\x7f", r"\x1b[2J\x07\x7f"),
        ("\u009b31m".encode(), r"\u009b31m"),
        ("left\u202eright".encode(), r"left\u202eright"),
        (rb"C:\dir", r"C:\dir"),
    ],
)
def test_text_is_shown_without_controls(raw: bytes, expected: str) -> None:
    assert show("text", raw) == expected


@given(st.binary(max_size=300), st.integers(1, 200))
def test_any_bytes_read_as_one_harmless_line(raw: bytes, limit: int) -> None:
    text = bind("text", within=context(limit=limit)).text(raw)
    assert all(unicodedata.category(char)[0] != "C" for char in text)
    text.encode()


@given(st.text(max_size=100).filter(lambda text: "\0" not in text and text.isprintable()))
def test_printable_text_is_shown_as_it_is(text: str) -> None:
    assert show("text", text.encode(), 1000) == text


@given(st.text(max_size=40), st.integers(0, 160))
def test_cutting_never_leaves_half_a_character(text: str, length: int) -> None:
    cut = whole_characters(text.encode()[:length])
    assert text.startswith(cut.decode())
    assert len(text.encode()[:length]) - len(cut) < 4


def test_whole_characters_keeps_what_was_never_utf8() -> None:
    assert whole_characters(b"ab\xff") == b"ab"
    assert whole_characters(b"ab\xe9c") == b"ab\xe9c"
    assert whole_characters(b"\x80\x80\x80\x80\x80") == b"\x80\x80\x80\x80\x80"


class TestCut:
    def test_longer_text_ends_in_an_ellipsis_and_is_counted_each_time(self) -> None:
        cuts: list[int] = []
        reading = bind("text", within=context(limit=4, on_cut=lambda: cuts.append(1)))
        assert [reading.text(b"12345\0"), reading.text(b"12345\0")] == ["1234…", "1234…"]
        assert len(cuts) == 2

    def test_text_of_just_the_limit_is_whole(self) -> None:
        cuts: list[int] = []
        reading = bind("text", within=context(limit=4, on_cut=lambda: cuts.append(1)))
        assert (
            reading.text(b"1234\0") == reading.text(b"1234\0x") == reading.text(b"1234") == "1234"
        )
        assert not cuts

    def test_own_limit_stands_above_the_runs(self) -> None:
        assert bind("text", 2, within=context(limit=128)).text(b"abc") == "ab…"
        assert bind("text", 200, within=context(limit=2)).text(b"abc") == "abc"

    def test_machine_value_is_cut_and_counted_too(self) -> None:
        cuts: list[int] = []
        reading = bind("text", within=context(limit=3, on_cut=lambda: cuts.append(1)))
        assert reading.machine is not None
        assert reading.machine(b"abcd\0") == "abc…"
        assert len(cuts) == 1

    def test_long_text_is_whole_when_the_limit_allows(self) -> None:
        assert show("text", b"/" + b"d" * 5554 + b"\0", 8192) == "/" + "d" * 5554


class TestMachine:
    def test_controls_are_kept(self) -> None:
        reading = bind("text")
        assert reading.machine is not None
        assert reading.machine(b"a\nb\0") == "a\nb"

    def test_bytes_that_are_no_utf8_stay_bytes(self) -> None:
        reading = bind("text")
        assert reading.machine is not None
        assert reading.machine(b"caf\xe9\0") == b"caf\xe9"

    def test_machines_get_nothing_beside_it(self) -> None:
        assert not bind("text").differs


def test_memory_of_texts_is_bounded() -> None:
    reading = bind("text")
    for number in range(10_000):
        assert reading.text(b"name%d\0" % number) == f"name{number}"
    memo = getattr(reading.text, "__self__")  # noqa: B009 - a bound method of the dictionary
    assert len(memo) <= 4096


@given(st.binary(max_size=50))
def test_bytes_show_the_same_wherever_they_are_escaped(data: bytes) -> None:
    assert show_bytes(data).isprintable()
