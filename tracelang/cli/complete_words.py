"""What the last word of a `tracelang` command line can become: commands, options, scripts."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable, Iterator, Sequence
from importlib import import_module
from typing import Final

from tracelang.cli.main import COMMANDS
from tracelang.complete.candidates import Candidate, Completion

_TAKES_SCRIPT: Final = ("run", "record", "explain", "check", "emit", "fmt", "schema")
_OF_C: Final = re.compile(r"(?:struct|union|enum) ")
_FILES: Final = Completion(0)
"""Nothing to say: the shell offers files."""


def complete_words(before: Sequence[str], current: str) -> Completion:
    """Return what the word `current` can become behind the words `before` it.

    `before` is without the name of the program. No candidates mean: files.
    """
    command = before[0] if before and before[0] in COMMANDS else "run"
    given = before[1:] if before and before[0] == command else before
    parser = _parser_of(command)
    option = _option(parser, given[-1]) if parser is not None and given else None
    if option is not None and option.nargs != 0:
        return _fitting(current, _values(option))
    if current.startswith("-"):
        flags = _flags(parser) if parser is not None else ()
        return _fitting(current, [*_params(given), *flags])
    if given and given[-1].startswith("--") and option is None:
        return _fitting(current, _values_of_param(given))
    positional = _positional(parser, given)
    if positional is not None and positional.choices:
        return _fitting(current, _values(positional))
    if command in ("list", "describe"):
        return _target(current, structs=command == "describe")
    if command not in _TAKES_SCRIPT:
        return _FILES
    commands = (
        [Candidate(n, "command", about) for n, about in COMMANDS.items()] if not before else []
    )
    return _script(current, commands)


def _parser_of(command: str) -> argparse.ArgumentParser | None:
    module = import_module(f"tracelang.cli.{command.replace('-', '_')}")
    build = getattr(module, "build_parser", None)
    parser: argparse.ArgumentParser | None = build() if build is not None else None
    return parser


# --- Options --------------------------------------------------------------------------------------


def _option(parser: argparse.ArgumentParser, word: str) -> argparse.Action | None:
    return next((a for a in parser._actions if word in a.option_strings), None)


def _flags(parser: argparse.ArgumentParser) -> Iterator[Candidate]:
    for action in parser._actions:
        for flag in action.option_strings:
            yield Candidate(flag, "option", action.help or "")


def _values(option: argparse.Action) -> list[Candidate]:
    if option.choices:
        return [Candidate(str(choice), "value") for choice in option.choices]
    if option.dest == "output":
        from tracelang.sinks import load_sinks

        return [Candidate(sink.name, "value", sink.summary) for sink in load_sinks()]
    return []


def _positional(
    parser: argparse.ArgumentParser | None, given: Sequence[str]
) -> argparse.Action | None:
    """Return the argument without a flag that comes next; those that may repeat are the last."""
    if parser is None:
        return None
    wanted = [action for action in parser._actions if not action.option_strings]
    words = len([word for word in given if not word.startswith("-")])
    return wanted[min(words, len(wanted) - 1)] if wanted else None


def _params(given: Sequence[str]) -> Iterator[Candidate]:
    """Yield the options that the scripts on the command line have themselves."""
    from tracelang.launch.script_params import params_of

    for param in params_of(given):
        name = param.name.replace("_", "-")
        yield Candidate(f"--{name}", "param", param.help or f"default {param.default.span.text}")


def _values_of_param(given: Sequence[str]) -> list[Candidate]:
    from tracelang.launch.script_params import params_of
    from tracelang.syntax.ast import Name

    name = given[-1][2:].replace("-", "_")
    param = next((p for p in params_of(given[:-1]) if p.name == name), None)
    if param is None or not (param.type == "bool" or isinstance(param.default, Name)):
        return []
    return [Candidate("yes", "value"), Candidate("no", "value")]


def _fitting(current: str, candidates: Iterable[Candidate]) -> Completion:
    fitting = {c.text: c for c in candidates if c.text.startswith(current)}
    return Completion(0, tuple(fitting.values()))


# --- Scripts --------------------------------------------------------------------------------------


def _script(current: str, commands: list[Candidate]) -> Completion:
    """Return what a one-liner goes on with; words that look like files are left to the shell."""
    if "/" in current.partition(" ")[0].partition(":")[0] or current.startswith((".", "~")):
        return _FILES
    found = _complete(current)
    typed = current[found.start :]
    fitting = tuple(c for c in found.candidates if c.text.startswith(typed))
    if found.start == 0:
        fitting = (*_fitting(current, commands).candidates, *fitting)
    return Completion(found.start, fitting)


def _target(current: str, *, structs: bool) -> Completion:
    if structs and (keyword := _OF_C.match(current)):
        # What names a type in a script names it here.
        before = f"syscall:read capture cast(fd, {keyword[0]}"
        found = _complete(before + current[keyword.end() :])
        name = _fitting(current[keyword.end() :], found.candidates)
        return Completion(keyword.end(), name.candidates)
    found = _complete(current)
    words = [c for c in found.candidates if c.kind in ("kind", "target")]
    if structs:
        from tracelang.semantic.words import WORDS

        words += [Candidate(name, "word", word.summary) for name, word in WORDS.items()]
    return _fitting(current, words)


def _complete(text: str) -> Completion:
    from tracelang.cli.remembered import remember

    return remember(text, _work_out)


def _work_out(text: str) -> Completion:
    from tracelang.complete.engine import complete
    from tracelang.complete.machine import Machine
    from tracelang.launch.kernels import open_kernel

    return complete(text, len(text), Machine(open_kernel(None)), by_steps=True)
