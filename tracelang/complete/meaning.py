"""What stands at a place of a script, in a line: a type, a target's fields, a word's use."""

from __future__ import annotations

import re
from typing import Final

from tracelang.complete.machine import Machine
from tracelang.complete.names import sides_of
from tracelang.complete.scope import PlaceScope, read_scope
from tracelang.complete.targets import arguments_of, wants_target
from tracelang.complete.words import form_of, meaning_of
from tracelang.semantic.expressions import Constant
from tracelang.semantic.values import integer_of
from tracelang.semantic.words import WORDS
from tracelang.source import SourceFile
from tracelang.syntax.ast import Expr, Member, Name
from tracelang.syntax.keywords import all_keywords
from tracelang.syntax.partial import Partial, is_hidden, read_partial, read_value

_TARGET_PART: Final = r"[^\s:,;#\"'(){}]*"
_BEFORE: Final = re.compile(rf"[A-Za-z_]\w*(?::{_TARGET_PART})*\Z")
_BEHIND: Final = re.compile(rf"(?:{_TARGET_PART}(?::{_TARGET_PART})*)")
_WORD_BEHIND: Final = re.compile(r"\w*")


def describe_place(text: str, offset: int, machine: Machine) -> str:
    """Return what the word at `offset` is, or an empty text where there is nothing to say."""
    if is_hidden(text[:offset]):
        return ""
    source = SourceFile("<completion>", text)
    if found := _BEFORE.search(text[:offset]):
        partial = read_partial(source, found.start())
        end = offset + len(_match(_BEHIND, text, offset))
        whole = text[found.start() : end]
        if ":" in whole and wants_target(partial, whole):
            return _target(whole, machine)
    end = offset + len(_match(_WORD_BEHIND, text, offset))
    start = end - len(_match(re.compile(r"\w*\Z"), text[:end], 0, search=True))
    if start == end or text[start].isdigit():
        return ""
    return _word(source, start, end, machine)


def _match(pattern: re.Pattern[str], text: str, position: int, *, search: bool = False) -> str:
    found = pattern.search(text) if search else pattern.match(text, position)
    return found[0] if found else ""


def _target(word: str, machine: Machine) -> str:
    kind = machine.names.kind_of(word.partition(":")[0])
    if kind is None:
        return ""
    fields = arguments_of(word, kind, machine)
    return f"{kind.summary} {fields}" if fields.startswith("(") else kind.summary


def _word(source: SourceFile, start: int, end: int, machine: Machine) -> str:
    word, text = source.text[start:end], source.text
    partial = read_partial(source, start)
    if wants_target(partial, ""):
        kind = machine.names.kind_of(word)
        return kind.summary if kind is not None else _keyword(word)
    if _is_call(text, end) and not partial.base and (form := _function(word, machine)):
        return form
    if word in all_keywords() and not _is_name(partial):
        return _keyword(word)
    value = read_value(source, end)
    if value is None or end == start:
        return _keyword(word)
    return _value(word, value, read_scope(partial, text, machine))


def _is_name(partial: Partial) -> bool:
    """Tell whether a word that is also a keyword is a name here."""
    return "NAME" in partial.accepts and "WHERE" not in partial.accepts


def _is_call(text: str, end: int) -> bool:
    return text[end : end + 1] == "("


def _function(word: str, machine: Machine) -> str:
    known = WORDS.get(word)
    if known is not None:
        return f"{known.form}: {known.summary}"
    decoder = machine.decoders.get(word)
    return f"{word}(…): {decoder.summary}" if decoder is not None and decoder.example else ""


def _keyword(word: str) -> str:
    meaning = meaning_of(word)
    return f"{form_of(word)}: {meaning}" if meaning and word in all_keywords() else ""


def _value(word: str, expr: Expr, scope: PlaceScope) -> str:
    value = scope.resolve(expr)
    if value is None:
        side = sides_of(scope).get(word, "") if isinstance(expr, Name) else ""
        return f"{word}.: {side}" if side else ""
    shown = " ".join(expr.span.text.split()) if isinstance(expr, Member) else word
    if isinstance(value, Constant) and (number := integer_of(value)) is not None:
        return f"{shown} = {number}"
    known = WORDS.get(word) if not isinstance(expr, Member) else None
    meaning = f" · {known.summary}" if known is not None else ""
    return f"{shown}: {value.type}{meaning}"
