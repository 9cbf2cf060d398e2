"""Candidates: words that can stand somewhere, and how well each fits what is typed so far."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from tracelang.dataclass import dataclass

_NO_FIT: Final = 9
MOST: Final = 400
"""So many candidates are enough for anybody."""
LOOSE: Final = 4
"""How well a word fits that has the typed letters in their order and nothing else in common."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A word to insert; `kind` is what it is (`field`, `function`, …), `detail` its type or use.

    `complete` is False where more belongs to the same word: `tracepoint:`, `str(`.
    """

    text: str
    kind: str
    detail: str = ""
    complete: bool = True


@dataclass(frozen=True, slots=True)
class Completion:
    """Candidates for the text from `start` to the place that was asked about, best first."""

    start: int
    candidates: tuple[Candidate, ...] = ()


def fit(typed: str, word: str) -> int:
    """Return how well a word fits what is typed: 0 is best, from 9 on it does not."""
    if word.startswith(typed):
        return 0
    lowered, folded = typed.lower(), word.lower()
    if folded.startswith(lowered):
        return 1
    if f"_{lowered}" in folded or f":{lowered}" in folded:
        return 2
    if len(typed) > 1 and lowered in folded:
        return 3
    return LOOSE if len(typed) > 2 and _is_within(lowered, folded) else _NO_FIT


def _is_within(typed: str, word: str) -> bool:
    """Tell whether the letters typed are all in the word, in their order, from the first on."""
    letters = iter(word)
    return word[:1] == typed[:1] and all(letter in letters for letter in typed)


def best(typed: str, candidates: Iterable[Candidate], most: int = MOST) -> tuple[Candidate, ...]:
    """Return the candidates that fit, best first and each word once; else in the order given.

    Those that only have the letters somewhere are left out where others have them together.
    """
    words: dict[str, tuple[int, Candidate]] = {}
    for candidate in candidates:
        score = fit(typed, candidate.text)
        if score < _NO_FIT:
            words.setdefault(candidate.text, (score, candidate))
    ranked = sorted(words.values(), key=lambda pair: pair[0])
    if ranked and ranked[0][0] < LOOSE:
        ranked = [pair for pair in ranked if pair[0] < LOOSE]
    return tuple(candidate for _, candidate in ranked[:most])
