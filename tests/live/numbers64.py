"""What the language's integer expressions come to, computed with Python's unbounded integers.

An expression of the language reads the same in Python, so both evaluate one text: `evaluate` here,
and the kernel there. The rules are those of the language: arithmetic is in 64 bits, unsigned where
an operand is a u64 (a difference is always signed); division goes towards zero, and by 0 gives 0;
a shift's count is taken modulo 64; comparisons compare the numbers, whatever their types.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

_LITERAL: Final = re.compile(r"(?<![\w.])(0x[0-9a-f]+|\d+)\b")


def wrap(value: int, bits: int, *, signed: bool) -> int:
    """Return the number that so many low bits of a value mean."""
    value &= (1 << bits) - 1
    return value - (1 << bits) if signed and value >> (bits - 1) else value


@dataclass(frozen=True, slots=True)
class Number:
    """An integer, and whether it is a u64: the one type that makes arithmetic unsigned."""

    value: int
    u64: bool = False

    @classmethod
    def literal(cls, text: str) -> Self:
        """Return a number as the script writes it."""
        return cls(int(text, 0), int(text, 0) >= 1 << 63)

    def _with(self, other: Number | int) -> tuple[int, int, bool]:
        """Return both operands in their common type, and whether that is unsigned."""
        other = other if isinstance(other, Number) else Number(int(other))
        u64 = self.u64 or other.u64
        return wrap(self.value, 64, signed=not u64), wrap(other.value, 64, signed=not u64), u64

    def _of(self, value: int, u64: bool) -> Number:
        return Number(wrap(value, 64, signed=not u64), u64)

    def __add__(self, other: Number | int) -> Number:
        left, right, u64 = self._with(other)
        return self._of(left + right, u64)

    def __sub__(self, other: Number | int) -> Number:
        left, right, _ = self._with(other)
        return self._of(left - right, u64=False)

    def __mul__(self, other: Number | int) -> Number:
        left, right, u64 = self._with(other)
        return self._of(left * right, u64)

    def __truediv__(self, other: Number | int) -> Number:
        left, right, u64 = self._with(other)
        return self._of(_quotient(left, right), u64)

    def __mod__(self, other: Number | int) -> Number:
        left, right, u64 = self._with(other)
        return self._of(left - right * _quotient(left, right) if right else 0, u64)

    def __and__(self, other: Number | int) -> Number:
        left, right, u64 = self._with(other)
        return self._of(left & right, u64)

    def __or__(self, other: Number | int) -> Number:
        left, right, u64 = self._with(other)
        return self._of(left | right, u64)

    def __xor__(self, other: Number | int) -> Number:
        left, right, u64 = self._with(other)
        return self._of(left ^ right, u64)

    def __lshift__(self, other: Number | int) -> Number:
        left, right, u64 = self._with(other)
        return self._of(left << (right & 63), u64)

    def __rshift__(self, other: Number | int) -> Number:
        _, right, _ = self._with(other)
        return self._of(wrap(self.value, 64, signed=not self.u64) >> (right & 63), self.u64)

    def __neg__(self) -> Number:
        return self._of(-self.value, u64=False)

    def __invert__(self) -> Number:
        return self._of(~self.value, self.u64)

    def __bool__(self) -> bool:
        return bool(self.value)

    def __radd__(self, other: int) -> Number:
        return Number(int(other)) + self

    def __rsub__(self, other: int) -> Number:
        return Number(int(other)) - self

    def __rmul__(self, other: int) -> Number:
        return Number(int(other)) * self

    def __rtruediv__(self, other: int) -> Number:
        return Number(int(other)) / self

    def __rmod__(self, other: int) -> Number:
        return Number(int(other)) % self

    def __rand__(self, other: int) -> Number:
        return Number(int(other)) & self

    def __ror__(self, other: int) -> Number:
        return Number(int(other)) | self

    def __rxor__(self, other: int) -> Number:
        return Number(int(other)) ^ self

    def __int__(self) -> int:
        return self.value

    def __eq__(self, other: object) -> bool:
        return self.value == (other.value if isinstance(other, Number) else other)

    def __hash__(self) -> int:
        return hash(self.value)

    def __lt__(self, other: Number | int) -> bool:
        return self.value < int(other)

    def __le__(self, other: Number | int) -> bool:
        return self.value <= int(other)

    def __gt__(self, other: Number | int) -> bool:
        return self.value > int(other)

    def __ge__(self, other: Number | int) -> bool:
        return self.value >= int(other)


def _quotient(left: int, right: int) -> int:
    if not right:
        return 0
    quotient = abs(left) // abs(right)
    return quotient if (left < 0) == (right < 0) else -quotient


def choose(condition: object, then: Number, otherwise: Number) -> Number:
    """Return what `then if condition else otherwise` is, in the type both sides share."""
    u64 = then.u64 or otherwise.u64
    return Number(wrap((then if condition else otherwise).value, 64, signed=not u64), u64)


def typed(value: int, type_: str) -> Number:
    """Return a value cut to a type such as `s32`, as `cast` does."""
    return Number(wrap(value, int(type_[1:]), signed=type_[0] == "s"), type_ == "u64")


def evaluate(expression: str, names: Mapping[str, Number]) -> int | bool:
    """Return the value of an expression over named numbers; a truth value is a bool."""
    text = _LITERAL.sub(r"literal('\1')", expression)
    scope = {"literal": Number.literal, **names}
    found = eval(text, {"__builtins__": {}}, scope)
    return found if isinstance(found, bool) else int(found)
