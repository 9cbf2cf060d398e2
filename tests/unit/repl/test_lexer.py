"""Highlighting: every word is told from every other, in whole scripts and in half-written ones."""

from __future__ import annotations

from pathlib import Path

import pytest
from pygments.lexers import get_lexer_by_name
from pygments.token import Comment, Error, Keyword, Name, Number, Operator, String, _TokenType

from tracelang.repl.lexer import TracelangLexer
from tracelang.resources import examples_directory
from tracelang.syntax.keywords import all_keywords

EXAMPLES = sorted(examples_directory().rglob("*.trace"))


def _tokens(text: str) -> dict[str, _TokenType]:
    return {value: token for token, value in TracelangLexer().get_tokens(text) if value.strip()}


def test_words_are_told_apart() -> None:
    found = _tokens(
        "param low = 10ms # how low\n"
        'probe syscall:openat where pid == 0x1f and args.flags in (1, 2) capture hex(mode), "x"\n'
    )
    assert found["param"] is Keyword.Declaration
    assert found["10ms"] is found["0x1f"] is Number
    assert found["# how low"] is Comment.Single
    assert (found["syscall:"], found["openat"]) == (Name.Class, Name.Namespace)
    assert found["where"] is found["capture"] is Keyword
    assert found["pid"] is Name.Builtin
    assert found["flags"] is Name.Attribute
    assert found["and"] is found["in"] is Operator.Word
    assert found["hex"] is Name.Function
    assert found["mode"] is Name
    assert found['"x"'] is String


def test_every_keyword_of_the_grammar_is_one() -> None:
    for word in all_keywords():
        assert _tokens(f"{word} ")[word] in (Keyword, Keyword.Declaration, Operator.Word), word


def test_a_type_behind_a_colon_is_no_target() -> None:
    found = _tokens("param low:duration = 1ms")
    assert (found["low"], found["duration"]) == (Name, Keyword.Type)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_examples_have_nothing_unknown(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert Error not in {token for token, _ in TracelangLexer().get_tokens(text)}


def test_pygments_finds_it_by_its_name() -> None:
    assert isinstance(get_lexer_by_name("tracelang"), TracelangLexer)
