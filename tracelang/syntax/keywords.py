"""The words of the grammar, read from the grammar itself, so that no list of them can be stale."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Final

from tracelang.resources import grammar_text

_TERMINAL: Final = re.compile(r"^([A-Z_]+)\.\d+: /(.*)/", re.MULTILINE)
_WORD: Final = re.compile(r"[a-z]{2,}(\??)")


@cache
def keywords() -> Mapping[str, tuple[str, ...]]:
    """Return the words that each terminal of words stands for: `{"WHERE": ("where",), …}`."""
    found = {}
    for terminal, pattern in _TERMINAL.findall(grammar_text("tracelang.lark")):
        # What follows a word (`\b`, or a look-ahead) is no part of it.
        words = _words(re.sub(r"\(\?=.*", "", pattern).replace(r"\b", " "))
        if words and not _is_shape(pattern):
            found[terminal] = words
    return MappingProxyType(found)


def _words(pattern: str) -> tuple[str, ...]:
    return tuple(match[0].rstrip("?") for match in _WORD.finditer(pattern))


def _is_shape(pattern: str) -> bool:
    """Tell whether a terminal is a shape that many words have, such as a name or number."""
    return "\\w" in re.sub(r"\(\?=.*", "", pattern)


def all_keywords() -> frozenset[str]:
    """Return every word that means something in the grammar."""
    return frozenset(word for words in keywords().values() for word in words)
