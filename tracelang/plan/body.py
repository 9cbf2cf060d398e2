"""The program under construction: its statements, its names, and what it has already read."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from tracelang.plan.c_types import CType
from tracelang.plan.code.statements import Declare, Statement
from tracelang.plan.code.values import Buffer, Home, Value, Variable
from tracelang.plan.identifiers import Names
from tracelang.plan.ir import ScratchField
from tracelang.plan.structs import Structs
from tracelang.semantic.expressions import Expression
from tracelang.semantic.model import Platform

LARGEST_STACK_BUFFER: Final = 16
"""Bytes. The stack has 512; only a task's name is kept there."""


@dataclass(slots=True)
class Body(ABC):
    """Collects one program. What was read once is not read again where it is still known.

    How expressions are computed is left open: values, conditions and texts need one another, and
    each asks the body it builds (see `expressions`).
    """

    context: str
    platform: Platform
    structs: Structs
    names: Names = field(default_factory=Names)
    scratch: list[ScratchField] = field(default_factory=list)
    _blocks: list[list[Statement]] = field(default_factory=lambda: [[]])
    _known: list[dict[object, Value | Buffer]] = field(default_factory=lambda: [{}])

    @abstractmethod
    def value(self, expr: Expression) -> Value:
        """Return a scalar's value, or a condition's truth, emitting what computes it."""

    @abstractmethod
    def condition(self, expr: Expression) -> Value:
        """Return whether an expression holds, emitting what computes it."""

    def emit(self, *statements: Statement) -> None:
        """Add statements to the current block."""
        self._blocks[-1].extend(statements)

    def statements(self) -> tuple[Statement, ...]:
        """Return everything emitted so far, outside any block."""
        return tuple(self._blocks[0])

    @contextmanager
    def block(self) -> Iterator[list[Statement]]:
        """Collect statements apart; what is read inside is forgotten after, by C's scope rules."""
        self._blocks.append([])
        self._known.append({})
        try:
            yield self._blocks[-1]
        finally:
            self._blocks.pop()
            self._known.pop()

    @contextmanager
    def outermost(self) -> Iterator[None]:
        """Emit and remember outside every block: before the branch that is being built.

        The program's context is read there. In two branches the compiler would make one read of
        two, at an address it chooses between, which the verifier refuses.
        """
        inner = self._blocks[1:], self._known[1:]
        del self._blocks[1:], self._known[1:]
        try:
            yield
        finally:
            self._blocks += inner[0]
            self._known += inner[1]

    def known(self, key: object) -> Value | Buffer | None:
        """Return what was remembered under a key in this block or one around it."""
        for layer in reversed(self._known):
            if key in layer:
                return layer[key]
        return None

    def remember(self, key: object, value: Value | Buffer) -> None:
        """Remember a value under a key while the current block lasts."""
        self._known[-1][key] = value

    def declare(self, name: str, type_: CType, value: Value) -> Variable:
        """Emit a new local variable and return it."""
        variable = Variable(self.names.take(name), type_)
        self.emit(Declare(variable, value))
        return variable

    def buffer(self, name: str, size: int) -> Buffer:
        """Return room for `size` bytes: on the stack when small, else in the program's scratch."""
        unique = self.names.take(name)
        if size <= LARGEST_STACK_BUFFER:
            return Buffer(unique, size, Home.STACK)
        self.scratch.append(ScratchField(unique, size))
        return Buffer(unique, size, Home.SCRATCH)

    def scratch_buffer(self, name: str, size: int) -> Buffer:
        """Return room in scratch memory, which loops may index."""
        unique = self.names.take(name)
        self.scratch.append(ScratchField(unique, size))
        return Buffer(unique, size, Home.SCRATCH)


def key_of(purpose: str, expression: Expression) -> tuple[str, Expression]:
    """Return the key under which an expression's value is remembered for a purpose."""
    return purpose, expression
