"""Types as scripts write them (`struct sock`, `u32`, `char *`), and what resembles a wrong one."""

from __future__ import annotations

from tracelang.diagnostics import fail
from tracelang.registry import did_you_mean, nearest
from tracelang.semantic.type_table import TypeTable
from tracelang.semantic.types import Space, Type
from tracelang.syntax import ast


def find_type(written: ast.TypeName, space: Space, types: TypeTable, *more: str) -> Type:
    """Return the type of this kernel that is written so, pointers to it pointing into `space`.

    Raises T225 with the nearest there are; `more` are names allowed besides the kernel's.
    """
    found = types.named(written, space)
    if found is not None:
        return found
    names = (*more, *types.plain_names())
    if written.keyword and types.btf is not None:
        names = tuple(types.btf.names(written.keyword))
    prefix = f"{written.keyword} " if written.keyword else ""
    help_ = did_you_mean(nearest(written.name, dict.fromkeys(names)), prefix)
    if not written.keyword and types.struct(written.name) is not None:
        help_ = [f"did you mean `struct {written.name}`?"]
    if types.btf is None:
        help_.append("this kernel has no type information (BTF)")
    what = " ".join(written.span.text.split())
    raise fail("T225", f"this kernel has no type `{what}`", written.span, help=help_)
