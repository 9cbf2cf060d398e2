"""What the parser could have gone on with, in users' words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

CLAUSES: Final = ("where", "capture", "aggregate", "every", "top", "sample", "limit", "print")
"""The clauses, in canonical order."""

ITEMS: Final = ("probe", "span", "param", "let", "table", "stop")
"""What a rule or declaration begins with."""

LEG_WORDS: Final = ("from", "to", "cancel", "via", "when", "key")
"""The words of a span's legs."""

OPERATOR_WORDS: Final = (
    "or", "and", "not", "in", "contains", "startswith", "endswith", "matches", "if", "else",
)  # fmt: skip
"""The operators that are words."""

FORMS: Final = {
    "PROBE": 'probe TARGET, … clauses',
    "SPAN": 'span TARGET, … clauses',
    "FROM": 'from TARGET, … [when EXPR] [key EXPR, …]',
    "TO": 'to TARGET, … [when EXPR] [key EXPR, …]',
    "CANCEL": 'cancel TARGET, … [when EXPR] [key EXPR, …]',
    "VIA": 'via LABEL: TARGET, … [when EXPR] [key EXPR, …]',
    "WHEN": 'when EXPR',
    "KEY": 'key EXPR, …',
    "WHERE": 'where EXPR',
    "CAPTURE": 'capture EXPR [as NAME], …',
    "AGGREGATE": 'aggregate FN(…) [as NAME], … [by EXPR, …]',
    "EVERY": 'every DURATION [reset|keep]',
    "TOP": 'top N [by NAME]',
    "SAMPLE": 'sample N in M',
    "LIMIT": 'limit N/s',
    "PRINT": 'print "FORMAT" [, EXPR, …]',
    "PARAM": 'param NAME [: TYPE] = DEFAULT ["help"]',
    "LET": 'let NAME = EXPR',
    "TABLE": 'table NAME { 1: "READ", 2: "WRITE", else: "?" }',
    "STOP": 'stop after 10s',
}  # fmt: skip
"""How each construct is written, by the terminal it begins with."""

_SIGNS: Final = {
    "COMMA": "`,`", "LPAR": "`(`", "RPAR": "`)`", "LSQB": "`[`", "RSQB": "`]`", "LBRACE": "`{`",
    "RBRACE": "`}`", "COLON": "`:`", "EQUAL": "`=`", "DOT": "`.`", "SLASH": "`/`", "MINUS": "`-`",
    "NAME": "a name", "NUMBER": "a number", "STRING": 'a text in quotes ("…")',
    "TYPE_KEYWORD": "a type", "IPV6": "an address", "COMPARE": "a comparison",
}  # fmt: skip
_EXPRESSION: Final = frozenset(
    {"NAME", "NUMBER", "STRING", "LPAR", "IPV6", "MINUS", "TILDE", "INSIDE"}
)
_OPERATORS: Final = frozenset(
    {
        "PLUS",
        "MINUS",
        "STAR",
        "SLASH",
        "PERCENT",
        "AMPERSAND",
        "VBAR",
        "CIRCUMFLEX",
        "SHIFT",
        "COMPARE",
    }
    | {"AND", "OR", "NOT", "IN", "IF", "DOT", "LSQB", "LPAR"}
)
_TARGET: Final = frozenset({"TARGET", "TARGET_PARAM", "BEGIN", "END"})
_CLAUSES: Final = frozenset(word.upper() for word in CLAUSES)
_ITEMS: Final = frozenset(word.upper() for word in ITEMS)
_LEGS: Final = frozenset({"FROM", "TO", "CANCEL", "VIA"})


def describe_expected(terminals: Iterable[str]) -> str:
    """Return the terminals as a phrase: "an operator, `,` or `)`"; empty for none."""
    left = set(terminals) - {"SEMICOLON", "$END"}
    words: list[str] = []

    def take(group: frozenset[str], needed: set[str], phrase: str) -> None:
        if needed <= left:
            left.difference_update(group)
            words.append(phrase)

    take(_EXPRESSION | {"NOT", "TYPE_KEYWORD"}, {"NAME", "STRING", "LPAR"}, "an expression")
    take(_ITEMS | _TARGET, {"PROBE", "CAPTURE"}, "a further rule")
    take(_ITEMS, {"PROBE"}, "a rule or declaration")
    take(_TARGET, {"TARGET"}, "a target such as `syscall:openat`")
    take(_OPERATORS, {"PLUS", "STAR"}, "an operator")
    take(_OPERATORS | {"COMPARE"}, {"AND", "OR"}, "`and` or `or`")
    take(_CLAUSES, {"CAPTURE", "WHERE"}, "a clause such as `capture` or `where`")
    take(_LEGS, {"FROM", "TO"}, "a leg (`from`, `to`, `cancel`)")
    words.reverse()
    words += [_SIGNS.get(terminal, f"`{terminal.lower()}`") for terminal in sorted(left)]
    return _join(words)


def _join(words: list[str]) -> str:
    return " or ".join(filter(None, (", ".join(words[:-1]), words[-1]))) if words else ""
