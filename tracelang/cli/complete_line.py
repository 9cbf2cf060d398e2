"""`tracelang complete-line`: what the scripts of `tracelang completion` ask, each in its way."""

from __future__ import annotations

from collections.abc import Iterator
from os.path import commonprefix
from typing import Final

from tracelang.cli.complete_words import complete_words
from tracelang.cli.shell_words import LastWord, read_word, split_line
from tracelang.complete.candidates import Candidate, Completion

_GOES_ON: Final = ("keyword", "target", "value")
"""What is followed by a space inside a one-liner; behind a field a comma may come."""


def execute(arguments: list[str]) -> int:
    """Answer one shell; return the exit status. Nothing is said where the shell offers files."""
    shell, *rest = arguments or [""]
    match shell:
        case "bash":
            _answer_bash(rest[0], rest[1] if len(rest) > 1 else "")
        case "zsh":
            _answer_zsh(rest[:-1], rest[-1] if rest else "")
        case "fish":
            _answer_fish(rest[:-1], rest[-1] if rest else "")
    return 0


# --- bash -----------------------------------------------------------------------------------------


def _answer_bash(line: str, breaks: str) -> None:
    """Print whether a space follows, and the replacements for what readline takes for the word.

    Inside quotes that is all since the quote, elsewhere what follows the last character of
    `breaks`.
    """
    words, last = split_line(line)
    found = complete_words(words[1:], last.text)
    if not found.candidates:
        return
    if last.quote:
        print("\n".join(["nospace", *_in_quotes(found, last)]))
        return
    whole = [last.text[: found.start] + c.text for c in found.candidates]
    cut = max((last.text.rfind(char) + 1 for char in breaks), default=0)
    single = len(whole) == 1 and found.candidates[0].complete
    print("\n".join(["space" if single else "nospace", *(word[cut:] for word in whole)]))


def _in_quotes(found: Completion, last: LastWord) -> Iterator[str]:
    """Yield replacements that leave the quote open.

    readline closes it behind a single match, so one is given twice, with a space more. It inserts
    what all have in common; where that is typed already, the bare words are shown instead.
    """
    kept = last.raw[: last.places[found.start]]
    words = [_escaped(_with_space(c), last.quote) for c in found.candidates]
    if len(words) == 1:
        yield from (kept + words[0], kept + words[0] + " ")
        return
    shared = commonprefix(words)  # noqa: RUF071 - of texts, not of paths
    if len(shared) > len(last.raw) - len(kept):
        yield from (kept + word for word in words)
        return
    if shared:
        yield " "  # nothing in common: readline lists, and inserts nothing
    yield from (word.rstrip() for word in words)


def _with_space(candidate: Candidate) -> str:
    goes_on = candidate.complete and candidate.kind in _GOES_ON
    return f"{candidate.text} " if goes_on else candidate.text


def _escaped(word: str, quote: str) -> str:
    return word.replace('"', '\\"') if quote == '"' else word


# --- zsh and fish ---------------------------------------------------------------------------------


def _answer_zsh(words: list[str], current: str) -> None:
    """Print how many characters of the word stay, whether a space follows, and the candidates.

    `current` begins with the quote where one is open, which zsh counts apart.
    """
    last = read_word(current)
    found = complete_words(words, last.text)
    if not found.candidates:
        return
    opened = 1 if last.quote else 0
    single = len(found.candidates) == 1 and found.candidates[0].complete
    space = "space" if single and not last.quote else "nospace"
    width = max(len(c.text) for c in found.candidates) + 2
    print(f"{last.places[found.start] - opened} {space}")
    for candidate in found.candidates:
        text = _with_space(candidate) if last.quote else candidate.text
        print(f"{text}\t{candidate.text:<{width}}{candidate.detail}".rstrip())


def _answer_fish(words: list[str], current: str) -> None:
    """Print whole words with their meanings; fish finds out itself what is new.

    fish closes an open quote behind a single match, so one is given twice, with a space more.
    """
    last = read_word(current)
    found = complete_words(words, last.text)
    kept = last.text[: found.start]
    for candidate in found.candidates:
        print(f"{kept}{candidate.text}\t{candidate.detail}".rstrip())
    if last.quote and len(found.candidates) == 1:
        (only,) = found.candidates
        print(f"{kept}{only.text} \tthat, and a space")
