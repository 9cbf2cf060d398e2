"""Why the parser stopped: from its state to a message that says what was expected and a fix.

First the mistake files are asked (`grammar/mistakes`), for they know what users bring from other
languages. Then come the recognisers below, in order; the last always answers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
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

_WORD: Final = re.compile(
    r'[A-Za-z_][\w:.]*(?<![:.])|"(?:\\.|[^"\\\n])*"|[0-9][\w.]*|[<>=!&|+*-]+|\S|$', re.MULTILINE
)
_CLOSING: Final = {"LPAR": ")", "LSQB": "]", "LBRACE": "}"}
_SECTIONS: Final = (*CLAUSES, *ITEMS, *LEG_WORDS, "by")


@dataclass(frozen=True, slots=True)
class Stop:
    """Where and in what state the parser stopped.

    `stack` holds the tokens and nodes that were not yet part of something finished; `accepts` the
    terminals that could have followed.
    """

    word: Span
    stack: tuple[Any, ...]
    accepts: frozenset[str]

    @property
    def at_end(self) -> bool:
        """Whether the script ended too early."""
        return not self.word.text

    @property
    def last(self) -> Any:
        """The last thing that was read, or None."""
        return self.stack[-1] if self.stack else None

    def token_span(self, token: Token) -> Span:
        """Return the place of a token of the stack."""
        start = token.start_pos or 0
        return Span(self.word.source, start, start + len(token))

    def opening(self) -> Token | None:
        """Return the innermost bracket that is open."""
        return next((t for t in reversed(self.stack) if _type_of(t) in _CLOSING), None)

    def construct(self) -> str:
        """Return the terminal that the construct being read begins with, or an empty text."""
        return next((_type_of(t) for t in reversed(self.stack) if _type_of(t) in FORMS), "")

    def fix(self) -> list[str]:
        """Return how the construct being read is written, as a help."""
        form = FORMS.get(self.construct())
        return [f"it is written `{form}`"] if form else []


def explain_mistake(source: SourceFile, error: UnexpectedInput) -> DiagnosticError:
    """Return the diagnostic for the place and state in which the parser gave up."""
    offset = error.pos_in_stream or 0
    if isinstance(error, UnexpectedToken) and error.token.type == "$END":
        offset = len(source.text.rstrip())
        stop = _stop(Span(source, offset, offset), error)
    else:
        match = _WORD.match(source.text, offset)
        end = match.end() if match else offset + 1
        stop = _stop(Span(source, offset, max(end, offset + 1)), error)
        for mistake in read_mistakes():
            if found := mistake.find(source, offset):
                return found
    for recognise in _RECOGNISERS:
        if found := recognise(stop):
            return found
    return _something_else(stop)


def _stop(word: Span, error: UnexpectedInput) -> Stop:
    parser: Any = getattr(error, "interactive_parser", None)
    if parser is None:
        return Stop(word, (), frozenset())
    state = parser.parser_state
    table = state.parse_conf.states
    accepts = (t for t in table[state.state_stack[-1]] if _can_shift(table, state.state_stack, t))
    return Stop(word, tuple(state.value_stack), frozenset(accepts))


# Like lark's own `accepts()`, which before lark 1.1.6 runs the builder on made-up tokens.
def _can_shift(table: Any, stack: Sequence[Any], terminal: str) -> bool:
    stack = list(stack)
    while terminal.isupper() and (action := table[stack[-1]].get(terminal)):
        rule = action[1]
        if not hasattr(rule, "expansion"):  # not a rule to reduce by, but a state to go to
            return True
        if rule.expansion:
            del stack[-len(rule.expansion) :]
        stack.append(table[stack[-1]][rule.origin.name][1])
    return False


def _type_of(value: Any) -> str:
    return value.type if isinstance(value, Token) else ""


def _unclosed_text(stop: Stop) -> DiagnosticError | None:
    word = stop.word
    if word.text != '"':
        return None
    end = word.source.text.find("\n", word.start)
    line = Span(word.source, word.start, end if end >= 0 else len(word.source.text))
    return fail("T105", "this text is not closed", line, help=['end it with `"` on the same line'])


def _dangling_comma(stop: Stop) -> DiagnosticError | None:
    # `capture pid, where …` reads `where` as a name and stops behind it; `capture pid,` at the end.
    stack = stop.stack
    if stack and _is_section_name(stop, stack[-1]):
        stack = stack[:-1]
    elif _is_name_like(stop) and stop.word.text not in _SECTIONS:
        return None
    if not stack or _type_of(stack[-1]) != "COMMA":
        return None
    comma = stop.token_span(stack[-1])
    return fail("T150", "nothing follows this comma", comma, help=["remove the comma"])


def _empty_clause(stop: Stop) -> DiagnosticError | None:
    # `capture where uid == 0` reads `where` as the captured field and stops behind it.
    stack = stop.stack
    section = bool(stack) and _is_section_name(stop, stack[-1])
    before = stack[-2] if section and len(stack) > 1 else None
    keyword = before if section else stop.last
    if not isinstance(keyword, Token) or keyword.type not in FORMS:
        return None
    if not (section or stop.at_end):
        return None
    place = stop.token_span(keyword)
    form = FORMS[keyword.type]
    return fail("T107", f"nothing follows `{keyword}`", place, help=[f"it is written `{form}`"])


def _is_section_name(stop: Stop, value: Any) -> bool:
    name = value.name if isinstance(value, Name) else value if _type_of(value) == "NAME" else ""
    continues = _is_name_like(stop) or stop.at_end or stop.word.text.startswith('"')
    return name in _SECTIONS and continues


def _is_name_like(stop: Stop) -> bool:
    return bool(stop.word.text) and (stop.word.text[0].isalnum() or stop.word.text[0] == "_")


def _bracket(stop: Stop) -> DiagnosticError | None:
    opening = stop.opening()
    if stop.word.text in (")", "]", "}") and opening is None:
        return fail(
            "T106", f"this `{stop.word.text}` closes nothing", stop.word, help=["remove it"]
        )
    ends_here = stop.at_end or stop.word.text in (*_SECTIONS, ";", ")", "]", "}")
    if opening is None or not ends_here or stop.word.text == _CLOSING[opening.type]:
        return None
    closing = _CLOSING[opening.type]
    what = (
        "the script ends here" if stop.at_end else f"`{stop.word.text}` stands where it should end"
    )
    return DiagnosticError(
        Diagnostic(
            "T106",
            f"this `{opening}` is not closed",
            Label(stop.token_span(opening)),
            (Label(stop.word, what),),
            help=(f"add `{closing}`",),
        )
    )


def _clause_without_rule(stop: Stop) -> DiagnosticError | None:
    word = stop.word.text
    if word not in CLAUSES or "PROBE" not in stop.accepts or "WHERE" in stop.accepts:
        return None
    help_text = f"write the target first: `syscall:openat {word} …`"
    before = stop.word.source.text[: stop.word.start].rstrip()
    if before.endswith(";"):
        help_text = "remove the `;` before it: that ended the rule"
    return fail(
        "T151", f"`{word}` belongs to a rule, and there is none", stop.word, help=[help_text]
    )


def _not_a_target(stop: Stop) -> DiagnosticError | None:
    word = stop.word.text
    wants_target = "TARGET" in stop.accepts and "WHERE" not in stop.accepts
    if not wants_target or not _is_name_like(stop):
        return None
    beginnings = (*ITEMS, *LEG_WORDS, "begin", "end")
    if meant := nearest(word, [w for w in beginnings if w.upper() in stop.accepts]):
        what = "rule" if "PROBE" in stop.accepts else "target or leg"
        hint = f"did you mean `{meant[0]}`?"
        return fail("T109", f"`{word}` begins no {what}", stop.word, help=[hint])
    example = f"`kprobe:{word}`, `syscall:{word}`" if word.isidentifier() else "`kprobe:vfs_read`"
    return fail(
        "T117",
        f"`{word}` is not a target",
        stop.word,
        help=[f"a target says what kind it is: {example}; `tracelang list` shows them"],
    )


def _unknown_word(stop: Stop) -> DiagnosticError | None:
    word = stop.word.text
    if not word.isidentifier():
        return None
    words = (*_SECTIONS, *OPERATOR_WORDS, "as", "reset", "keep", "after", "events")
    usable = [w for w in words if w.upper() in stop.accepts or w in OPERATOR_WORDS[3:8]]
    if "WHERE" not in stop.accepts and "COMPARE" not in stop.accepts:
        usable = [w for w in usable if w.upper() in stop.accepts]
    if meant := nearest(word, usable):
        hint = f"did you mean `{meant[0]}`?"
        return fail("T109", f"`{word}` is not a word tracelang knows here", stop.word, help=[hint])
    return None


def _missing_comma(stop: Stop) -> DiagnosticError | None:
    word = stop.word
    begins_something = _is_name_like(stop) or word.text.startswith('"')
    if not begins_something or "COMMA" not in stop.accepts:
        return None
    if word.text in _SECTIONS:
        return None
    hints = [f"write a comma before it: `, {word.text}`"]
    if "BY" in stop.accepts and stop.construct() == "AGGREGATE":
        hints.insert(0, f"write `by {word.text}` for a row for each `{word.text}`")
    if "PROBE" in stop.accepts and "PLUS" not in stop.accepts:
        return None
    return fail("T152", f"something is missing before `{word.text}`", word, help=hints)


def _too_early(stop: Stop) -> DiagnosticError | None:
    if not stop.at_end:
        return None
    expected = describe_expected(stop.accepts)
    return fail("T107", f"the script ends where {expected} must follow", stop.word, help=stop.fix())


def _something_else(stop: Stop) -> DiagnosticError:
    expected = describe_expected(stop.accepts) or "the end"
    word = stop.word.text
    shown = word if len(word) <= 40 else word[:39] + "…"
    return fail(
        "T108",
        f"`{shown}` cannot stand here",
        stop.word,
        label=f"expected {expected}",
        help=stop.fix(),
    )


_RECOGNISERS: Final[tuple[Callable[[Stop], DiagnosticError | None], ...]] = (
    _unclosed_text,
    _dangling_comma,
    _empty_clause,
    _bracket,
    _clause_without_rule,
    _not_a_target,
    _unknown_word,
    _missing_comma,
    _too_early,
)
