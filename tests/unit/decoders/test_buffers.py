"""Buffers, argument lists and arrays."""

from __future__ import annotations

import shlex
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.decoders.bound import bind, context, show
from tracelang.decoders import load_decoders


def test_buffer_shows_every_byte() -> None:
    assert show("buf", b"\x7fELF\x02\0\n\\") == r"\x7fELF\x02\x00\n\\"


@given(st.binary(max_size=64))
def test_buffer_reads_back(data: bytes) -> None:
    text = show("buf", data)
    assert text.isprintable()
    assert text.encode().decode("unicode_escape").encode("latin-1") == data


def test_machines_get_buffers_in_hexadecimal() -> None:
    reading = bind("buf")
    assert reading.machine is not None
    assert reading.machine(b"\0\xff") == "00ff"


def test_counted_buffer_shows_its_count_of_bytes() -> None:
    assert show("buf", struct.pack("=I", 2) + b"abcd", "counted") == "ab"


def test_counted_buffer_that_was_longer_is_cut_visibly() -> None:
    cuts: list[int] = []
    reading = bind("buf", "counted", within=context(on_cut=lambda: cuts.append(1)))
    assert reading.text(struct.pack("=I", 9) + b"abcd") == "abcd…"
    assert len(cuts) == 1


def collected(data: bytes, *, cut: bool = False) -> bytes:
    """Return texts as a program collects them: their length first, its highest bit for a cut."""
    return struct.pack("=I", len(data) | cut << 31) + data + b"stale bytes"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"ls\0-l\0", "ls -l"),
        (b"sh\0-c\0echo $HOME; ls\0", "sh -c 'echo $HOME; ls'"),
        (b"echo\0it's\0", """echo 'it'"'"'s'"""),
        (b"printf\0\x1b[2J\n\0", r"printf '\x1b[2J\n'"),
        (b"grep\0\0file\0", "grep '' file"),
        (b"", ""),
        (b"cat\0caf\xe9\0", r"cat 'caf\xe9'"),
    ],
)
def test_arguments_are_joined_as_a_shell_needs_them(data: bytes, expected: str) -> None:
    assert show("join", collected(data)) == expected


def test_arguments_that_were_cut_say_so() -> None:
    cuts: list[int] = []
    reading = bind("join", within=context(on_cut=lambda: cuts.append(1)))
    assert reading.text(collected(b"cat\0/etc/pas\0", cut=True)) == "cat /etc/pas…"
    assert len(cuts) == 1


@given(st.lists(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1)))
def test_joined_arguments_split_again(words: list[str]) -> None:
    data = b"".join(word.encode() + b"\0" for word in words)
    assert shlex.split(show("join", collected(data))) == words


class TestArray:
    def test_elements_are_listed(self) -> None:
        assert show("array", struct.pack("=3h", 1, -2, 3), "h", 3) == "[1, -2, 3]"

    def test_machines_get_a_list(self) -> None:
        reading = bind("array", "I", 2)
        assert reading.machine is not None
        assert reading.machine(struct.pack("=2I", 1, 4_000_000_000)) == [1, 4_000_000_000]

    def test_its_arguments_are_checked(self) -> None:
        array = load_decoders().get("array")
        assert array is not None
        assert array.check(("d", 2)) is not None
        assert array.check(()) is not None
