"""The prompt: reads a text, runs it, shows what is wrong with it, and reads again."""

from __future__ import annotations

import gc
import os
import platform
import sys
from contextlib import suppress

from prompt_toolkit import PromptSession
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.lexers import DynamicLexer, PygmentsLexer, SimpleLexer

from tracelang import __version__
from tracelang.cli.defect import excuse, report_defect
from tracelang.diagnostics import DiagnosticError
from tracelang.render import show
from tracelang.repl.colours import STYLE, colour_depth
from tracelang.repl.commands import Conversation, execute_command
from tracelang.repl.completer import ScriptCompleter
from tracelang.repl.history import open_history
from tracelang.repl.keys import make_bindings
from tracelang.repl.lexer import TracelangLexer
from tracelang.repl.settings import SOURCE_NAME, Settings
from tracelang.repl.toolbar import ToolBar
from tracelang.repl.workshop import Workshop

_PROMPT = "trace> "
_CONTINUED = "   ... "


def execute(_arguments: list[str]) -> int:
    """Read and run until the user leaves; return the exit status."""
    gc.enable()  # one compilation makes no garbage worth collecting; a whole day of them does
    settings = Settings()
    with Workshop(settings) as workshop:
        Prompt(workshop, Conversation(settings, workshop.kernel)).converse()
    return 0


class Prompt:
    """One session at a terminal."""

    def __init__(self, workshop: Workshop, conversation: Conversation) -> None:
        self._workshop = workshop
        self._conversation = conversation
        self._dumb = os.environ.get("TERM", "dumb") in ("dumb", "unknown")
        self._session = self._make_session()
        self._bar = ToolBar(workshop, self._session.app.invalidate)
        buffer = self._session.default_buffer
        buffer.on_text_changed += lambda b: self._bar.ask(b.text, b.cursor_position)
        buffer.on_cursor_position_changed += lambda b: self._bar.ask(b.text, b.cursor_position)

    def _make_session(self) -> PromptSession[str]:
        scripts, plain = PygmentsLexer(TracelangLexer), SimpleLexer()
        return PromptSession(
            [("class:prompt", _PROMPT)],
            multiline=True,
            prompt_continuation=_continue,
            lexer=DynamicLexer(lambda: plain if self._is_command() else scripts),
            completer=ScriptCompleter(self._workshop),
            complete_while_typing=True,
            complete_in_thread=True,
            history=open_history(),
            key_bindings=make_bindings(),
            bottom_toolbar=None if self._dumb else self._show_bar,
            style=STYLE,
            include_default_pygments_style=False,
            color_depth=colour_depth(),
        )

    def _is_command(self) -> bool:
        return self._session.default_buffer.text.startswith(":")

    def _show_bar(self) -> StyleAndTextTuples:
        return self._bar.show(self._session.app.output.get_size().columns)

    def converse(self) -> None:
        """Read and run texts until the user leaves."""
        print(f"tracelang {__version__} on Linux {platform.release()}; `:help` says more")
        position: int | None = None
        while not self._conversation.over:
            try:
                position = self._take_turn(position)
            except EOFError:
                return
            except KeyboardInterrupt:  # wherever it came: in a trace, or between two prompts
                position, self._conversation.draft = None, ""
                sys.stderr.write("\n")

    def _take_turn(self, position: int | None) -> int | None:
        """Read a text and do what it says; return where it is to be mended."""
        draft, self._conversation.draft = self._conversation.draft, ""
        return self._answer(self._read(draft, position))

    def _read(self, draft: str, position: int | None) -> str:
        """Read a text, beginning with a draft and the cursor at a place in it."""

        def place_cursor() -> None:
            if position is not None:
                self._session.default_buffer.cursor_position = min(position, len(draft))

        self._bar.ask(draft, len(draft) if position is None else position)
        return self._session.prompt(default=draft, pre_run=place_cursor)

    def _answer(self, text: str) -> int | None:
        """Do what a text says; where it is wrong, leave it to be mended: return where."""
        if not text.strip():
            return None
        try:
            if text.lstrip().startswith(":"):
                execute_command(text, self._conversation)
                return None
            self._conversation.last = text
            self._workshop.run(text)
        except DiagnosticError as error:
            show(error.diagnostics)
            place = _place_of(error)
            # What is wrong with the machine or a setting is not mended in the text.
            self._conversation.draft = text if place is not None else ""
            return place
        except Exception as error:  # noqa: BLE001 - a defect of ours does not end the session
            if not excuse(error):
                report_defect(error, [text])
        finally:
            with suppress(OSError):
                sys.stdout.flush()
        return None


def _continue(_width: int, _line: int, wrapped: int) -> StyleAndTextTuples:
    """Return what stands before a further line, or before what is left of a long one."""
    return [("class:continuation", " " * len(_CONTINUED) if wrapped else _CONTINUED)]


def _place_of(error: DiagnosticError) -> int | None:
    for diagnostic in error.diagnostics:
        if diagnostic.primary is not None and diagnostic.primary.span.source.name == SOURCE_NAME:
            return diagnostic.primary.span.end
    return None
