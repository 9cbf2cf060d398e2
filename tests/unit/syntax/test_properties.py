"""Properties over random trees and random text."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.syntax import trees
from tests.unit.syntax.case_files import read_cases
from tracelang.diagnostics import DiagnosticError
from tracelang.source import SourceFile
from tracelang.syntax import ast
from tracelang.syntax.format import format_expression, format_script
from tracelang.syntax.parse import parse_expression, parse_script

ACCEPTED = tuple(read_cases("accepted").values())
SIGNS = "# \\n \" ' ( ) [ ] { } , ; : . = == != < > << + - * / % & | ^ ~ ! ? @ $ && || ->"
LITERALS = "kprobe:f syscall:openat 10ms 4KiB 10.0.0.0/8 ::1 5 0x2 99.9 a b pid not"
VOCABULARY = (*trees.KEYWORDS, *SIGNS.split(), *LITERALS.split(), "\n", 'uprobe:"/a b":c', '"text"')
thorough = settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))


@thorough
@given(trees.expressions)
def test_a_formatted_expression_parses_to_the_same_tree(expression: ast.Expr) -> None:
    text = format_expression(expression)
    assert parse_expression(text, "made") == expression


@thorough
@given(trees.expressions)
def test_no_parentheses_can_be_left_out(expression: ast.Expr) -> None:
    text = format_expression(expression)
    for opening, closing in _lone_brackets(text):
        without = f"{text[:opening]} {text[opening + 1 : closing]} {text[closing + 1 :]}"
        try:
            assert parse_expression(without, "made") != expression, (text, without)
        except DiagnosticError:
            continue


def _lone_brackets(text: str) -> list[tuple[int, int]]:
    """Pairs of parentheses outside texts that are neither a call's, a set's nor an address's."""
    pairs: list[tuple[int, int]] = []
    open_at: list[int] = []
    quoted = escaped = False
    for index, char in enumerate(text):
        if quoted:
            quoted = escaped or char != '"'
            escaped = not escaped and char == "\\"
        elif char == '"':
            quoted = True
        elif char == "(":
            open_at.append(index)
        elif char == ")":
            opening = open_at.pop()
            before = text[:opening]
            called = before[-1:].isalnum() or before.endswith(("_", " in "))
            inner = text[opening + 1 : index]
            if not called and not re.fullmatch(r"[0-9A-Fa-f:./]+", inner):
                pairs.append((opening, index))
    return pairs


@thorough
@given(trees.scripts)
def test_a_formatted_script_parses_to_the_same_tree(script: ast.Script) -> None:
    text = format_script(script)
    parsed = parse_script(SourceFile("made", text))
    assert parsed == trees.in_canonical_order(script)
    assert format_script(parsed) == text


@thorough
@given(st.text(max_size=60))
def test_any_text_is_a_script_or_a_diagnostic(text: str) -> None:
    _parse_or_explain(text)


@thorough
@given(st.lists(st.sampled_from(VOCABULARY), max_size=14), st.sampled_from(["", " "]))
def test_any_words_are_a_script_or_a_diagnostic(words: list[str], between: str) -> None:
    _parse_or_explain(between.join(words))


@thorough
@given(st.sampled_from(ACCEPTED), st.data())
def test_a_damaged_script_is_a_script_or_a_diagnostic(script: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(script)))
    end = data.draw(st.integers(start, min(len(script), start + 5)))
    word = data.draw(st.sampled_from(["", *VOCABULARY]))
    _parse_or_explain(script[:start] + word + script[end:])


@thorough
@given(st.sampled_from(ACCEPTED), st.data())
def test_comments_and_lines_anywhere_survive_formatting(script: str, data: st.DataObject) -> None:
    tree = parse_script(SourceFile("plain", script))
    gaps = [i for i, char in enumerate(script) if char in " \n" and not _is_quoted(script, i)]
    chosen = data.draw(st.sets(st.sampled_from(gaps), max_size=4)) if gaps else set()
    for number, gap in enumerate(sorted(chosen, reverse=True)):
        above = data.draw(st.sampled_from([" ", "\n", "\n\n", "\n  "]))
        script = f"{script[:gap]}{above}# note {number}\n{script[gap:]}"
    noted = parse_script(SourceFile("noted", script))
    assert noted.items == tree.items
    text = format_script(noted)
    formatted = parse_script(SourceFile("formatted", text))
    assert formatted == trees.in_canonical_order(noted)
    before = sorted(word for comment in noted.comments for word in comment.text.split("#"))
    after = sorted(word for comment in formatted.comments for word in comment.text.split("#"))
    assert [w.strip() for w in before if w.strip()] == [w.strip() for w in after if w.strip()]
    assert format_script(formatted) == text


def _is_quoted(text: str, index: int) -> bool:
    """Whether a text or comment may be on the line."""
    line = text[text.rfind("\n", 0, index) + 1 :].partition("\n")[0]
    return '"' in line or "#" in line


def _parse_or_explain(text: str) -> None:
    source = SourceFile("random", text)
    try:
        parse_script(source)
    except DiagnosticError as error:
        for diagnostic in error.diagnostics:
            assert diagnostic.code.startswith("T1")
            assert diagnostic.message
            if diagnostic.primary:
                assert 0 <= diagnostic.primary.span.start <= diagnostic.primary.span.end
                assert diagnostic.primary.span.end <= len(text)


@pytest.mark.parametrize("script", ACCEPTED)
def test_every_accepted_script_survives_formatting(script: str) -> None:
    tree = parse_script(SourceFile("case", script))
    text = format_script(tree)
    again = parse_script(SourceFile("formatted", text))
    assert again == trees.in_canonical_order(tree)
    assert format_script(again) == text
    assert all(len(line) <= 100 for line in text.splitlines() if "#" not in line)
