"""The line below the prompt: what stands under the cursor, or what is wrong with the text.

Both are worked out beside the typing, by a thread that always takes the newest text. A text that is
right is compiled there as well when the typing pauses, so that it runs at once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

from prompt_toolkit.formatted_text import StyleAndTextTuples

from tracelang.diagnostics import Diagnostic
from tracelang.repl.workshop import Workshop

_HINT: Final = "Tab: what can stand here   Alt-Enter: new line   :help   Ctrl-D: leave"
_PAUSE: Final = 0.4
"""Seconds without a key after which a right text is compiled: it may be about to be run."""
_AT_THE_END: Final = ("T103", "T106", "T107", "T119", "T150")
"""What is wrong with a text that is not finished."""


class ToolBar:
    """Answers for the newest text; `changed` is called when there is a new answer."""

    def __init__(self, workshop: Workshop, changed: Callable[[], None]) -> None:
        self._workshop = workshop
        self._changed = changed
        self._wanted: tuple[str, int] = ("", 0)
        self._shown: StyleAndTextTuples = [("", _HINT)]
        self._is_right = False
        self._news = threading.Event()
        threading.Thread(target=self._answer, daemon=True).start()

    def ask(self, text: str, position: int) -> None:
        """Ask about a place of a text; the answer comes later, or never if another is asked."""
        self._wanted = (text, position)
        self._news.set()

    def show(self, columns: int) -> StyleAndTextTuples:
        """Return the newest answer, cut to a width."""
        shown: StyleAndTextTuples = []
        room = columns - 1
        for style, text, *_ in self._shown:
            cut = text if len(text) <= room else text[: max(0, room - 1)] + "…"
            shown.append((style, cut))
            room -= len(cut)
        return shown

    def _answer(self) -> None:
        while True:
            self._news.wait()
            self._news.clear()
            text, position = self._wanted
            try:
                self._shown = self._work_out(text, position)
                self._changed()
                if self._is_right and not self._news.wait(_PAUSE):
                    self._workshop.prepare(text)
            except Exception:  # noqa: BLE001 - running the text tells of it; the line stays empty
                self._shown = [("", "")]
                self._changed()

    def _work_out(self, text: str, position: int) -> StyleAndTextTuples:
        self._is_right = False
        if not text.strip():
            return [("", _HINT)]
        if text.startswith(":"):
            return [("", "")]
        trouble = self._workshop.check(text)
        if trouble is not None and (told := _worth_telling(trouble.diagnostics, text, position)):
            return [("class:bottom-toolbar.error", told)]
        self._is_right = trouble is None
        meaning = self._workshop.describe(text, position)
        name, colon, rest = meaning.partition(": ")
        if not colon:
            return [("", meaning)]
        return [("class:bottom-toolbar.name", name), ("", f"{colon}{rest}")]


def _worth_telling(diagnostics: tuple[Diagnostic, ...], text: str, position: int) -> str:
    """Return the first line of what is wrong; not of the word that is just being typed."""
    end = len(text.rstrip())
    for diagnostic in diagnostics:
        place = diagnostic.primary.span if diagnostic.primary is not None else None
        unfinished = diagnostic.code in _AT_THE_END and position >= end
        typing = place is not None and place.start <= position <= place.end
        if not unfinished and not typing:
            return diagnostic.message
    return ""
