"""Half-written scripts: what stands before a place in one, as far as it can be read.

The parser is run up to the place, and its stack says what is being written. Where an earlier
mistake stops it, that part is blanked out and the rest read again: places stay what they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final, get_args

from lark import Token, Tree, UnexpectedInput

from tracelang.diagnostics import DiagnosticError
from tracelang.source import SourceFile
from tracelang.syntax.ast import (
    Clause,
    Expr,
    Field,
    Item,
    Leg,
    LegRole,
    Name,
    Target,
    TargetChoice,
)
from tracelang.syntax.build_expressions import Group
from tracelang.syntax.expected import CLAUSES
from tracelang.syntax.parse import script_parser
from tracelang.syntax.reading import CURRENT, Reading
from tracelang.syntax.stuck import can_shift, type_of

_HIDDEN: Final = re.compile(r'"(?:\\.|[^"\\\n])*"?|#[^\n]*')
_ITEM: Final = re.compile(r"(?<![\w.])(?:probe|span|param|let|table|stop)\s|;")
_CLAUSE: Final = re.compile(rf"(?<![\w.])(?:{'|'.join(CLAUSES)})(?!\w)")
_STARTS: Final = ("PROBE", "SPAN", "PARAM", "LET", "TABLE", "STOP")
_SECTIONS: Final = (*(word.upper() for word in CLAUSES), "BY", "WHEN", "KEY")


@dataclass(frozen=True, slots=True)
class OpenCall:
    """A call whose bracket is still open: its function, and the arguments before the comma."""

    function: str
    arguments: tuple[Expr, ...]


@dataclass(slots=True)
class Partial:
    """What is being written at a place.

    `head` is the word the item begins with ("probe" also where it is left out), `section` the
    clause or part of a leg. `targets` belong to the rule, `leg` to the leg being written. `fields`
    are those finished in the section, `base` what stands before a `.`; `last` is the terminal just
    before the place. `accepts` are the terminals that may follow; `understood` is False where a
    mistake had to be blanked out.
    """

    items: list[Item] = field(default_factory=list)
    head: str = ""
    targets: list[TargetChoice] = field(default_factory=list)
    legs: list[Leg] = field(default_factory=list)
    leg: list[TargetChoice] | None = None
    clauses: list[Clause] = field(default_factory=list)
    section: str = ""
    fields: list[Field] = field(default_factory=list)
    calls: list[OpenCall] = field(default_factory=list)
    base: Expr | None = None
    last: str = ""
    accepts: frozenset[str] = frozenset()
    understood: bool = True


def mask(text: str) -> str:
    """Return the text with its quoted parts and comments blanked out, as long as before."""
    return _HIDDEN.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)


def is_hidden(text: str) -> bool:
    """Tell whether the end of a text is inside quotes or a comment."""
    ends = [match for match in _HIDDEN.finditer(text) if match.end() == len(text)]
    if not ends:
        return False
    inside = ends[-1][0]
    return inside.startswith("#") or len(inside) == 1 or not inside.endswith('"')


def read_partial(source: SourceFile, offset: int) -> Partial:
    """Return what is being written at an offset of a script, whatever is wrong before it."""
    for number, text in enumerate(_attempts(source.text[:offset])):
        stack, accepts = _run(SourceFile(source.name, text))
        if accepts is not None and not _ends_in_clause(stack):
            partial = _describe(stack)
            partial.accepts, partial.understood = accepts, number == 0
            return partial
    return Partial(understood=False)


def read_value(source: SourceFile, offset: int) -> Expr | None:
    """Return the value that ends at an offset, with the members and elements it goes through."""
    for text in _attempts(source.text[:offset]):
        stack, accepts = _run(SourceFile(source.name, text), ends_value=True)
        if accepts is not None:
            last = stack[-2] if len(stack) > 1 and type_of(stack[-1]) == "DOT" else None
            return last if isinstance(last, Expr) else None
    return None


def _ends_in_clause(stack: list[Any]) -> bool:
    """Tell whether a clause's word was read as a name: `where uid == capture …`."""
    last = stack[-1] if stack else None
    name = last.name if isinstance(last, Name) else last if type_of(last) == "NAME" else ""
    return name in CLAUSES


def _attempts(text: str) -> Iterator[str]:
    """Yield the text, and then it with more and more blanked out before its end."""
    yield text
    plain = mask(text)
    start = max((m.start() for m in _ITEM.finditer(plain)), default=0)
    yield _blank(text, 0, start)
    clauses = list(_CLAUSE.finditer(plain, start))
    if clauses:
        head, last = clauses[0].start(), clauses[-1]
        yield _blank(_blank(text, 0, start), head, last.start())
        blanked = _blank(_blank(text, 0, start), last.end(), len(text))
        yield _blank(blanked, head, last.start())
        yield _blank(_blank(text, 0, start), head, len(text))


def _blank(text: str, start: int, end: int) -> str:
    return text[:start] + re.sub(r"[^\n]", " ", text[start:end]) + text[end:]


def _run(
    source: SourceFile, *, ends_value: bool = False
) -> tuple[list[Any], frozenset[str] | None]:
    """Return the parser's stack at the end of a text and what it accepts; None when it is stuck.

    `ends_value` adds a `.`, so that the value before it is put together.
    """
    token = CURRENT.set(Reading(source))
    try:
        parser = script_parser().parse_interactive(source.text, start="script")
        parser.exhaust_lexer()
        if ends_value:
            parser.feed_token(Token("DOT", "."))
    except (UnexpectedInput, DiagnosticError):
        return [], None
    finally:
        CURRENT.reset(token)
    state: Any = parser.parser_state
    table = state.parse_conf.states
    states = state.state_stack
    accepts = (t for t in table[states[-1]] if can_shift(table, states, t))
    return list(_flatten(state.value_stack)), frozenset(accepts)


def _flatten(values: Sequence[Any]) -> Iterator[Any]:
    """Yield what the parser has on its stack; what repeats is a tree of its own there."""
    for value in values:
        if isinstance(value, Tree):
            yield from _flatten(value.children)
        else:
            yield value


def _describe(stack: list[Any]) -> Partial:
    partial = Partial()
    for value in stack:
        if isinstance(value, Token):
            _take_token(partial, value)
        else:
            _take_node(partial, value)
    _take_calls(partial, stack)
    partial.last = type_of(stack[-1]) if stack else ""
    if partial.last == "DOT" and len(stack) > 1 and isinstance(stack[-2], Expr):
        partial.base = stack[-2]
    if not partial.head and (partial.targets or partial.last == "TARGET"):
        partial.head = "probe"
    return partial


def _take_token(partial: Partial, token: Token) -> None:
    if token.type in _STARTS and not partial.section:
        partial.head = str(token)
    elif token.type == "BY" and partial.section == "top":
        partial.section = "top by"
    elif token.type in _SECTIONS:
        partial.section = str(token)
        if token.type != "BY":
            partial.fields = []


def _take_node(partial: Partial, value: Any) -> None:
    match value:
        case Leg():
            partial.legs.append(value)
            partial.leg = None
        case Group(items=(LegRole(), *_)):
            partial.leg, partial.section = [], ""
        case Group(items=(Leg(), *_)):
            partial.legs.extend(value.items)
            partial.leg = None
        case Group(items=(TargetChoice(), *_)):
            _targets(partial).extend(value.items)
        case TargetChoice():
            _targets(partial).append(value)
        case Target():
            _targets(partial).append(TargetChoice((value,), span=value.span))
        case Field():
            partial.fields.append(value)
        case Group(items=(Field(), *_)):
            partial.fields.extend(value.items)
        case _ if isinstance(value, get_args(Clause)):
            partial.clauses.append(value)
            partial.leg = None
        case _ if isinstance(value, get_args(Item)):
            partial.items.append(value)


def _targets(partial: Partial) -> list[TargetChoice]:
    return partial.targets if partial.leg is None else partial.leg


def _take_calls(partial: Partial, stack: list[Any]) -> None:
    """Note the calls whose brackets are open: a finished one is a node and has none."""
    if not partial.section and partial.head not in ("let",):
        return  # the bracket is a target's
    opened = [i for i, value in enumerate(stack) if type_of(value) == "LPAR"]
    for index, following in pairwise([*opened, len(stack)]):
        before = stack[index - 1] if index else None
        # What stands before a comma is done; behind the last one it is still being written.
        inside = stack[index + 1 : following]
        commas = [i for i, value in enumerate(inside) if type_of(value) == "COMMA"]
        done = inside[: commas[-1]] if commas else []
        name = str(before) if type_of(before) == "NAME" else ""
        name = before.name if isinstance(before, Name) else name
        partial.calls.append(OpenCall(name, tuple(v for v in done if isinstance(v, Expr))))
