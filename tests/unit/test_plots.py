"""The pictures of measurements: everything is on them, and a small difference looks small."""

from __future__ import annotations

import re

from bench.plots import draw
from bench.results import Table


def heights(text: str) -> list[int]:
    return [int(y) for y in re.findall(r'cy="(\d+)"', text)]


def test_labels_are_inside_of_the_picture() -> None:
    text = draw(Table("t", ("events a second", "µs"), ((1_000, 18.8), (1_000_000, 0.4))))
    width = int(re.findall(r'viewBox="0 0 (\d+) ', text)[0])
    for x, label in re.findall(r'<text x="([\d.]+)"[^>]*>([^<]+)<', text):
        assert float(x) - 4 * len(label) >= 0
        assert float(x) + 4 * len(label) <= width
    assert "µs, logarithmic" in text


def test_what_hardly_grows_looks_so() -> None:
    text = draw(Table("t", ("fields", "ns"), ((1, 612), (8, 596), (32, 701))))
    first, _, last = heights(text)
    bottom = max(int(y) for y in re.findall(r'd="M\d+,(\d+)H', text))
    # 701 is a seventh above 612: so it is drawn, counted from zero.
    assert 1.1 < (bottom - last) / (bottom - first) < 1.2
    assert "logarithmic" not in text
