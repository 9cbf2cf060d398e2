"""Text to tree: the one place that runs the parser.

What a script can be refused for:

| code | meaning |
| --- | --- |
| T101 | a character that no script can hold (control characters, NUL) |
| T102 | the script is too long |
| T103 | there is nothing to trace |
| T104 | nested too deeply |
| T105 | a text is not closed |
| T106 | a bracket is not closed, or closes nothing |
| T107 | the text ends where something must follow |
| T108 | something stands where it cannot |
| T109 | an unknown word where a clause or rule is expected |
| T110 | a clause is written twice in a rule |
| T111 | comparisons do not chain |
| T112 | a malformed number |
| T113 | a number beyond 64 bits |
| T114 | a unit is missing or unknown |
| T115 | a malformed IP address or range |
| T116 | an unknown escape in a text |
| T117 | a malformed target |
| T118 | a further rule without `probe` |
| T119 | a span that does not begin or end |
| T120 | a malformed `param` or `table` |
| T121 | a number that its clause cannot use |
| T13x | operators and names of C and bpftrace |
| T14x | shapes of bpftrace, awk and SQL |
| T15x | a small word or sign is missing or too much |
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final, cast

from lark import Lark, Token, UnexpectedInput

from tracelang.diagnostics import fail
from tracelang.private_cache import cache_file
from tracelang.resources import grammar_text
from tracelang.source import SourceFile, Span
from tracelang.syntax.ast import Expr, Script, TargetChoice
from tracelang.syntax.build_expressions import Group
from tracelang.syntax.build_script import ScriptBuilder
from tracelang.syntax.mistakes import explain_mistake
from tracelang.syntax.reading import CURRENT, Reading

MAX_SCRIPT: Final = 256 * 1024
"""The longest script, in bytes of UTF-8."""

# Control characters but for white space, and halves of surrogate pairs (bytes that were not UTF-8).
_FORBIDDEN: Final = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f\ud800-\udfff]")


def parse_script(source: SourceFile) -> Script:
    """Return the tree of a script; `DiagnosticError` with codes T101 to T159 if it is none."""
    script = cast("Script", _parse(source, "script"))
    if not script.items:
        raise fail(
            "T103",
            "nothing to trace: the script is empty",
            help=["the shortest script is a target: `syscall:openat`"],
        )
    return script


def parse_expression(text: str, name: str) -> Expr:
    """Return the tree of a lone expression; `name` is what errors call the place it comes from."""
    return cast("Expr", _parse(SourceFile(name, text), "expression"))


def parse_targets(text: str, name: str) -> tuple[TargetChoice, ...]:
    """Return the trees of targets alone, as they stand behind `probe`; `name` is as above."""
    return cast("Group", _parse(SourceFile(name, text), "targets")).items


def _parse(source: SourceFile, start: str) -> object:
    _check_characters(source)
    token = CURRENT.set(Reading(source))
    try:
        return script_parser().parse(source.text, start=start)
    except UnexpectedInput as error:
        raise explain_mistake(source, error) from None
    finally:
        CURRENT.reset(token)


def _check_characters(source: SourceFile) -> None:
    text = source.text
    if len(text.encode("utf-8", "surrogatepass")) > MAX_SCRIPT:
        raise fail("T102", f"{source.name} is too long: a script has up to {MAX_SCRIPT >> 10} KiB")
    if found := _FORBIDDEN.search(text):
        code = ord(found[0])
        what = (
            "a byte that is not UTF-8" if code >= 0xD800 else f"the control character U+{code:04X}"
        )
        place = Span(source, found.start(), found.end())
        raise fail("T101", f"the script holds {what}", place, help=["remove it"])


@cache
def script_parser() -> Lark:
    """Return the parser, built once a process; from the user's cache where there is a safe one."""
    file = cache_file("grammar")
    return Lark(
        grammar_text("tracelang.lark"),
        parser="lalr",
        lexer="contextual",
        start=["script", "expression", "targets"],
        keep_all_tokens=True,
        maybe_placeholders=False,
        transformer=ScriptBuilder(),
        lexer_callbacks={
            "COMMENT": lambda token: CURRENT.get().note_comment(token),
            "LPAR": _open_bracket,
            "LSQB": _open_bracket,
            "RPAR": _close_bracket,
            "RSQB": _close_bracket,
        },
        cache=str(file) if file else False,
    )


def _open_bracket(token: Token) -> Token:
    return CURRENT.get().open_bracket(token)


def _close_bracket(token: Token) -> Token:
    return CURRENT.get().close_bracket(token)
