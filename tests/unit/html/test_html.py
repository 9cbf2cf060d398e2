"""Results as HTML: nothing in them is taken for markup, and what is not nothing can be seen."""

from __future__ import annotations

import re

import pytest

from tracelang.html.histograms import bars
from tracelang.html.pages import frame
from tracelang.html.style import wrap
from tracelang.html.tables import note, table, title

EVIL = "<script>\"&'</script>"


@pytest.mark.parametrize(
    "html",
    [table((EVIL,), (False,), [(EVIL,)]), note(EVIL), title(EVIL), frame(EVIL)],
    ids=("table", "note", "title", "frame"),
)
def test_texts_are_texts(html: str) -> None:
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    assert html.count('"') % 2 == 0


def test_numbers_stand_right() -> None:
    html = table(("name", "n"), (False, True), [("a", "1")])
    assert '<th>name</th><th class="number">n</th>' in html
    assert '<td>a</td><td class="number">1</td>' in html


def test_bars_are_as_long_as_their_share_and_never_invisible() -> None:
    html = bars([(None, 0, 0), (0, 1, 1), (1, 2, 500), (2, None, 1000)])
    assert re.findall(r"width: ([\d.]+)%", html) == ["0.7", "50.0", "100.0"]
    assert [b for b in ("(…, 0)", "[0]", "[1]", "[2, …)") if b in html] == [
        *("(…, 0)", "[0]", "[1]", "[2, …)")
    ]
    assert ">1,000</td>" in html


def test_no_buckets_are_no_bars() -> None:
    assert bars([]) == "<table><tbody></tbody></table>"


def test_a_result_brings_its_style_and_asks_nobody() -> None:
    html = wrap("x")
    assert html.startswith("<style>")
    assert "http" not in html
