"""Text patterns: the parts a program searches for, against Python's own matching."""

from __future__ import annotations

from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracelang.plan.conditions import split_pattern

Segments = tuple[tuple[int | None, ...], ...]
PATTERN = st.text("ab*?", max_size=8)
TEXT = st.text("abc", max_size=10)


def search(text: bytes, segments: Segments, *, start: bool, end: bool) -> bool:
    """Find the parts one after the other, each as early as it can be, as programs do."""
    reached = 0
    for number, segment in enumerate(segments):
        size = len(segment)
        places = range(reached, len(text) - size + 1)
        if start and number == 0:
            places = range(min(1, len(text) - size + 1))
        elif end and number == len(segments) - 1:
            places = range(max(reached, len(text) - size), len(text) - size + 1)
        found = next((p for p in places if fits(segment, text, p)), None)
        if found is None:
            return False
        reached = found + size
    return not (start and end and len(segments) == 1) or reached == len(text)


def fits(segment: tuple[int | None, ...], text: bytes, at: int) -> bool:
    return all(byte in (None, text[at + k]) for k, byte in enumerate(segment))


@given(PATTERN.filter(bool), TEXT)
def test_a_glob_matches_what_pythons_does(pattern: str, text: str) -> None:
    segments, start, end = split_pattern("matches", pattern)
    assert search(text.encode(), segments, start=start, end=end) == fnmatchcase(text, pattern)


@given(st.text("abc", max_size=4), TEXT)
def test_words_for_the_middle_and_the_end(pattern: str, text: str) -> None:
    for operator, holds in (("contains", pattern in text), ("endswith", text.endswith(pattern))):
        segments, start, end = split_pattern(operator, pattern)
        assert search(text.encode(), segments, start=start, end=end) == holds


@pytest.mark.parametrize(
    ("pattern", "segments", "start", "end"),
    [
        ("a*b", ((97,), (98,)), True, True),
        ("*a?", ((97, None),), False, True),
        ("**", (), False, False),
        ("[a]*", ((91, 97, 93),), True, False),
    ],
)
def test_the_parts_of_a_glob(pattern: str, segments: Segments, start: bool, end: bool) -> None:
    assert split_pattern("matches", pattern) == (segments, start, end)
