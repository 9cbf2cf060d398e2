"""Targets as words: `kind:part:part+offset`, taken apart and put together."""

from __future__ import annotations

import re
from typing import Final

from tracelang.diagnostics import fail
from tracelang.source import Span
from tracelang.syntax.ast import Target, TargetArgument
from tracelang.syntax.escapes import read_text, write_text
from tracelang.syntax.literals import MAX_INTEGER

_PART: Final = re.compile(r':("(?:\\.|[^"\\\n])*"|[^\s:,;#"\'(){}]*)')
_OFFSET: Final = re.compile(r"\+(0[xX][0-9A-Fa-f]+|[0-9]+)$")
_PLAIN: Final = re.compile(r"[^\s:,;#\"'(){}]+")


def read_target(span: Span, arguments: tuple[TargetArgument, ...] | None, whole: Span) -> Target:
    """Return the target whose word is at `span` (`whole` with its arguments); T117 if malformed."""
    kind, colon, _ = span.text.partition(":")
    parts: list[str] = []
    position = span.start + len(kind)
    offset = 0
    while colon and (match := _PART.match(span.source.text, position, span.end)):
        place = Span(span.source, match.start(1), match.end())
        position = match.end()
        text = place.text
        if text.startswith('"'):
            parts.append(read_text(place))
            continue
        if position == span.end and (tail := _OFFSET.search(text)):
            offset = _read_offset(tail[1], span)
            text = text[: tail.start()]
        parts.append(_require(text, span, place))
    if position < span.end:  # only an offset can follow a quoted part
        tail = _OFFSET.fullmatch(span.source.text, position, span.end)
        if tail is None:
            rest = Span(span.source, position, span.end)
            raise fail(
                "T117",
                f"`{rest.text}` is not an offset",
                rest,
                help=["write it like `+16` or `+0x10`"],
            )
        offset = _read_offset(tail[1], span)
    return Target(kind, tuple(parts), offset, arguments, span=whole)


def _read_offset(text: str, span: Span) -> int:
    value = int(text, 16 if text[:2] in ("0x", "0X") else 10) if len(text) < 64 else MAX_INTEGER + 1
    if value > MAX_INTEGER:
        raise fail("T113", "this offset does not fit into 64 bits", span)
    return value


def _require(text: str, span: Span, place: Span) -> str:
    if text:
        return text
    if place.start == span.end:
        raise fail(
            "T117",
            f"`{span.text}` is not finished",
            span,
            help=["the name follows right after the colon, as in `kprobe:vfs_read`"],
        )
    raise fail(
        "T117",
        f"`{span.text}` has an empty part",
        span,
        help=['a name with colons in it is quoted: `uprobe:/bin/app:"ns::function"`'],
    )


def write_target_word(target: Target) -> str:
    """Return the target without its arguments, quoted where need be; `read_target` reads it."""
    last = len(target.parts) - 1
    words = [
        part if _is_plain(part, last=index == last) else write_text(part)
        for index, part in enumerate(target.parts)
    ]
    offset = f"+{target.offset:#x}" if target.offset else ""
    return ":".join((target.kind, *words)) + offset


def _is_plain(part: str, *, last: bool) -> bool:
    plain = _PLAIN.fullmatch(part) and part.isprintable()
    return bool(plain) and not (last and _OFFSET.search(part))
