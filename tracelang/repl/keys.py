"""The keys of the prompt: when Enter runs a script, and when it begins a new line."""

from __future__ import annotations

import re

from prompt_toolkit.buffer import Buffer
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent

from tracelang.diagnostics import Diagnostic, DiagnosticError
from tracelang.source import SourceFile
from tracelang.syntax.parse import parse_script
from tracelang.syntax.partial import mask

_UNFINISHED = ("T106", "T107", "T150")
"""A bracket is open, something must follow, a comma is last."""
_WITHOUT_END = "T119"
"""A span that is not said to end."""
_ITEM = re.compile(r"(?<![\w.])(?:probe|span|param|let|table|stop)\s|;")


def make_bindings() -> KeyBindings:
    """Return the bindings that differ from prompt_toolkit's own."""
    bindings = KeyBindings()

    @bindings.add("enter")
    def _(event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        chosen = buffer.complete_state.current_completion if buffer.complete_state else None
        if chosen is not None:
            buffer.complete_state = None  # it is in the text already
        elif _runs(buffer):
            buffer.validate_and_handle()
        else:
            buffer.newline(copy_margin=False)

    @bindings.add("escape", "enter")
    def _(event: KeyPressEvent) -> None:
        event.current_buffer.newline(copy_margin=False)

    @bindings.add("c-c")
    def _(event: KeyPressEvent) -> None:
        # Nothing is lost: what was typed can be had back by the Up key.
        if event.current_buffer.text.strip():
            event.current_buffer.append_to_history()
        event.current_buffer.text = ""  # `reset` alone tells nobody, and the tool bar asks
        event.current_buffer.reset()

    return bindings


def _runs(buffer: Buffer) -> bool:
    """Tell whether Enter ends the text: at its end, when it is complete or a line is left empty."""
    if buffer.document.on_first_line and buffer.text.lstrip().startswith(":"):
        return True
    if not buffer.document.on_last_line:
        return False
    return not buffer.document.current_line.strip() or not is_unfinished(buffer.text)


def is_unfinished(text: str) -> bool:
    """Tell whether a text is a script that goes on, as far as it goes."""
    try:
        parse_script(SourceFile("<prompt>", text))
    except DiagnosticError as error:
        return any(_is_at_end(d, len(text.rstrip())) for d in error.diagnostics)
    return False


def _is_at_end(diagnostic: Diagnostic, end: int) -> bool:
    if diagnostic.code == _WITHOUT_END and diagnostic.primary is not None:
        span = diagnostic.primary.span
        return _ITEM.search(mask(span.source.text), span.end) is None
    labels = [label for label in (diagnostic.primary, *diagnostic.secondary) if label is not None]
    return diagnostic.code in _UNFINISHED and any(label.span.end >= end for label in labels)
