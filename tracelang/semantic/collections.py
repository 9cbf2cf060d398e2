"""Functions that collect several texts: the words of an argument list, the names of a path."""

from __future__ import annotations

from typing import Final

from tracelang.decoders.protocol import Decoding
from tracelang.diagnostics import fail
from tracelang.semantic import members
from tracelang.semantic.expressions import AddressOf, Constant, Expression, PathAt, Place, TextsAt
from tracelang.semantic.names import Resolves
from tracelang.semantic.types import Bytes, Pointer, Space, Struct
from tracelang.semantic.values import describe
from tracelang.source import Span
from tracelang.syntax import ast

MOST_WORDS: Final = 20
_WALK: Final = (
    ("dentry", ("d_parent",)),
    ("dentry", ("d_name", "name")),
    ("vfsmount", ("mnt_root",)),
    ("mount", ("mnt",)),
    ("mount", ("mnt_parent",)),
    ("mount", ("mnt_mountpoint",)),
)
"""The members the way from a dentry to the root leads through."""


def room(text_limit: int) -> int:
    """Return the bytes all texts together may take: eight of the largest, 4 KiB at the most."""
    return min(4096, 8 * text_limit)


def join_words(call: ast.Call, value: Expression, resolver: Resolves) -> Expression:
    """Return `join(argv)`: the texts of an array of pointers that ends in NULL."""
    if not isinstance(value.type, Pointer):
        raise fail(
            "T222", f"`join` takes a pointer to texts, this is {describe(value)}", value.span
        )
    limit = resolver.scope.script.text_limit
    space = Space.USER if value.type.space is Space.EITHER else value.type.space
    type_ = Bytes(room(limit) + limit + 2, counted=True)
    decoding = Decoding("join")
    return TextsAt(type_, value, space, limit + 2, MOST_WORDS, decoding=decoding, span=call.span)


def full_path(call: ast.Call, value: Expression, resolver: Resolves) -> Expression:
    """Return `path(p)`: of a `struct path`, `struct file`, `struct dentry`, or a pointer to one."""
    script = resolver.scope.script
    struct = value.type
    if isinstance(struct, Pointer):
        target = script.types.pointee(struct)
        struct = target if isinstance(target, Struct) else struct
    if not isinstance(struct, Struct) or struct.name not in ("path", "file", "dentry"):
        raise fail(
            "T222",
            f"`path` takes a `struct path`, `file` or `dentry`, this is {describe(value)}",
            value.span or call.span,
            help=["name a member that is one, such as `file.f_path`"],
        )
    type_ = Bytes(room(script.text_limit) + 256, counted=True)
    decoding = Decoding("path")
    layout = tuple(_walked(name, path, resolver, call.span) for name, path in _WALK)
    if struct.name == "dentry":
        dentry = value
        if isinstance(value, Place) and isinstance(value.type, Struct):
            dentry = AddressOf(script.types.pointer_to(struct, value.space), value)
        return PathAt(type_, dentry, None, layout, decoding=decoding, span=call.span)

    def member(base: Expression, name: str) -> Place:
        return members.member(base, name, call.span, call.span, script)

    base = member(value, "f_path") if struct.name == "file" else value
    return PathAt(
        type_,
        member(base, "dentry"),
        member(base, "mnt"),
        layout,
        decoding=decoding,
        span=call.span,
    )


def _walked(name: str, path: tuple[str, ...], resolver: Resolves, span: Span) -> Place:
    script = resolver.scope.script
    struct = script.types.struct(name)
    if struct is None:
        raise fail("T207", f"this kernel does not describe `struct {name}`", span)
    value: Expression = Constant(script.types.pointer_to(struct), 0)
    for step in path:
        value = members.member(value, step, span, span, script)
    assert isinstance(value, Place)
    return value
