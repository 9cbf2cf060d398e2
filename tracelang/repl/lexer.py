"""A Pygments lexer for tracelang. Its words come from the grammar and the registries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, ClassVar, Final

from pygments.lexer import RegexLexer
from pygments.token import (
    Comment,
    Error,
    Keyword,
    Name,
    Number,
    Operator,
    Punctuation,
    String,
    Text,
    _TokenType,
)

from tracelang.decoders import load_decoders
from tracelang.probes import load_probe_kinds
from tracelang.semantic import aggregates
from tracelang.semantic.names import BUILTINS
from tracelang.semantic.words import WORDS
from tracelang.syntax.expected import ITEMS, OPERATOR_WORDS
from tracelang.syntax.keywords import all_keywords

_TARGET: Final = r'[A-Za-z_]\w*(?::(?:"(?:\\.|[^"\\\n])*"|[^\s:,;#"\'(){}]*))+(?:\+\w+)?'
_WORD: Final = r"[A-Za-z_]\w*"


@cache
def _meanings() -> Mapping[str, _TokenType]:
    """Return what each word of the language is, as a token."""
    functions = {name for name, word in WORDS.items() if word.form.startswith(f"{name}(")}
    functions |= {d.name for d in load_decoders() if d.example} | set(aggregates.FUNCTIONS)
    return {
        **dict.fromkeys(functions, Name.Function),
        **dict.fromkeys((*BUILTINS, "retval", "duration", "args"), Name.Builtin),
        **dict.fromkeys(all_keywords(), Keyword),
        **dict.fromkeys(ITEMS, Keyword.Declaration),
        **dict.fromkeys(OPERATOR_WORDS, Operator.Word),
    }


@cache
def _kinds() -> frozenset[str]:
    return frozenset(word for kind in load_probe_kinds() for word in (kind.name, *kind.aliases))


class TracelangLexer(RegexLexer):
    """Colours scripts and one-liners; also half-written ones."""

    name = "Tracelang"
    aliases: ClassVar[list[str]] = ["tracelang"]
    filenames: ClassVar[list[str]] = ["*.trace"]
    url = "https://pypi.org/project/tracelang/"

    tokens: ClassVar[dict[str, list[Any]]] = {
        "root": [
            (r"\s+", Text),
            (r"#[^\n]*", Comment.Single),
            (r'"(?:\\.|[^"\\\n])*"', String),
            (r'"[^\n]*', String.Other),
            (_TARGET, Name.Namespace),
            (r"(?:[0-9A-Fa-f]{0,4}:){2}[0-9A-Fa-f:.]*(?:/\d+)?", Number),
            (r"\d\w*(?:\.\d\w*)*(?:/\d+)?", Number),
            (rf"(?<=\.){_WORD}", Name.Attribute),
            (rf"{_WORD}(?=\s*\()", Name.Function),
            (_WORD, Name),
            (r"[-+*/%&|^~<>=!]+", Operator),
            (r"[()\[\]{},;:.]", Punctuation),
            (r".", Error),
        ]
    }

    def get_tokens_unprocessed(
        self, text: str, stack: Any = ("root",)
    ) -> Iterator[tuple[int, _TokenType, str]]:
        """Yield the tokens, words by what they mean and targets in their parts."""
        for index, token, value in super().get_tokens_unprocessed(text, stack):
            if token is Name.Namespace:
                yield from _split_target(index, value)
            elif token is Name:
                yield index, _meanings().get(value, Name), value
            elif token is Name.Function:
                yield index, _called(value), value
            else:
                yield index, token, value


def _called(word: str) -> _TokenType:
    """Return the token of a word before a bracket: `in (1, 2)` calls nothing."""
    meaning = _meanings().get(word, Name.Function)
    return Name.Function if meaning is Name.Builtin else meaning


def _split_target(index: int, value: str) -> Iterator[tuple[int, _TokenType, str]]:
    kind, _, rest = value.partition(":")
    if kind not in _kinds():  # `name:type` in a `param` or between a target's brackets
        yield index, Name, kind
        yield index + len(kind), Punctuation, ":"
        yield index + len(kind) + 1, Keyword.Type, rest
        return
    yield index, Name.Class, f"{kind}:"
    yield index + len(kind) + 1, Name.Namespace, rest
