"""A flame graph's page: what it says of how much it shows."""

from __future__ import annotations

import pytest

from tracelang.sinks.flame_page import Words, render_page
from tracelang.sinks.folding import Level, Part


@pytest.mark.parametrize(
    ("weight", "said"), [(1, "1 event, 1 different stack<"), (2, "2 events, 1 different stack<")]
)
def test_one_is_no_plural(weight: int, said: str) -> None:
    page = render_page({(Level("main", "", Part.USER),): weight}, Words("t", "s", "events"))
    assert said in page
