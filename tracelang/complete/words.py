"""Words of the language that can stand at a place, by what the parser accepts there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from tracelang.complete.candidates import Candidate
from tracelang.semantic.words import WORDS
from tracelang.syntax.expected import CLAUSES, FORMS, ITEMS, OPERATOR_WORDS
from tracelang.syntax.keywords import keywords
from tracelang.syntax.partial import Partial

_OF_AGGREGATES: Final = ("every", "top")
_OF_EVENTS: Final = ("capture", "print", "limit")
_LEGS: Final = ("key", "to", "via", "when", "cancel", "from")
"""The parts of a span, the likeliest first."""
_MEANINGS: Final = {
    "probe": "a further rule, for each event",
    "by": "one row for each value",
    "as": "a name for it",
    "key": "what pairs a start with its end",
    "when": "only events for which it is true",
    "from": "events that start a span",
    "to": "events that end it",
    "cancel": "events that forget a start",
    "via": "a stage in between",
    "reset": "start afresh each time",
    "keep": "carry on",
    "matches": "a pattern with * and ?",
}


def words_at(partial: Partial) -> Iterator[Candidate]:
    """Yield the clauses, operators and beginnings that can follow, the likeliest first."""
    usable = {
        word: terminal
        for terminal, words in keywords().items()
        if terminal in partial.accepts and terminal not in ("BEGIN", "END")
        for word in words
    }
    if "NAME" in partial.accepts and "WHERE" not in partial.accepts:
        # At a name nothing else can begin but a value: `not`, and the types inside a call.
        usable = {w: t for w, t in usable.items() if w in ("not", "struct", "union", "enum")}
    clauses = [w for w in CLAUSES if w in usable and _makes_sense(w, partial)]
    others = [w for w in usable if w not in CLAUSES and w not in ITEMS and w not in OPERATOR_WORDS]
    others = [w for w in others if w != partial.section]  # a leg has one `key`, and one `when`
    others.sort(key=lambda word: _LEGS.index(word) if word in _LEGS else -1)
    operators = [w for w in OPERATOR_WORDS if w in usable]
    beginnings = [w for w in ITEMS if w in usable]
    order = (*others, *clauses, *operators, *beginnings)
    for word in order:
        yield Candidate(word, "keyword", meaning_of(word))


def meaning_of(word: str) -> str:
    """Return in a few words what a keyword is for; an empty text for one that speaks for itself."""
    if word in _MEANINGS or word not in WORDS:
        return _MEANINGS.get(word, "")
    return WORDS[word].summary


def form_of(word: str) -> str:
    """Return how a keyword is written with what belongs to it."""
    if word in WORDS and word not in _MEANINGS:
        return WORDS[word].form
    return FORMS.get(word.upper(), word)


def function_words(names: Iterable[str], kind: str) -> Iterator[Candidate]:
    """Yield functions as they are begun, with what they are for."""
    for name in names:
        word = WORDS.get(name)
        yield Candidate(f"{name}(", kind, word.summary if word else "", complete=False)


def _makes_sense(word: str, partial: Partial) -> bool:
    """Tell whether a rule can still have a clause; each is written once, some exclude others."""
    written = {type(clause).__name__.lower() for clause in partial.clauses}
    written.add("aggregate" if partial.section == "by" else partial.section)
    if word in written:
        return False
    if word in _OF_AGGREGATES:
        return "aggregate" in written
    if word == "aggregate":
        return not written & set(_OF_EVENTS)
    return word not in _OF_EVENTS or "aggregate" not in written
