"""What can stand at a place of a script: the one entrance for prompt and shell."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from tracelang.complete.arguments import own_words
from tracelang.complete.candidates import Candidate, Completion, best
from tracelang.complete.machine import Machine
from tracelang.complete.names import columns_at, members_at, names_at
from tracelang.complete.scope import read_scope
from tracelang.complete.targets import targets_at, wants_target
from tracelang.complete.words import words_at
from tracelang.source import SourceFile
from tracelang.syntax.partial import Partial, is_hidden, read_partial

_TARGET: Final = re.compile(r"[A-Za-z_]\w*(?::[^\s:,;#\"'(){}]*)*\Z")
_WORD: Final = re.compile(r"\w*\Z")
_VALUE: Final = frozenset({"NAME", "LPAR", "MINUS"})
"""What a place accepts where a value begins."""


def complete(text: str, offset: int, machine: Machine, *, by_steps: bool = False) -> Completion:
    """Return what the word before `offset` can become, best first.

    `by_steps` completes targets part by part. Nothing is raised, whatever the text is.
    """
    before = text[:offset]
    if is_hidden(before):
        return Completion(offset)
    source = SourceFile("<completion>", text)
    if found := _TARGET.search(before):
        partial = read_partial(source, found.start())
        if wants_target(partial, found[0]):
            candidates = targets_at(found[0], machine, by_steps=by_steps)
            beginnings = best(found[0], words_at(partial)) if ":" not in found[0] else ()
            return Completion(found.start(), (*beginnings, *candidates))
    typed = _typed(before)
    start = offset - len(typed)
    if typed[:1].isdigit():
        return Completion(offset)
    partial = read_partial(source, start)
    if not typed and wants_target(partial, ""):
        kinds = targets_at("", machine, by_steps=by_steps)
        return Completion(offset, (*kinds, *words_at(partial)))
    return Completion(start, best(typed, _words(partial, text, start, typed, machine)))


def _typed(before: str) -> str:
    found = _WORD.search(before)
    return found[0] if found else ""


def _words(
    partial: Partial, text: str, start: int, typed: str, machine: Machine
) -> Iterator[Candidate]:
    """Yield what fits where a word begins that is no target."""
    if partial.base is not None:
        yield from members_at(partial.base, read_scope(partial, text, machine), machine)
        return
    if partial.section == "top by":
        yield from columns_at(partial)
        return
    own = own_words(partial, text[:start], machine, typed)
    if own is not None:
        yield from own
        return
    # Between two words there must be a space: `0and` is no operator.
    if partial.accepts >= _VALUE and "COMMA" not in partial.accepts:
        yield from names_at(partial, read_scope(partial, text, machine), machine, typed)
    if start == 0 or not _joins(text[start - 1]):
        yield from words_at(partial)


def _joins(character: str) -> bool:
    return character.isalnum() or character in '_"'
