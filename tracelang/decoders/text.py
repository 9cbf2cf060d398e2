"""Text in the kernel's sense: bytes up to a NUL."""

from __future__ import annotations

from typing import Final

from tracelang.decoders.definition import Definition, reading, remember
from tracelang.decoders.escape import show_bytes, whole_characters
from tracelang.decoders.protocol import DecodeContext, Operand, Reading, Shape

CUT_MARK: Final = "…"
_REMEMBERED_BYTES: Final = 256
"""Longer texts are paths and command lines, seldom twice the same, and would fill memory."""


def _read_text(arguments: tuple[object, ...], context: DecodeContext) -> Reading:
    """Bind `text` or `text(limit)`: texts longer than the limit end in `…` and are counted."""
    limit = arguments[0] if arguments and isinstance(arguments[0], int) else context.text_limit

    def cut(head: bytes) -> bytes:
        context.on_cut()
        return whole_characters(head[:limit])

    def show(raw: bytes) -> str:
        head = raw.partition(b"\0")[0]
        return show_bytes(head) if len(head) <= limit else show_bytes(cut(head)) + CUT_MARK

    def keep(raw: bytes) -> str | bytes:
        head = raw.partition(b"\0")[0]
        mark = ""
        if len(head) > limit:
            head, mark = cut(head), CUT_MARK
        try:
            return head.decode() + mark
        except UnicodeDecodeError:
            return head + mark.encode()

    def is_whole(raw: bytes) -> bool:
        # Each cut must be counted, so texts that are cut are never remembered.
        return len(raw) <= _REMEMBERED_BYTES and (len(raw) <= limit or 0 <= raw.find(0) <= limit)

    return reading(
        remember(show, is_whole), machine=remember(keep, is_whole), differs=False, shape=Shape.TEXT
    )


DECODERS: Final = (
    Definition(
        "text",
        "text up to its NUL, cut at the limit with `…`",
        _read_text,
        operand=Operand.BYTES,
        width=16,
    ),
)
