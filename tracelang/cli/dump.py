"""Trees of dataclasses as stable, readable text: one node a line, children indented."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Final

from tracelang.source import SourceFile, Span

_INDENT: Final = "  "
_SKIPPED: Final = (Span, SourceFile)


def dump(value: object) -> str:
    """Return a tree's text, ending in a newline. Places in the script are left out."""
    return "\n".join(_lines("", value, 0)) + "\n"


def _lines(label: str, value: object, depth: int) -> list[str]:
    margin = _INDENT * depth + (f"{label}: " if label else "")
    if is_dataclass(value) and not isinstance(value, type):
        simple: list[tuple[str, object]] = []
        nested: list[tuple[str, object]] = []
        for field in fields(value):
            item = getattr(value, field.name)
            if isinstance(item, _SKIPPED) or field.name in ("span", "name_span", "comments"):
                continue
            (simple if _is_simple(item) else nested).append((field.name, item))
        head = " ".join(f"{name}={_simple(item)}" for name, item in simple)
        lines = [f"{margin}{type(value).__name__} {head}".rstrip()]
        for name, item in nested:
            lines += _lines(name, item, depth + 1)
        return lines
    if isinstance(value, tuple | list):
        lines = [f"{margin}{'' if value else '()'}".rstrip()]
        for item in value:
            lines += (
                _lines("-", item, depth + 1)
                if not is_dataclass(item)
                else _lines("", item, depth + 1)
            )
        return lines
    return [f"{margin}{_simple(value)}"]


def _is_simple(value: object) -> bool:
    if is_dataclass(value) and not isinstance(value, type):
        return False
    return (
        not isinstance(value, tuple | list)
        or not value
        or all(isinstance(item, str | int) for item in value)
    )


def _simple(value: object) -> str:
    if isinstance(value, Enum):
        return value.name
    return repr(value)
