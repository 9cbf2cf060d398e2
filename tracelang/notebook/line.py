"""What stands behind `%trace`: options, and a script that may be in quotes or not."""

from __future__ import annotations

import argparse
import re
from dataclasses import field
from typing import Final

from tracelang.cli import options
from tracelang.dataclass import dataclass

_WORD: Final = re.compile(r"""\s*((?:[^\s'"]|'[^']*'|"(?:\\.|[^"\\])*")+)""")
_QUOTED: Final = re.compile(r"""'([^']*)'|"((?:\\.|[^"\\])*)\"""")


@dataclass(frozen=True, slots=True)
class TraceLine:
    """A magic's line: the script (empty where the cell is the script), options and params."""

    script: str
    known: argparse.Namespace
    params: dict[str, str] = field(default_factory=dict)


def build_parser() -> options.Parser:
    """Return the parser of the magics' options."""
    parser = options.Parser(
        prog="%trace",
        description="Trace until something ends it, or the kernel is interrupted.",
        add_help=False,
        allow_abbrev=False,
    )
    add = parser.add_argument
    command = "start CMD, trace it and its descendants, end with it"
    add("-c", dest="command", metavar="CMD", type=options.command, help=command)
    add("-p", dest="pid", metavar="PID", help="one process; ends when it has ended")
    add("--follow", action="store_true", help="with -p: its descendants too")
    add("--comm", metavar="NAME", help="tasks of that name")
    add("--cgroup", metavar="PATH", help="members of a cgroup and those below it")
    add("--container", metavar="ID", help="a container")
    number = "after so many events"
    add("-n", dest="events", metavar="EVENTS", type=options.positive, help=number)
    add("-d", dest="duration", metavar="DURATION", type=options.duration, help="after so long")
    add("--strlen", metavar="N", type=options.positive, default=128, help="bytes of a text kept")
    add("--as", dest="form", choices=("result", "df", "events"), default="result", help="the value")
    add("--into", metavar="NAME", help="the variable that takes the value")
    keep = "events kept in memory (100000)"
    add("--keep", metavar="N", type=options.positive, default=100_000, help=keep)
    add("-q", dest="quiet", action="store_true", help="show nothing while tracing")
    return parser


def parse_line(line: str) -> TraceLine:
    """Read a magic's line. Raises U100 for what is no option and no script.

    Options stand before the script, or behind it where it is quoted or a single word. Before it, a
    script's own are written `--name=value`, and a lone `--name` means yes.
    """
    parser = build_parser()
    words, rest = _leading_options(line, parser)
    script = rest
    quoted = _QUOTED.match(rest)
    word = _WORD.match(rest)
    end = quoted or word
    if end is not None and _is_options(rest[end.end() :]):
        script = (quoted[1] or quoted[2] or "") if quoted else rest[: end.end()]
        words += [_unquote(found[1]) for found in _WORD.finditer(rest, end.end())]
    known, unknown = options.parse(parser, words)
    return TraceLine(script.strip(), known, options.script_arguments(unknown, ()))


def _is_options(text: str) -> bool:
    return not text.strip() or text.lstrip().startswith("-")


def _leading_options(line: str, parser: options.Parser) -> tuple[list[str], str]:
    """Return the words of the options at the start of a line, and what follows them."""
    takes_value = {
        word for action in parser._actions if action.nargs != 0 for word in action.option_strings
    }
    words: list[str] = []
    position = 0
    while (found := _WORD.match(line, position)) and _is_option(found[1]):
        words.append(_own_option(_unquote(found[1]), parser))
        position = found.end()
        if found[1] in takes_value and (value := _WORD.match(line, position)):
            words.append(_unquote(value[1]))
            position = value.end()
    return words, line[position:].strip()


def _is_option(word: str) -> bool:
    return word.startswith("-") and word != "-"


def _own_option(word: str, parser: options.Parser) -> str:
    """Give a script's option its value where it stands alone."""
    name, equals, _ = word.partition("=")
    known = {word for action in parser._actions for word in action.option_strings}
    return word if equals or name in known or not name.startswith("--") else f"{word}=yes"


def _unquote(word: str) -> str:
    return _QUOTED.sub(lambda m: m[1] if m[1] is not None else m[2].replace('\\"', '"'), word)
