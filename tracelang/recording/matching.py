"""Tests on text, on bytes as the kernel's programs do them."""

from __future__ import annotations

import re
from collections.abc import Callable

from tracelang.semantic.expressions import TextMatch
from tracelang.semantic.types import Text


def matcher(test: TextMatch) -> Callable[[bytes], bool]:
    """Return the function that tells whether a text passes a test.

    A text that was read up to its limit is compared as far as it was read.
    """
    pattern = test.pattern.encode()
    assert isinstance(test.text.type, Text)
    if test.operator in ("==", "startswith") and len(pattern) > test.text.type.limit:
        return lambda _text: False
    match test.operator:
        case "==":
            return lambda text: text == pattern
        case "startswith":
            return lambda text: text.startswith(pattern)
        case "endswith":
            return lambda text: text.endswith(pattern)
        case "contains":
            return lambda text: pattern in text
    glob = re.compile(_translate(pattern), re.DOTALL)
    return lambda text: glob.fullmatch(text) is not None


def _translate(pattern: bytes) -> bytes:
    """Return a glob of `*` and `?` as a regular expression over bytes."""
    parts = (re.escape(pattern[i : i + 1]) for i in range(len(pattern)))
    words = {rb"\*": rb".*", rb"\?": rb"."}
    return b"".join(words.get(part, part) for part in parts)
