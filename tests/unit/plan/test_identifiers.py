"""Names of scripts as C identifiers."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracelang.plan.identifiers import PRELUDE, Names, c_identifier

WORDS = st.one_of(
    st.text(), st.sampled_from(sorted(PRELUDE)), st.sampled_from(("int", "ctx", "while", "_"))
)


@given(WORDS)
def test_any_text_becomes_an_identifier(text: str) -> None:
    name = c_identifier(text)
    assert re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,41}", name)
    assert name not in ("int", "ctx", "while", "event", "scratch")


@given(st.lists(WORDS, max_size=30), st.lists(st.from_regex(r"[a-z]{1,3}", fullmatch=True)))
def test_names_are_handed_out_once(wishes: list[str], taken: list[str]) -> None:
    names = Names(taken)
    given_out = [names.take(wish) for wish in wishes]
    assert len(set(given_out)) == len(given_out)
    assert not set(given_out) & (PRELUDE | set(taken))


@pytest.mark.parametrize(
    ("wish", "name"),
    [
        ("comm", "comm"),
        ("count * 2", "count_2"),
        ("2fast", "_2fast"),
        ("while", "while_"),
        ("ä", "value"),
        ("", "value"),
        ("a->b", "a_b"),
    ],
)
def test_a_name_stays_recognisable(wish: str, name: str) -> None:
    assert c_identifier(wish) == name
