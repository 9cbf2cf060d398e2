"""Values as C text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from tracelang.codegen.literals import c_string
from tracelang.plan.c_types import CType
from tracelang.plan.code.values import (
    Buffer,
    BufferAddress,
    ContextAddress,
    ContextMember,
    ContextSlot,
    Convert,
    Helper,
    Home,
    Literal,
    MaskedBytes,
    Member,
    MemberAddress,
    Number,
    Operation,
    Prefix,
    StartMember,
    Value,
    Variable,
)

_OPPOSITES: Final = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
_HOMES: Final = {
    Home.STACK: "",
    Home.SCRATCH: "scratch->",
    Home.EVENT: "event->",
    Home.KEY: "key->",
    Home.START: "start->",
}


class ValueWriter:
    """Writes values; `use` is told the name of every prelude function that is called."""

    def __init__(self, use: Callable[[str], str]) -> None:
        self._use = use

    def write(self, value: Value) -> str:
        """Return a value's C text, in parentheses where it is more than one word or call."""
        match value:
            case Number(number, type_) if number and type_.name.endswith("*"):
                return self._call("pointer", f"{number:#x}ULL")
            case Number(number, type_):
                return _number(number, type_)
            case Variable(name):
                return name
            case ContextMember() | ContextSlot() | ContextAddress() | StartMember():
                return self._in_context(value)
            case Helper(name, arguments):
                return self._call(name, *(self.write(a) for a in arguments))
            case Operation(operator, left, right):
                return f"({self.write(left)} {operator} {self.write(right)})"
            case Prefix(operator, operand):
                text = self.write(operand)
                # Two minus signs side by side would be another operator.
                return f"{operator}({text})" if text.startswith("-") else f"{operator}{text}"
            case Convert(operand, type_):
                return f"({type_.name}){self.write(operand)}"
        return self._memory(value)

    def _memory(
        self,
        value: ContextAddress | Member | MemberAddress | BufferAddress | Literal | MaskedBytes,
    ) -> str:
        """Return the C text of an address, a member, or a test of what lies in a buffer."""
        match value:
            case ContextAddress(offset):
                return self._call("context_at", "ctx", self.write(offset))
            case Member(base, path):
                return f"{base.name}->{_path(path)}"
            case MemberAddress(base, path):
                return f"&{base.name}->{_path(path)}"
            case BufferAddress(buffer, at):
                return self._at(buffer, at)
            case Literal(buffer, at, data):
                return self._literal(buffer, at, data)
            case MaskedBytes(buffer, at, mask, data):
                return self._masked(buffer, at, mask, data)

    def bare(self, value: Value) -> str:
        """Return a value's C text without parentheses around the whole."""
        text = self.write(value)
        if isinstance(value, Operation):
            return text[1:-1]
        return text

    def negated(self, value: Value) -> str:
        """Return the C text of a condition's opposite, without parentheses around the whole."""
        match value:
            case Prefix("!", operand):
                return self.bare(operand)
            case Operation(operator, left, right, type_) if operator in _OPPOSITES:
                return self.bare(Operation(_OPPOSITES[operator], left, right, type_))
        return f"!{self.write(value)}"

    def buffer(self, buffer: Buffer) -> str:
        """Return a buffer's name in C."""
        return _HOMES[buffer.home] + buffer.name

    def _in_context(self, value: ContextMember | ContextSlot | ContextAddress | StartMember) -> str:
        match value:
            case ContextMember(name):
                return f"ctx->{name}"
            case StartMember(name):
                return f"start->{name}"
            case ContextSlot(index):
                return f"ctx[{index}]"
            case ContextAddress(offset):
                return self._call("context_at", "ctx", self.write(offset))

    def _call(self, name: str, *arguments: str) -> str:
        self._use(name)
        return f"{name}({', '.join(arguments)})"

    def _at(self, buffer: Buffer, offset: int) -> str:
        name = self.buffer(buffer)
        return f"{name} + {offset}" if offset else name

    def _literal(self, buffer: Buffer, offset: int, data: bytes) -> str:
        """Compare whole words: the text as a comment, the words as numbers of this byte order."""
        tests = []
        at = 0
        while at < len(data):
            size = next(s for s in (8, 4, 2, 1) if at + s <= len(data))
            word = int.from_bytes(data[at : at + size], "little")
            read = self._call(f"word{size * 8}", self._at(buffer, offset + at))
            tests.append(f"{read} == {word:#x}")
            at += size
        return f"({' && '.join(tests)}) /* {c_string(data.rstrip(bytes(1)))} */"

    def _masked(self, buffer: Buffer, offset: int, mask: bytes, data: bytes) -> str:
        read = self._call("word64", self._at(buffer, offset))
        mask_word, word = (int.from_bytes(b, "little") for b in (mask, data))
        if mask == b"\xff" * 8:
            return f"({read} == {word:#x})"
        return f"(({read} & {mask_word:#x}) == {word:#x})"


def _path(path: tuple[str, ...]) -> str:
    return ".".join(path)


def _number(number: int, type_: CType) -> str:
    if type_.name.endswith("*"):
        return "NULL"
    if number == -(1 << 63):
        return "(-0x7fffffffffffffffLL - 1)"
    suffix = {"u64": "ULL", "s64": "LL"}.get(type_.name, "")
    if abs(number) >= 1 << 31 and not suffix:
        suffix = "LL" if number < 0 else "U"
    text = f"{number:#x}" if number > 0xFFFF_FFFF else str(number)
    return f"({text}{suffix})" if number < 0 else f"{text}{suffix}"
