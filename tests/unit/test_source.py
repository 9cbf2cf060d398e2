"""Places in a script's text."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tracelang.source import SourceFile, Span

TEXT = st.text("ab \n\tä😀", max_size=40)


@given(TEXT, st.data())
def test_an_offset_is_a_line_and_a_column(text: str, data: st.DataObject) -> None:
    offset = data.draw(st.integers(0, len(text)))
    source = SourceFile("t", text)
    line, column = source.line_column(offset)
    before = text[:offset]
    assert line == before.count("\n") + 1
    assert column == offset - (before.rfind("\n") + 1) + 1


@given(TEXT)
def test_lines_are_those_of_the_text(text: str) -> None:
    source = SourceFile("t", text)
    lines = text.split("\n")
    assert [source.line_text(n) for n in range(1, len(lines) + 1)] == lines


def test_spans_join() -> None:
    source = SourceFile("t", "one two\nthree")
    first, last = Span(source, 0, 3), Span(source, 8, 13)
    assert first.to(last).text == "one two\nthree"
    assert (last.line, last.column, last.text) == (2, 1, "three")
    assert last.to(Span(source, 9, 10)) == last
