"""The state of a parser that cannot go on: what it has read, and what could have followed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from lark import Token, UnexpectedInput

from tracelang.dataclass import dataclass
from tracelang.source import Span
from tracelang.syntax.expected import FORMS

CLOSING: Final = {"LPAR": ")", "LSQB": "]", "LBRACE": "}"}
"""The closing bracket of each opening one, by its terminal."""


@dataclass(frozen=True, slots=True)
class Stuck:
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
        return next((t for t in reversed(self.stack) if type_of(t) in CLOSING), None)

    def construct(self) -> str:
        """Return the terminal that the construct being read begins with, or an empty text."""
        return next((type_of(t) for t in reversed(self.stack) if type_of(t) in FORMS), "")

    def fix(self) -> list[str]:
        """Return how the construct being read is written, as a help."""
        form = FORMS.get(self.construct())
        return [f"it is written `{form}`"] if form else []


def read_state(word: Span, error: UnexpectedInput) -> Stuck:
    """Return the state the parser was in when it met `word` and raised `error`."""
    parser: Any = getattr(error, "interactive_parser", None)
    if parser is None:
        return Stuck(word, (), frozenset())
    state = parser.parser_state
    table = state.parse_conf.states
    accepts = (t for t in table[state.state_stack[-1]] if can_shift(table, state.state_stack, t))
    return Stuck(word, tuple(state.value_stack), frozenset(accepts))


def can_shift(table: Any, stack: Sequence[Any], terminal: str) -> bool:
    """Tell whether a terminal can follow in a parser's state, by its table and stack of states."""
    # Like lark's own `accepts()`, which before lark 1.1.6 runs the builder on made-up tokens.
    stack = list(stack)
    while terminal.isupper() and (action := table[stack[-1]].get(terminal)):
        rule = action[1]
        if not hasattr(rule, "expansion"):  # not a rule to reduce by, but a state to go to
            return True
        if rule.expansion:
            del stack[-len(rule.expansion) :]
        stack.append(table[stack[-1]][rule.origin.name][1])
    return False


def type_of(value: Any) -> str:
    """Return the terminal of a token; an empty text for a finished node."""
    return value.type if isinstance(value, Token) else ""
