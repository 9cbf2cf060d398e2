"""Completion as prompt_toolkit asks for it: of scripts by the engine, of commands by name."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document

from tracelang.complete.candidates import Candidate, best
from tracelang.repl.commands import COMMANDS
from tracelang.repl.settings import known_settings
from tracelang.repl.workshop import Workshop
from tracelang.sinks import load_sinks


class ScriptCompleter(Completer):
    """Completes what stands before the cursor."""

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop

    def get_completions(
        self, document: Document, complete_event: CompleteEvent
    ) -> Iterable[Completion]:
        """Yield what the word before the cursor can become, best first."""
        before = document.text_before_cursor
        if before.startswith(":"):
            yield from self._complete_command(before)
            return
        # Between two words a menu would be in the way, unless it is asked for.
        asked = complete_event.completion_requested
        if not asked and (not before or before[-1].isspace()):
            return
        yield from self._complete_script(document.text, document.cursor_position)

    def _complete_script(self, text: str, position: int) -> Iterable[Completion]:
        found = self._workshop.complete(text, position)
        typed = text[found.start : position]
        if [c.text for c in found.candidates] == [typed]:
            return
        for candidate in found.candidates:
            yield _as_completion(candidate, found.start - position)

    def _complete_command(self, before: str) -> Iterable[Completion]:
        name, space, rest = before[1:].partition(" ")
        if not space:
            names = (Candidate(f":{n}", "command", c.summary) for n, c in COMMANDS.items())
            yield from (_as_completion(c, -len(before)) for c in best(before, names))
            return
        typed = rest.rpartition(" ")[2]
        match name:
            case "list" | "describe":
                yield from self._complete_script(rest, len(rest))
            case "explain" | "c":
                yield from self._complete_script(rest, len(rest))
            case "set" | "unset":
                yield from (_as_completion(c, -len(typed)) for c in best(typed, _settings(rest)))
            case "save" | "save!" | "load":
                yield from (_as_completion(c, -len(typed)) for c in best(typed, _files(typed)))


def _as_completion(candidate: Candidate, start: int) -> Completion:
    return Completion(candidate.text, start, display_meta=candidate.detail)


def _settings(rest: str) -> Iterable[Candidate]:
    known = known_settings()
    name, space, _ = rest.partition(" ")
    if not space:
        return [Candidate(s.name, "setting", s.help) for s in known.values()]
    if name == "output":
        return [Candidate(sink.name, "value", sink.summary) for sink in load_sinks()]
    setting = known.get(name)
    if setting is None:
        return []
    choices = ("yes", "no") if setting.switch else setting.choices
    return [Candidate(choice, "value") for choice in choices]


def _files(typed: str) -> Iterable[Candidate]:
    directory = Path(typed if typed.endswith("/") else Path(typed).parent)
    try:
        found = sorted(directory.iterdir())
    except OSError:
        return
    for path in found:
        if path.is_dir() or path.suffix == ".trace":
            name = str(path) if typed.startswith("./") is False else f"./{path}"
            yield Candidate(f"{name}/" if path.is_dir() else name, "file")
