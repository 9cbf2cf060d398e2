"""Completions that are remembered between two presses of the Tab key.

A shell asks a new process each time. What it asks a second time, or a letter later, is answered
without looking at the kernel again: from the cache that compiled scripts are kept in.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from tracelang.build.cache import ObjectCache
from tracelang.build.software import software_identity
from tracelang.complete.candidates import MOST, Candidate, Completion
from tracelang.kernel.machine import running_machine

_WORD = re.compile(r"\w*$")
_FEWEST_LETTERS = 2
"""Constants are there from so many letters on, and only when one begins."""


def remember(text: str, work_out: Callable[[str], Completion]) -> Completion:
    """Return what the end of a text can become; `work_out` is asked for what is not known yet.

    It is asked about the place where the last word begins, so that the answer serves each letter
    of it.
    """
    found = _WORD.search(text)
    typed = found[0] if found else ""
    if not (len(typed) >= _FEWEST_LETTERS and typed[0].isupper()):
        answer = _ask(text[: len(text) - len(typed)], work_out)
        if len(answer.candidates) < MOST:
            return _narrowed(answer, text)
    return _narrowed(_ask(text, work_out), text)


def _narrowed(answer: Completion, text: str) -> Completion:
    typed = text[answer.start :]
    fitting = tuple(c for c in answer.candidates if c.text.startswith(typed))
    return Completion(answer.start, fitting)


def _ask(text: str, work_out: Callable[[str], Completion]) -> Completion:
    cache = ObjectCache.open()
    if cache is None:
        return work_out(text)
    key = repr(("completion", software_identity(), running_machine(), text)).encode()
    if (stored := cache.load(key)) is not None:
        start, rows = json.loads(stored)
        return Completion(start, tuple(Candidate(*row) for row in rows))
    answer = work_out(text)
    rows = [(c.text, c.kind, c.detail, c.complete) for c in answer.candidates]
    cache.store(key, json.dumps((answer.start, rows)).encode())
    return answer
