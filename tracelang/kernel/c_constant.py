"""The value of a constant expression in C, as tracepoint formats contain them."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

_TOKEN: Final = re.compile(
    r"\s*(?:(?P<number>0[xX][0-9a-fA-F]+|\d+)[uUlL]*|(?P<word>[A-Za-z_]\w*)"
    r"|(?P<operator><<|>>|[-+*/%&|^~!()]))"
)
_LEVELS: Final[tuple[Mapping[str, Callable[[int, int], int]], ...]] = (
    {"|": operator.or_},
    {"^": operator.xor},
    {"&": operator.and_},
    {"<<": operator.lshift, ">>": operator.rshift},
    {"+": operator.add, "-": operator.sub},
    {"*": operator.mul},
)
_MASK: Final = (1 << 64) - 1


Constants: TypeAlias = Callable[[str], int | None]
"""Gives the value of a named constant, or None for a name that is none."""


def no_constants(_name: str) -> int | None:
    """Know no name."""
    return None


def evaluate(text: str, constants: Constants = no_constants) -> int | None:
    """Return the value of numbers, names, casts and operators, or None for anything else.

    Casts change nothing: the caller cuts the value to the width it needs. `~` counts in 64 bits.
    """
    try:
        parser = _Parser(_tokens(text), constants)
        value = parser.expression(0)
        return value if parser.at_end() else None
    except (ValueError, IndexError):
        return None


def _tokens(text: str) -> list[str]:
    tokens, position = [], 0
    text = text.rstrip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise ValueError(f"no constant: {text}")
        tokens.append(match["number"] or match["word"] or match["operator"])
        position = match.end()
    return tokens


class _Parser:
    """Reads tokens by C's precedence; `ValueError` or `IndexError` mean that it is no constant."""

    def __init__(self, tokens: list[str], constants: Constants) -> None:
        self._tokens = tokens
        self._constants = constants
        self._position = 0

    def at_end(self) -> bool:
        return self._position == len(self._tokens)

    def expression(self, level: int) -> int:
        if level == len(_LEVELS):
            return self._unary()
        value = self.expression(level + 1)
        while not self.at_end() and self._tokens[self._position] in _LEVELS[level]:
            apply = _LEVELS[level][self._take()]
            value = apply(value, self.expression(level + 1))
        return value

    def _unary(self) -> int:
        token = self._take()
        if token == "-":
            return -self._unary()
        if token == "~":
            return ~self._unary() & _MASK
        if token == "(":
            return self._bracket()
        if token.isidentifier():
            return self._named(token)
        return int(token, 16 if token[:2] in ("0x", "0X") else 8 if _is_octal(token) else 10)

    def _named(self, name: str) -> int:
        value = self._constants(name)
        if value is None:
            raise ValueError(f"{name} is no constant")
        return value

    def _bracket(self) -> int:
        if self._skip_cast():
            return self._unary()
        value = self.expression(0)
        if self._take() != ")":
            raise ValueError("a bracket is open")
        return value

    def _skip_cast(self) -> bool:
        """Go past `TYPE )` where a bracket with nothing but words has an operand behind it."""
        position = self._position
        while self._tokens[position].isidentifier():
            position += 1
        if position == self._position or self._tokens[position] != ")":
            return False
        if not self._starts_operand(position + 1):
            return False
        self._position = position + 1
        return True

    def _starts_operand(self, position: int) -> bool:
        token = self._tokens[position] if position < len(self._tokens) else ")"
        if token == "-":  # `(int) -1` or `(ONE) - 1`
            return self._constants(self._tokens[position - 2]) is None
        return token in ("(", "~") or token.isalnum() or token.isidentifier()

    def _take(self) -> str:
        token = self._tokens[self._position]
        self._position += 1
        return token


def _is_octal(token: str) -> bool:
    return len(token) > 1 and token[0] == "0"
