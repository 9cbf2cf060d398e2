"""Columns: which fields a rule shows, what they are called, and how each is read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from tracelang.decoders.protocol import Decoding
from tracelang.diagnostics import fail
from tracelang.semantic import prelude
from tracelang.semantic.expressions import ContextPlace, Expression, Place
from tracelang.semantic.model import ResolvedTarget
from tracelang.semantic.scope import ScriptScope
from tracelang.semantic.types import (
    Array,
    Bytes,
    EnumType,
    Flavour,
    Int,
    Ip,
    Pointer,
    Stack,
    Struct,
    Text,
    Type,
)
from tracelang.semantic.values import as_text
from tracelang.source import Span
from tracelang.syntax import ast

_DEFAULT: Final = ("time", "comm", "pid")
_CODES: Final = {
    (1, False): "B",
    (1, True): "b",
    (2, False): "H",
    (2, True): "h",
    (4, False): "I",
    (4, True): "i",
    (8, False): "Q",
    (8, True): "q",
}


def default_fields(targets: Iterable[ResolvedTarget], span: Span) -> tuple[ast.Field, ...]:
    """Return what a rule without `capture` shows: time, comm, pid and what its targets share."""
    targets = tuple(targets)
    names = [a.name for a in targets[0].arguments if _shown(a.type)]
    for target in targets[1:]:
        names = [n for n in names if any(a.name == n and _shown(a.type) for a in target.arguments)]
    if all(t.returns is not None for t in targets):
        names.append("retval")
    lead = list(_DEFAULT) if targets[0].has_task else ["time"]
    if len(targets) > 1:
        lead.append("func")
    fields = [ast.Field(ast.Name(name, span=span), span=span) for name in lead]
    fields += [ast.Field(_argument(name, span), name, span=span) for name in names]
    return tuple(fields)


def _argument(name: str, span: Span) -> ast.Expr:
    """Name an argument of the target so that no builtin hides it."""
    if name == "retval":
        return ast.Name(name, span=span)
    return ast.Member(ast.Name("args", span=span), name, span, span=span)


def _shown(type_: Type) -> bool:
    match type_:
        case Struct():
            return False
        case Array(element, length):
            return isinstance(element, Int | EnumType) and 0 < length <= 256
    return True


def column_name(field: ast.Field) -> str:
    """Return a column's name: its alias, or what the expression is about."""
    if field.alias:
        return field.alias
    expr = field.expression
    while True:
        match expr:
            case ast.Name(name) | ast.Member(_, name):
                return name
            case ast.Index(base, _):
                expr = base
            case ast.Call(function, _) if function in prelude.FUNCTIONS:
                return function
            case ast.Call("cast" | "str" | "buf", (first, *_)):
                expr = first
            case ast.Call(_, (first,)) if isinstance(first, ast.Name | ast.Member | ast.Call):
                expr = first
            case ast.Call(function, _):
                return function
            case _:
                return " ".join(expr.span.text.split())[:40]


def unique_names(names: Iterable[str]) -> list[str]:
    """Return the names with `_2`, `_3` … behind repeated ones."""
    seen: dict[str, int] = {}
    result = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        result.append(name if seen[name] == 1 else f"{name}_{seen[name]}")
    return result


def displayable(value: Expression, span: Span, script: ScriptScope) -> Expression:
    """Return the value in the form it is stored in, with the decoding it is shown by."""
    if value.decoding is None or value.decoding.decoder in ("text", "buf"):
        text = as_text(value, script)
        if text is not None:
            return replace(text, decoding=natural_decoding(text.type), span=span)
    value = _storable(value, span, script)
    if value.decoding is None:
        value = replace(value, decoding=natural_decoding(value.type))
    return value


def _storable(value: Expression, span: Span, script: ScriptScope) -> Expression:
    type_ = value.type
    if isinstance(type_, Struct):
        some = ", ".join(list(script.types.member_names(type_))[:6])
        help_ = [f"capture a member of it: {some}, …"] if some else []
        raise fail("T219", f"`{type_}` is a whole struct, not a value", span, help=help_)
    if not isinstance(type_, Array) or not isinstance(value, Place | ContextPlace):
        return value
    element, size = type_.element, type_.length * type_.element_size
    if isinstance(element, Pointer):
        code = "Q"
    elif isinstance(element, Int | EnumType):
        code = _CODES[element.size, element.signed]
    else:
        raise fail(
            "T219", f"`{type_}` cannot be captured whole", span, help=["name an element: `[0]`"]
        )
    if not 0 < size <= 4096:
        raise fail(
            "T219", f"`{type_}` has no length to capture", span, help=["name an element: `[0]`"]
        )
    decoding = value.decoding or Decoding("array", (code, type_.length))
    return replace(value, type=Bytes(size), decoding=decoding)


def natural_decoding(type_: Type) -> Decoding:
    """Return how values of a type are shown when nothing else is asked for."""
    match type_:
        case Int(flavour=Flavour.BOOL):
            return Decoding("bool")
        case Int(flavour=Flavour.DURATION):
            return Decoding("duration")
        case EnumType():
            return Decoding("enum", (type_.values,))
        case Pointer():
            return Decoding("pointer")
        case Text(limit, natural):
            return Decoding("text", () if natural else (limit,))
        case Bytes(counted=counted):
            return Decoding("buf", ("counted",) if counted else ())
        case Ip():
            return Decoding("ip")
        case Stack():
            return Decoding("kstack")
    return Decoding("int")
