"""The kernel types a program needs: only the members it reads, each at its place."""

from __future__ import annotations

from typing import Final

from tracelang.plan.c_types import integer
from tracelang.plan.identifiers import c_identifier
from tracelang.plan.ir import StructDeclaration, StructMember
from tracelang.semantic.expressions import Step
from tracelang.semantic.types import Array, Bytes, Ip, Pointer, Struct, Text, Type, is_scalar, width

_BCC_TAGS: Final = ("bpf_", "btf_", "xdp_", "sk_msg_md", "sk_reuseport_md", "__sk_buff", "ethhdr")
"""Tags that bcc's own headers define: types of the kernel with such a name get a prefix."""


class Structs:
    """Collects declarations while programs are lowered."""

    def __init__(self) -> None:
        self._sizes: dict[tuple[str, str], int] = {}
        self._members: dict[tuple[str, str], dict[str, StructMember]] = {}

    def tag(self, struct: Struct) -> str:
        """Return the C text of a struct's type, declaring it."""
        return self.declare(struct.keyword, struct.name or f"anonymous_{struct.id}", struct.size)

    def declare(self, keyword: str, name: str, size: int) -> str:
        """Return the C text of a type of `size` bytes, declaring it."""
        key = (keyword, _spelling(name))
        self._sizes.setdefault(key, size)
        self._members.setdefault(key, {})
        return " ".join(key)

    def member(self, tag: str, name: str, c_type: str, offset: int, count: int = 0) -> str:
        """Declare a member of `tag`; return the name it got (another one where types differ)."""
        keyword, _, struct = tag.partition(" ")
        members = self._members[keyword, struct]
        wanted = StructMember(c_identifier(name), c_type, offset, count)
        while members.setdefault(wanted.name, wanted) != wanted:
            wanted = StructMember(f"{wanted.name}_{c_identifier(c_type)}", c_type, offset, count)
        return wanted.name

    def path(self, struct: Struct, steps: tuple[Step, ...], last: str | None) -> tuple[str, ...]:
        """Declare a path from `struct`, and return it in C; `last` is the C type at its end."""
        tag = self.tag(struct)
        result: list[str] = []
        index = 0
        while index < len(steps):
            step = steps[index]
            indexes = []
            type_ = step.type
            while index + 1 < len(steps) and steps[index + 1].name.startswith("["):
                index += 1
                indexes.append(steps[index].name)
                type_ = steps[index].type
            at_end = index == len(steps) - 1
            c_type, count = self._spell(tag, step, type_, last if at_end else None, bool(indexes))
            result.append(
                self.member(tag, step.name, c_type, step.offset, count) + "".join(indexes)
            )
            if isinstance(type_, Struct):
                tag = c_type
            index += 1
        return tuple(result)

    def _spell(
        self, parent: str, step: Step, type_: Type, last: str | None, indexed: bool
    ) -> tuple[str, int]:
        """Return a member's C type and, for an array, its elements."""
        count = step.type.length or 1 if isinstance(step.type, Array) else 0
        if last is not None and not isinstance(type_, Struct | Array):
            return last, count if indexed else 0
        if isinstance(type_, Struct):
            name = type_.name or f"{parent.partition(' ')[2]}__{step.name}"
            return self.declare(type_.keyword, name, type_.size), count
        if isinstance(type_, Array):
            return "u8", max(1, type_.length * type_.element_size)
        return c_type_of(type_), count

    def declarations(self) -> tuple[StructDeclaration, ...]:
        """Return every declared type, those embedded in others first."""
        done: dict[tuple[str, str], StructDeclaration] = {}

        def add(key: tuple[str, str]) -> None:
            if key in done:
                return
            members = sorted(self._members[key].values(), key=lambda m: (m.offset, m.name))
            for member in members:
                keyword, _, name = member.type.partition(" ")
                if (keyword, name) in self._sizes and (keyword, name) != key:
                    add((keyword, name))
            done[key] = StructDeclaration(*key, self._sizes[key], tuple(members))

        for key in sorted(self._sizes):
            add(key)
        return tuple(done.values())


def _spelling(name: str) -> str:
    return f"kernel_{name}" if name.startswith(_BCC_TAGS) else name


def c_type_of(type_: Type) -> str:
    """Return the C type a value of the type is held in."""
    if isinstance(type_, Pointer):
        return "void *"
    if is_scalar(type_):
        size, signed = width(type_)
        return integer(size, signed=signed).name
    if isinstance(type_, Text | Bytes | Ip):
        return "u8"
    raise TypeError(f"{type_} is not held in C")
