"""Dotted paths through the kernel's structs: `struct sock.__sk_common.skc_daddr`, `task.mm.pgd`."""

from __future__ import annotations

import re
from typing import Final

from tracelang.dataclass import dataclass
from tracelang.diagnostics import DiagnosticError, fail
from tracelang.registry import nearest
from tracelang.semantic.type_table import FoundMember, TypeTable
from tracelang.semantic.types import Array, EnumType, Int, Pointer, Space, Struct, Type

_TASK: Final = "task_struct"
_INDEX: Final = re.compile(r"\[\d*\]")


@dataclass(frozen=True, slots=True)
class FoundPath:
    """Where a path leads: a member, and the struct it stands in (not the path's first)."""

    path: str
    owner: Struct
    name: str
    member: FoundMember
    behind: Struct | None
    """The struct that the member is, has elements of, or points to."""

    def describe(self) -> str:
        """Return one line: type, and place in the struct that has the member itself."""
        place = f"offset {self.member.offset}"
        if self.member.bits is not None:
            first, count = self.member.bits
            place += f", {count} bit{'s' * (count != 1)} from bit {first}"
        elif size := _size(self.member.type):
            place += f", {size} bytes"
        return f"{self.path}: {self.member.type}\n    in `{self.owner}`, {place}"

    def struct_id(self) -> int:
        """Return the BTF id of the struct behind the member, 0 for none."""
        return self.behind.id if self.behind is not None else 0


def find_path(keyword: str, path: str, types: TypeTable) -> FoundPath | None:
    """Follow a path; None where its first word is no struct.

    Pointers, arrays and anonymous structs are gone through as `.` does in scripts; `task` is the
    running task. Raises T205 for a member that does not exist, T206 where there are none.
    """
    first, *names = _INDEX.sub("", path).split(".")
    if not all(names):
        return None
    root = types.struct(first, keyword or "struct") or (
        None if keyword else types.struct(first, "union")
    )
    if root is None and first == "task" and not keyword:
        root = types.struct(_TASK)
    if root is None:
        return None
    inside: Struct | None = root
    for number, name in enumerate(names):
        if inside is None or not inside.id:
            raise fail("T206", f"`{'.'.join((first, *names[:number]))}` has no members")
        owner = inside
        found = types.member(owner, name, Space.KERNEL)
        if found is None:
            raise _no_member(owner, name, types)
        member, inside = found, _struct_behind(found.type, types)
    return FoundPath(f"{keyword} {path}".strip(), owner, names[-1], member, inside)


def _struct_behind(type_: Type, types: TypeTable) -> Struct | None:
    match type_:
        case Struct():
            return type_
        case Array(element, _):
            return _struct_behind(element, types)
        case Pointer():
            target = types.pointee(type_)
            return target if isinstance(target, Struct) else None
    return None


def _size(type_: Type) -> int:
    return (
        TypeTable.size_of(type_)
        if isinstance(type_, Int | EnumType | Pointer | Struct | Array)
        else 0
    )


def _no_member(struct: Struct, name: str, types: TypeTable) -> DiagnosticError:
    names = tuple(types.member_names(struct))
    near = nearest(name, names)
    help_ = [f"did you mean {' or '.join(f'`{n}`' for n in near)}?"] if near else []
    help_.append(f"see what there is: `tracelang describe '{struct}'`")
    return fail("T205", f"`{struct}` has no member `{name}` on this kernel", help=help_)
