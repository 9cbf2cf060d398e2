"""Why the parser stopped: from its state to a message that says what was expected and a fix.

First the mistake files are asked (`grammar/mistakes`), for they know what users bring from other
languages. Then come the recognisers below, in order; the last always answers.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from lark import Token, UnexpectedInput, UnexpectedToken

from tracelang.diagnostics import Diagnostic, DiagnosticError, Label, fail
from tracelang.registry import nearest
from tracelang.source import SourceFile, Span
from tracelang.syntax.ast import Name
from tracelang.syntax.expected import (
    CLAUSES,
    FORMS,
    ITEMS,
    LEG_WORDS,
    OPERATOR_WORDS,
    describe_expected,
)
from tracelang.syntax.mistake_files import read_mistakes
from tracelang.syntax.stuck import CLOSING, Stuck, read_state, type_of

_WORD: Final = re.compile(
    r'[A-Za-z_][\w:.]*(?<![:.])|"(?:\\.|[^"\\\n])*"|[0-9][\w.]*|[<>=!&|+*-]+|\S|$', re.MULTILINE
)
_LISTS: Final = ("CAPTURE", "AGGREGATE", "PRINT", "KEY", "TABLE")
_SECTIONS: Final = (*CLAUSES, *ITEMS, *LEG_WORDS, "by")


def explain_mistake(source: SourceFile, error: UnexpectedInput) -> DiagnosticError:
    """Return the diagnostic for the place and state in which the parser gave up."""
    offset = error.pos_in_stream or 0
    if isinstance(error, UnexpectedToken) and error.token.type == "$END":
        offset = len(source.text.rstrip())
        stuck = read_state(Span(source, offset, offset), error)
    else:
        match = _WORD.match(source.text, offset)
        end = match.end() if match else offset + 1
        stuck = read_state(Span(source, offset, max(end, offset + 1)), error)
        if found := _known(stuck):
            return found
    for recognise in _RECOGNISERS:
        if found := recognise(stuck):
            return found
    return _something_else(stuck)


def _known(stuck: Stuck) -> DiagnosticError | None:
    """Ask the mistake files."""
    for mistake in read_mistakes():
        if found := mistake.find(stuck.word.source, stuck.word.start):
            return found
    return None


def _unclosed_text(stuck: Stuck) -> DiagnosticError | None:
    word = stuck.word
    if word.text != '"':
        return None
    end = word.source.text.find("\n", word.start)
    line = Span(word.source, word.start, end if end >= 0 else len(word.source.text))
    return fail("T105", "this text is not closed", line, help=['end it with `"` on the same line'])


def _dangling_comma(stuck: Stuck) -> DiagnosticError | None:
    # `capture pid, where …` reads `where` as a name and stops behind it; `capture pid,` at the end.
    stack = stuck.stack
    if stack and _is_section_name(stuck, stack[-1]):
        stack = stack[:-1]
    elif _is_name_like(stuck) and stuck.word.text not in _SECTIONS:
        return None
    if not stack or type_of(stack[-1]) != "COMMA":
        return None
    comma = stuck.token_span(stack[-1])
    return fail("T150", "nothing follows this comma", comma, help=["remove the comma"])


def _empty_clause(stuck: Stuck) -> DiagnosticError | None:
    # `capture where uid == 0` reads `where` as the captured field and stops behind it.
    stack = stuck.stack
    section = bool(stack) and _is_section_name(stuck, stack[-1])
    before = stack[-2] if section and len(stack) > 1 else None
    keyword = before if section else stuck.last
    if not isinstance(keyword, Token) or keyword.type not in FORMS:
        return None
    if not (section or stuck.at_end):
        return None
    place = stuck.token_span(keyword)
    form = FORMS[keyword.type]
    return fail("T107", f"nothing follows `{keyword}`", place, help=[f"it is written `{form}`"])


def _is_section_name(stuck: Stuck, value: Any) -> bool:
    name = value.name if isinstance(value, Name) else value if type_of(value) == "NAME" else ""
    continues = _is_name_like(stuck) or stuck.at_end or stuck.word.text.startswith('"')
    return name in _SECTIONS and continues


def _is_name_like(stuck: Stuck) -> bool:
    return bool(stuck.word.text) and (stuck.word.text[0].isalnum() or stuck.word.text[0] == "_")


def _bracket(stuck: Stuck) -> DiagnosticError | None:
    opening = stuck.opening()
    if stuck.word.text in (")", "]", "}") and opening is None:
        return fail(
            "T106", f"this `{stuck.word.text}` closes nothing", stuck.word, help=["remove it"]
        )
    ends_here = stuck.at_end or stuck.word.text in (*_SECTIONS, ";", ")", "]", "}")
    if opening is None or not ends_here or stuck.word.text == CLOSING[opening.type]:
        return None
    closing = CLOSING[opening.type]
    what = (
        "the script ends here"
        if stuck.at_end
        else f"`{stuck.word.text}` stands where it should end"
    )
    return DiagnosticError(
        Diagnostic(
            "T106",
            f"this `{opening}` is not closed",
            Label(stuck.token_span(opening)),
            (Label(stuck.word, what),),
            help=(f"add `{closing}`",),
        )
    )


def _operator_first(stuck: Stuck) -> DiagnosticError | None:
    # `where and b` reads `and` as a name and stops behind it.
    value = stuck.last
    if type_of(value) != "NAME" or value not in OPERATOR_WORDS or not _is_name_like(stuck):
        return None
    return fail(
        "T108", f"nothing stands before `{value}`", stuck.token_span(value), help=stuck.fix()
    )


def _clause_without_rule(stuck: Stuck) -> DiagnosticError | None:
    word = stuck.word.text
    if word not in CLAUSES or "PROBE" not in stuck.accepts or "WHERE" in stuck.accepts:
        return None
    help_text = f"write the target first: `syscall:openat {word} …`"
    before = stuck.word.source.text[: stuck.word.start].rstrip()
    if before.endswith(";"):
        help_text = "remove the `;` before it: that ended the rule"
    return fail(
        "T151", f"`{word}` belongs to a rule, and there is none", stuck.word, help=[help_text]
    )


def _not_a_target(stuck: Stuck) -> DiagnosticError | None:
    word = stuck.word.text
    wants_target = "TARGET" in stuck.accepts and "WHERE" not in stuck.accepts
    if not wants_target or not _is_name_like(stuck):
        return None
    if word in _SECTIONS and isinstance(stuck.last, Token):
        place = stuck.token_span(stuck.last)
        help_text = "write a target behind it, such as `syscall:openat`"
        return fail("T107", f"nothing follows `{stuck.last}`", place, help=[help_text])
    beginnings = (*ITEMS, *LEG_WORDS, "begin", "end")
    if meant := nearest(word, [w for w in beginnings if w.upper() in stuck.accepts]):
        what = "rule" if "PROBE" in stuck.accepts else "target or leg"
        hint = f"did you mean `{meant[0]}`?"
        return fail("T109", f"`{word}` begins no {what}", stuck.word, help=[hint])
    example = f"`kprobe:{word}`, `syscall:{word}`" if word.isidentifier() else "`kprobe:vfs_read`"
    return fail(
        "T117",
        f"`{word}` is not a target",
        stuck.word,
        help=[f"a target says what kind it is: {example}; `tracelang list` shows them"],
    )


def _unknown_word(stuck: Stuck) -> DiagnosticError | None:
    word = stuck.word.text
    if not word.isidentifier():
        return None
    words = (*_SECTIONS, *OPERATOR_WORDS, "as", "reset", "keep", "after", "events")
    usable = [w for w in words if w.upper() in stuck.accepts or w in OPERATOR_WORDS[3:8]]
    if "WHERE" not in stuck.accepts and "COMPARE" not in stuck.accepts:
        usable = [w for w in usable if w.upper() in stuck.accepts]
    if meant := nearest(word, usable):
        hint = f"did you mean `{meant[0]}`?"
        return fail("T109", f"`{word}` is not a word tracelang knows here", stuck.word, help=[hint])
    return None


def _missing_comma(stuck: Stuck) -> DiagnosticError | None:
    word = stuck.word
    begins_something = _is_name_like(stuck) or word.text.startswith('"')
    in_list = stuck.construct() in _LISTS or stuck.opening() is not None
    if not (begins_something and in_list and "COMMA" in stuck.accepts) or word.text in _SECTIONS:
        return None
    hints = [f"write a comma before it: `, {word.text}`"]
    if "BY" in stuck.accepts and stuck.construct() == "AGGREGATE":
        hints.insert(0, f"write `by {word.text}` for a row for each `{word.text}`")
    return fail("T152", f"something is missing before `{word.text}`", word, help=hints)


def _too_early(stuck: Stuck) -> DiagnosticError | None:
    if not stuck.at_end:
        return None
    if found := _known(stuck):
        return found
    expected = describe_expected(stuck.accepts)
    return fail(
        "T107", f"the script ends where {expected} must follow", stuck.word, help=stuck.fix()
    )


def _something_else(stuck: Stuck) -> DiagnosticError:
    expected = describe_expected(stuck.accepts) or "the end"
    word = stuck.word.text
    shown = word if len(word) <= 40 else word[:39] + "…"
    return fail(
        "T108",
        f"`{shown}` cannot stand here",
        stuck.word,
        label=f"expected {expected}",
        help=stuck.fix(),
    )


_RECOGNISERS: Final[tuple[Callable[[Stuck], DiagnosticError | None], ...]] = (
    _unclosed_text,
    _dangling_comma,
    _empty_clause,
    _bracket,
    _operator_first,
    _clause_without_rule,
    _not_a_target,
    _unknown_word,
    _missing_comma,
    _too_early,
)
