"""Texts that are known before anything runs compare as the programs would compare them."""

from __future__ import annotations

import re
from typing import cast

from hypothesis import given
from hypothesis import strategies as st

from tracelang.semantic import texts
from tracelang.semantic.expressions import Constant
from tracelang.semantic.scope import RuleScope
from tracelang.semantic.types import Text
from tracelang.semantic.values import integer_of
from tracelang.source import SourceFile, Span

PLACE = Span(SourceFile("t", "x"), 0, 1)
NO_SCOPE = cast("RuleScope", None)
TEXT = st.text("ab[]*?", max_size=6)


def compare(operator: str, left: str, right: str) -> bool:
    values = [Constant(Text(len(t)), t, span=PLACE) for t in (left, right)]
    found = integer_of(texts.compare(operator, values[0], values[1], PLACE, NO_SCOPE))
    assert found is not None
    return bool(found)


@given(TEXT, TEXT)
def test_words_for_parts_of_a_text(text: str, part: str) -> None:
    assert compare("==", text, part) == (text == part)
    assert compare("!=", text, part) == (text != part)
    assert compare("contains", text, part) == (part in text)
    assert compare("startswith", text, part) == text.startswith(part)
    assert compare("endswith", text, part) == text.endswith(part)


@given(TEXT, TEXT)
def test_a_pattern_knows_two_wildcards_and_no_brackets(text: str, pattern: str) -> None:
    wildcards = {"*": ".*", "?": "."}
    regular = "".join(wildcards.get(c, re.escape(c)) for c in pattern)
    assert compare("matches", text, pattern) == bool(re.fullmatch(regular, text, re.DOTALL))
