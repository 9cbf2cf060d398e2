"""The commands and their options, as the parsers have them: for the reference and the man page."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from importlib import import_module

from tracelang.cli.main import COMMANDS


def parsers() -> Iterator[tuple[str, str, argparse.ArgumentParser]]:
    """Yield each command's name, what it is for, and its parser."""
    for name, summary in COMMANDS.items():
        module = import_module(f"tracelang.cli.{name.replace('-', '_')}")
        if hasattr(module, "build_parser"):
            yield name, summary, module.build_parser()


def groups(
    parser: argparse.ArgumentParser,
) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Yield the titles of a parser's groups, each with its options as (words, help)."""
    for group in parser._action_groups:
        options = [
            (_words(action), _help(action))
            for action in group._group_actions
            if action.help != argparse.SUPPRESS
        ]
        if options:
            yield group.title or "options", options


def usage(parser: argparse.ArgumentParser) -> str:
    """Return the usage in one line."""
    return " ".join(parser.format_usage().removeprefix("usage: ").split())


def _words(action: argparse.Action) -> str:
    metavar = action.metavar if isinstance(action.metavar, str) else action.dest.upper()
    value = "{" + ",".join(map(str, action.choices)) + "}" if action.choices else metavar
    if not action.option_strings:
        return metavar
    return ", ".join(w if action.nargs == 0 else f"{w} {value}" for w in action.option_strings)


def _help(action: argparse.Action) -> str:
    return " ".join((action.help or "").split())
