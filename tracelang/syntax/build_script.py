"""From the parser's reductions to declarations and the whole script."""

from __future__ import annotations

import re
import textwrap
from itertools import pairwise
from typing import Any, Final

from lark import Token

from tracelang.diagnostics import Diagnostic, DiagnosticError, Label, fail
from tracelang.registry import nearest
from tracelang.source import Span
from tracelang.syntax.amounts import read_count, read_period
from tracelang.syntax.ast import (
    Comment,
    Expr,
    Integer,
    Item,
    Let,
    Param,
    ProbeRule,
    Script,
    SpanRule,
    Stop,
    Table,
    Unary,
)
from tracelang.syntax.build import RuleBuilder
from tracelang.syntax.build_expressions import Children, Group, cover, place
from tracelang.syntax.escapes import read_text
from tracelang.syntax.literals import read_number
from tracelang.syntax.reading import CURRENT

PARAM_TYPES: Final = ("int", "str", "bool", "duration", "size", "ip")
"""The types a `param` can be given."""

# A comma, then `probe` read as a field's name because the comma asked for one.
_DANGLING: Final = re.compile(r",\s*(?:probe|span)\s*\Z")


class ScriptBuilder(RuleBuilder):
    """Makes the nodes of declarations, and the script."""

    def param(self, children: Children) -> Param:
        """`param NAME [: TYPE] = DEFAULT ["help"]`."""
        name = children[1]
        declared = None
        if children[2] == ":":
            declared = _param_type(children[3])
        default = next(child for child in children if isinstance(child, Group))
        help_text = ""
        if children[-1] is not default:
            help_text = read_text(place(children[-1]))
        return Param(
            str(name),
            declared,
            default.items[0],
            help_text,
            name_span=place(name),
            span=cover(children),
        )

    def default(self, children: Children) -> Group:
        """Read a literal, perhaps with a minus sign; `true` and `false` stay names."""
        return Group(cover(children), (self._literal(children),))

    def _literal(self, children: Children) -> Expr:
        first = children[0]
        match first.type:
            case "NUMBER":
                return self.number(children)
            case "IPV6":
                return self.address(children)
            case "STRING":
                return self.string(children)
            case "MINUS":
                return Unary("-", self.number(children[1:]), span=cover(children))
        if first not in ("true", "false"):
            raise fail(
                "T120",
                f"the default of a `param` is a literal, and `{first}` is a name",
                place(first),
                help=[f'write `"{first}"` if it is a text'],
            )
        return self.name(children)

    def let(self, children: Children) -> Let:
        """`let NAME = EXPR`."""
        _, name, _, expression = children
        return Let(str(name), expression, name_span=place(name), span=cover(children))

    def table(self, children: Children) -> Table:
        """`table NAME { number: "text", else: "text" }`."""
        name = children[1]
        entries: dict[int | None, Group] = {}
        for entry in (child for child in children if isinstance(child, Group)):
            key = entry.items[0]
            if key in entries:
                raise _entry_twice(entries[key].span, entry.span)
            entries[key] = entry
        otherwise = entries.pop(None, None)
        return Table(
            str(name),
            tuple((entry.items[0], entry.items[1]) for entry in entries.values()),
            otherwise.items[1] if otherwise else None,
            name_span=place(name),
            entry_spans=tuple(e.span for e in (*entries.values(), otherwise) if e),
            span=cover(children),
        )

    def entry(self, children: Children) -> Group:
        """Read `number: "text"` or `else: "text"` (the number is None then)."""
        text = read_text(place(children[-1]))
        return Group(cover(children), (_entry_key(children[:-2]), text))

    def stop(self, children: Children) -> Stop:
        """`stop after DURATION` or `stop after N events`."""
        number = place(children[2])
        if len(children) > 3:
            count = read_count(number, "`stop after` counts events")
            return Stop(events=count, span=cover(children))
        if isinstance(literal := read_number(number), Integer):
            raise fail(
                "T114",
                f"`stop after {number.text}` does not say what of",
                number,
                help=[
                    f"write `stop after {literal.value} events`",
                    f"write `stop after {literal.value}s` for seconds",
                ],
            )
        return Stop(after=read_period(number, "stop after"), span=cover(children))

    def script(self, children: Children) -> Script:
        """All the items, with the comments seen on the way."""
        reading = CURRENT.get()
        items: tuple[Item, ...] = tuple(c for c in children if not isinstance(c, Token))
        _check_bare_rules(items)
        comments = tuple(reading.comments)
        first = items[0].span.start if items else len(reading.source.text)
        return Script(reading.source, items, read_description(comments, first), comments)


def _param_type(word: Token) -> str:
    if word in PARAM_TYPES:
        return str(word)
    meant = nearest(str(word), PARAM_TYPES)
    known = f"the types are {', '.join(PARAM_TYPES)}"
    hint = f"did you mean `{meant[0]}`? {known}" if meant else known
    raise fail("T120", f"a param cannot have the type `{word}`", place(word), help=[hint])


def _entry_key(words: list[Any]) -> int | None:
    if words[0] == "else":
        return None
    span = place(words[-1])
    literal = read_number(span)
    if not isinstance(literal, Integer):
        raise fail("T120", "a table's entries are found by whole numbers", span)
    return -literal.value if len(words) > 1 else literal.value


def _entry_twice(first: Span, second: Span) -> DiagnosticError:
    return DiagnosticError(
        Diagnostic(
            "T120",
            "this table has two texts for one number",
            Label(second, "the second one"),
            (Label(first, "the first one"),),
            help=("remove one of them",),
        )
    )


def _check_bare_rules(items: tuple[Item, ...]) -> None:
    rules = [item for item in items if isinstance(item, ProbeRule | SpanRule)]
    for before, rule in pairwise(rules):
        # Without `probe`, the rule begins with its target.
        if isinstance(rule, SpanRule) or rule.targets[0].span.start != rule.span.start:
            continue
        target = rule.targets[0].span
        if dangling := _DANGLING.search(target.source.text, before.span.start, target.start):
            comma = Span(target.source, dangling.start(), dangling.start() + 1)
            raise fail("T150", "nothing follows this comma", comma, help=["remove the comma"])
        if before.clauses:
            hints = [f"write `probe {target.text}`"]
        else:
            hints = [
                f"write `, {target.text}` for one rule on both",
                f"write `probe {target.text}` for a rule of its own",
            ]
        raise fail("T118", "only the first rule can do without `probe`", target, help=hints)


def read_description(comments: tuple[Comment, ...], first_item: int) -> str:
    """Return the leading comment block (before offset `first_item`) without its signs and margin.

    The block ends at the first line that is not a comment; a `#!` line is no part of it.
    """
    lines: list[str] = []
    following = None
    for comment in comments:
        if comment.span.start == 0 and comment.text.startswith("#!"):
            continue
        line = comment.span.line
        outside = not comment.alone or comment.span.start > first_item
        if outside or following not in (None, line):
            break
        lines.append(comment.text[1:])
        following = line + 1
    return textwrap.dedent("\n".join(lines)).strip("\n").rstrip()
