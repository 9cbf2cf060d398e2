"""Options that several commands share, and the values they take."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, NoReturn

from tracelang.diagnostics import fail
from tracelang.launch.options import LONGEST_TEXT
from tracelang.registry import did_you_mean, nearest

if TYPE_CHECKING:
    from tracelang.launch.options import LaunchOptions


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors are diagnostics with a hint."""

    def error(self, message: str) -> NoReturn:
        """Raise U100 with argparse's message and the usage line."""
        raise fail("U100", message, help=[self.format_usage().strip()])


def add_kernel(parser: argparse._ActionsContainer) -> None:
    """Add `--kernel DIR`."""
    parser.add_argument(
        "--kernel", metavar="DIR", help="a recorded kernel to check against, instead of this one"
    )


def add_compiling(parser: argparse._ActionsContainer) -> None:
    """Add the options that change what a script compiles to."""
    add = parser.add_argument
    strlen = "the most bytes of a text that are kept (128)"
    add("--strlen", metavar="N", type=_strlen, default=128, help=strlen)
    probes = "the most probes one rule may have (512)"
    add("--max-probes", metavar="N", type=positive, default=512, help=probes)
    prefer = "how kernel functions are probed where both ways are to be had"
    add("--prefer", choices=("kprobe", "fentry"), default="", help=prefer)
    transport = "how events leave the kernel (auto)"
    no_cache = "compile anew, and do not remember the outcome"
    add("--no-cache", dest="cache", action="store_false", help=no_cache)
    add("--transport", choices=("auto", "ring", "perf"), default="auto", help=transport)


def _strlen(text: str) -> int:
    number = positive(text)
    if number > LONGEST_TEXT:
        raise argparse.ArgumentTypeError(f"`{text}` is more than {LONGEST_TEXT} bytes")
    return number


def positive(text: str) -> int:
    """Read a positive integer."""
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"`{text}` is not a positive number")
    return int(text)


def duration(text: str) -> int:
    """Read a duration such as `10s` or `500ms` (seconds without a unit); return nanoseconds."""
    # Late: the syntax tree takes long to import, and most commands read no amounts.
    from tracelang.syntax.literals import NANOSECONDS, parse_amount

    try:
        return _more_than_nothing(parse_amount(text, NANOSECONDS, "s"))
    except ValueError:
        expected = f"`{text}` is not a duration such as 10s or 500ms"
        raise argparse.ArgumentTypeError(expected) from None


def _more_than_nothing(amount: int) -> int:
    if amount <= 0:
        raise ValueError(amount)
    return amount


def size(text: str) -> int:
    """Read a size such as `8MiB` or `64K`; return bytes."""
    from tracelang.syntax.literals import BYTES, parse_amount  # late, as above

    try:
        return _more_than_nothing(parse_amount(text, BYTES, "B"))
    except ValueError:
        raise argparse.ArgumentTypeError(f"`{text}` is not a size such as 8MiB") from None


def rotation(text: str) -> tuple[str, int]:
    """Read a size or a duration, with its unit; return which it is, and bytes or nanoseconds."""
    if text[-1:].isalpha():
        for kind, read in (("period", duration), ("size", size)):
            try:
                return kind, read(text)
            except argparse.ArgumentTypeError:
                continue
    raise argparse.ArgumentTypeError(f"`{text}` is neither a size such as 100MiB nor a time as 1h")


def command(text: str) -> str:
    """Read a command to run, which is not empty."""
    if not text.strip():
        raise argparse.ArgumentTypeError("no command is given")
    return text


def parse(parser: Parser, arguments: list[str]) -> tuple[argparse.Namespace, list[str]]:
    """Return the known options and what is left over, which a script's own options may be.

    `own_options` of the namespace are the long names tracelang itself has, for hints.
    """
    known, unknown = parser.parse_known_args(arguments)
    words = (word for action in parser._actions for word in action.option_strings)
    known.own_options = tuple(word[2:] for word in words if word.startswith("--"))
    return known, unknown


def launch_options(known: argparse.Namespace, params: Mapping[str, str]) -> LaunchOptions:
    """Return what a command line asks for; commands have some of the options only."""
    from tracelang.launch.options import LaunchOptions
    from tracelang.runtime.command import split_command

    names = (field.name for field in fields(LaunchOptions))
    given = {name: getattr(known, name) for name in names if hasattr(known, name)}
    given["command"] = split_command(known.command) if getattr(known, "command", None) else ()
    return LaunchOptions(**given | {"params": params})


def script_arguments(unknown: list[str], known: tuple[str, ...]) -> dict[str, str]:
    """Return the values of a script's own options from what the command line has left over.

    `--name=value` and `--name value` are taken; a lone `--name` means yes.
    """
    values: dict[str, str] = {}
    rest = list(unknown)
    while rest:
        word = rest.pop(0)
        if not word.startswith("--") or word == "--":
            near = nearest(word, known)
            help_ = did_you_mean(near)
            raise fail("U100", f"`{word}` is not an option of tracelang", help=help_)
        name, equals, value = word[2:].partition("=")
        if not equals:
            value = rest.pop(0) if rest and not rest[0].startswith("--") else "yes"
        values[name.replace("-", "_")] = value
    return values


def warn(text: str) -> None:
    """Write one line to standard error."""
    sys.stderr.write(f"{text}\n")
