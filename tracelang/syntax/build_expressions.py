"""From the parser's reductions to expression nodes, while the parse is running.

Each method is named after a rule (or alias) of the grammar and gets the rule's children: tokens,
and what the methods of the rules below returned. Nothing here recurses.
"""

from __future__ import annotations

from typing import Any, Final

from lark import Token

from tracelang.dataclass import dataclass
from tracelang.diagnostics import fail
from tracelang.source import Span
from tracelang.syntax.ast import (
    Address,
    AddressRange,
    Binary,
    Call,
    Comparison,
    Conditional,
    Expr,
    Index,
    Member,
    Membership,
    Name,
    String,
    TypeName,
    Unary,
)
from tracelang.syntax.escapes import read_text
from tracelang.syntax.literals import NumberLiteral, read_address, read_number
from tracelang.syntax.reading import CURRENT

Children = list[Any]
"""What a rule was made of: each is a `Token` or has a `span`."""

_PUNCTUATION: Final = frozenset({"COMMA", "COLON", "LPAR", "RPAR", "SEMICOLON", "LBRACE", "RBRACE"})


@dataclass(frozen=True, slots=True)
class Group:
    """Several values on their way to the node that will own them."""

    span: Span
    items: tuple[Any, ...]


def place(child: Any) -> Span:
    """Return where a child of a rule stands."""
    if isinstance(child, Token):
        return CURRENT.get().span(child)
    span: Span = child.span
    return span


def cover(children: Children) -> Span:
    """Return the place of a whole rule."""
    return place(children[0]).to(place(children[-1]))


def without_punctuation(children: Children) -> Children:
    """Return the children that say something: no commas, colons or brackets."""
    return [c for c in children if not (isinstance(c, Token) and c.type in _PUNCTUATION)]


class ExpressionBuilder:
    """Makes the nodes of expressions."""

    def name(self, children: Children) -> Name:
        """Build a bare name."""
        return Name(str(children[0]), span=place(children[0]))

    def number(self, children: Children) -> NumberLiteral:
        """Read a literal that begins with a digit."""
        return read_number(place(children[0]))

    def address(self, children: Children) -> Address | AddressRange:
        """Read an IPv6 address or range."""
        return read_address(place(children[0]))

    def string(self, children: Children) -> String:
        """Read a quoted text."""
        span = place(children[0])
        return String(read_text(span), span=span)

    def paren(self, children: Children) -> Expr:
        """Give the expression between brackets the place of its brackets."""
        inner: Expr = children[1]
        return CURRENT.get().widen(inner, cover(children))

    def call(self, children: Children) -> Call:
        """`NAME ( arguments )`."""
        arguments = tuple(without_punctuation(children[1:]))
        node = Call(str(children[0]), arguments, place(children[0]), span=cover(children))
        return CURRENT.get().grow(node, *arguments)

    def type_name(self, children: Children) -> TypeName:
        """`struct NAME *` as an argument of a call or in a target's parentheses."""
        if len(children) == 1 and "*" in children[0]:
            name, _, _ = str(children[0]).partition("*")
            return TypeName("", name.strip(), children[0].count("*"), span=cover(children))
        words = [str(child) for child in children if child != "*"]
        keyword = words[0] if len(words) > 1 else ""
        return TypeName(keyword, words[-1], len(children) - len(words), span=cover(children))

    def member(self, children: Children) -> Member:
        """Build `base . NAME`."""
        base, _, name = children
        node = Member(base, str(name), place(name), span=cover(children))
        return CURRENT.get().grow(node, base)

    def index(self, children: Children) -> Index:
        """Build `base [ index ]`."""
        base, _, position, _ = children
        return CURRENT.get().grow(Index(base, position, span=cover(children)), base, position)

    def unary(self, children: Children) -> Unary:
        """`-x`, `~x`, `not x`."""
        operator, operand = children
        return CURRENT.get().grow(Unary(str(operator), operand, span=cover(children)), operand)

    def binary(self, children: Children) -> Binary:
        """Two operands and an operator of arithmetic, bits or logic."""
        left, operator, right = children
        node = Binary(str(operator), left, right, span=cover(children))
        return CURRENT.get().grow(node, left, right)

    def compare(self, children: Children) -> Comparison:
        """Two operands and a comparison."""
        left, operator, right = children
        node = Comparison(str(operator), left, right, span=cover(children))
        return CURRENT.get().grow(node, left, right)

    def membership(self, children: Children) -> Membership:
        """`left [not] in set`."""
        left, *words, items = children
        node = Membership(left, items.items, negated=len(words) == 2, span=cover(children))
        return CURRENT.get().grow(node, left, *items.items)

    def set(self, children: Children) -> Group:
        """Collect the right side of `in`: a list in parentheses, or one address, range or name."""
        first = children[0]
        if not isinstance(first, Token) or first.type == "LPAR":
            return Group(cover(children), tuple(without_punctuation(children)))
        if first.type == "NAME":
            return Group(place(first), (self.name(children),))
        literal = self.number(children) if first.type == "NUMBER" else self.address(children)
        if not isinstance(literal, Address | AddressRange):
            raise fail(
                "T108",
                "`in` wants a list or a range of addresses",
                literal.span,
                help=[f"write `in ({first})`, or `== {first}`"],
            )
        return Group(literal.span, (literal,))

    def chain(self, children: Children) -> Expr:
        """Refuse `a < b < c`, which reads well and means something else in every language."""
        compared, *operator, right = children
        whole = cover(children)
        middle = compared.right if isinstance(compared, Comparison) else compared.left
        first = compared.span.text
        rest = Span(whole.source, place(operator[0]).start, place(right).end).text
        second = f"{middle.span.text} {rest}"
        raise fail(
            "T111",
            "comparisons do not chain",
            whole,
            help=[f"write `{_one_line(first)} and {_one_line(second)}`"],
        )

    def conditional(self, children: Children) -> Conditional:
        """`then if condition else otherwise`."""
        then, _, condition, _, otherwise = children
        node = Conditional(condition, then, otherwise, span=cover(children))
        return CURRENT.get().grow(node, then, condition, otherwise)


def _one_line(text: str) -> str:
    return " ".join(text.split())
