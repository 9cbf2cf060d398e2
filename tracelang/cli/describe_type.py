"""The kernel's types, members of structs, and functions, as text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tracelang.cli.describe_function import describe_probes
from tracelang.cli.member_path import find_path
from tracelang.kernel.btf import Btf
from tracelang.kernel.c_text import describe_type as c_text
from tracelang.semantic.probe_kind import TargetScope

_KEYWORDS: Final = ("struct", "union", "enum")
_KINDS: Final = ("struct", "union", "enum", "typedef", "function", "variable", "int")


def describe_type(name: str, scope: TargetScope) -> Iterator[str]:
    """Yield what a kernel's name stands for, if anything: a type, function, variable or member.

    Raises T205 to T207 for a member that does not exist.
    """
    btf = scope.types.btf
    if btf is None:
        return
    keyword, _, bare = name.rpartition(" ")
    if keyword and keyword not in _KEYWORDS:
        return
    if "." in bare:
        yield from _describe_member(keyword, bare, scope)
        return
    for kind in (keyword,) if keyword else _KINDS:
        if btf.find(kind, bare) is None:
            continue
        text = _text(btf, kind, bare)
        yield f"{text}\n\n{describe_probes(bare, scope)}" if kind == "function" else text


def _text(btf: Btf, kind: str, name: str) -> str:
    found = btf.find(kind, name)
    assert found is not None
    return c_text(btf, found)


def _describe_member(keyword: str, path: str, scope: TargetScope) -> Iterator[str]:
    found = find_path(keyword, path, scope.types)
    if found is None:
        return
    yield found.describe()
    body = found.struct_id()
    if body and scope.types.btf is not None:
        yield c_text(scope.types.btf, body)
