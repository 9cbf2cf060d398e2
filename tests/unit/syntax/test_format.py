"""The canonical layout, by example; what holds for every script is in test_properties.py."""

from __future__ import annotations

import pytest

from tests.unit.syntax.case_files import read_cases
from tests.unit.syntax.trees import AT
from tracelang.source import SourceFile
from tracelang.syntax.ast import ProbeRule, Script, Target, TargetChoice
from tracelang.syntax.format import format_script, format_target
from tracelang.syntax.parse import parse_script

CASES = {
    title: tuple(text.split("--->\n", maxsplit=1)) for title, text in read_cases("format").items()
}


@pytest.mark.parametrize("title", CASES)
def test_layout(title: str) -> None:
    script, expected = CASES[title]
    assert format_script(parse_script(SourceFile("case", script))) == expected


@pytest.mark.parametrize("title", CASES)
def test_the_layout_is_final(title: str) -> None:
    _, expected = CASES[title]
    assert format_script(parse_script(SourceFile("case", expected))) == expected


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        (("vfs_read",), "kprobe:vfs_read"),
        (("/my path", "f"), 'kprobe:"/my path":f'),
        (("a:b",), 'kprobe:"a:b"'),
        (("f+16",), 'kprobe:"f+16"'),
        (("f+16", "g"), "kprobe:f+16:g"),
        (("operator+",), "kprobe:operator+"),
        (('a"b\n',), 'kprobe:"a\\"b\\n"'),
    ],
)
def test_parts_are_quoted_where_they_must_be(parts: tuple[str, ...], text: str) -> None:
    assert format_target(Target("kprobe", parts, span=AT)) == text


def test_a_tree_made_by_hand_has_its_description() -> None:
    target = TargetChoice((Target("begin", (), span=AT),), span=AT)
    script = Script(AT.source, (ProbeRule((target,), span=AT),), "one\n\n  two")
    assert format_script(script) == "# one\n#\n#   two\nprobe begin\n"
