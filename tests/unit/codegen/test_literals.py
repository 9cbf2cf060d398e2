"""Whatever bytes a script has, as C they are one literal with just these bytes."""

from __future__ import annotations

import ctypes
import re
from pathlib import Path

from hypothesis import example, given
from hypothesis import strategies as st

from tests.unit.codegen.c_programs import build_library
from tracelang.codegen.literals import c_string

_ESCAPE = re.compile(rb'\\([0-7]{3}|["\\])')
NASTY = (
    b'"; } */ ??/ // \\ \n\r\0 %s #include <x> \x7f\x80\xff',
    b"??/",
    b"\\0123",
    b"*/",
    b"\0" + b"7",
    "ä€😀".encode(),
)


def read_literal(literal: str) -> bytes:
    body = literal[1:-1].encode("ascii")

    def replace(match: re.Match[bytes]) -> bytes:
        return match[1] if len(match[1]) == 1 else bytes([int(match[1], 8)])

    return _ESCAPE.sub(replace, body)


@given(st.binary())
@example(NASTY[0])
def test_the_literal_has_just_these_bytes(data: bytes) -> None:
    assert read_literal(c_string(data)) == data


@given(st.binary())
@example(NASTY[0])
def test_the_literal_ends_nothing_around_it(data: bytes) -> None:
    literal = c_string(data)
    assert literal.isascii()
    assert literal.isprintable()
    for end in ("*/", "/*", "??", "\n"):
        assert end not in literal
    assert not re.search(r'(?<!\\)(\\\\)*"', literal[1:-1])


def test_text_is_taken_as_utf8() -> None:
    assert c_string("ä") == r'"\303\244"'
    assert c_string('say "hi"\\') == r'"say \"hi\"\\"'


def test_a_compiler_reads_the_same_bytes(tmp_path: Path) -> None:
    cases = (*NASTY, bytes(range(256)), b"a" * 3000)
    lines = [
        f"/* {c_string(data)} */ const char text_{i}[{len(data) + 1}] = {c_string(data)};"
        for i, data in enumerate(cases)
    ]
    library = build_library(tmp_path, "\n".join(lines))
    for i, data in enumerate(cases):
        held = (ctypes.c_char * len(data)).in_dll(library, f"text_{i}")
        assert held.raw == data
