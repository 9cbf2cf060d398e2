"""Options that several commands share, and the values they take."""

from __future__ import annotations

import argparse
import re
import sys
from typing import Final, NoReturn

from tracelang.diagnostics import fail
from tracelang.registry import nearest

_SECONDS: Final = {"": 10**9, "ns": 1, "us": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}
_BYTES: Final = {"": 1, "B": 1, "K": 1 << 10, "KIB": 1 << 10, "KB": 10**3, "M": 1 << 20, "MIB": 1 << 20, "MB": 10**6, "G": 1 << 30, "GIB": 1 << 30, "GB": 10**9}  # fmt: skip


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
    parser.add_argument("--strlen", metavar="N", type=_strlen, default=128, help="the most bytes of a text that are kept (128)")  # fmt: skip
    parser.add_argument("--max-probes", metavar="N", type=_positive, default=512, help="the most probes one rule may have (512)")  # fmt: skip
    parser.add_argument("--prefer", choices=("kprobe", "fentry"), default="", help="how kernel functions are probed where both ways are to be had")  # fmt: skip
    parser.add_argument("--transport", choices=("auto", "ring", "perf"), default="auto", help="how events leave the kernel (auto)")  # fmt: skip


def _strlen(text: str) -> int:
    number = _positive(text)
    if number > 4096:
        raise argparse.ArgumentTypeError(f"`{text}` is more than 4096 bytes")
    return number


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"`{text}` is not a positive number")
    return int(text)


def positive(text: str) -> int:
    """Read a positive integer."""
    return _positive(text)


def duration(text: str) -> int:
    """Read a duration such as `10s` or `500ms` (seconds without a unit); return nanoseconds."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([a-z]*)", text)
    if found is None or found[2] not in _SECONDS:
        raise argparse.ArgumentTypeError(f"`{text}` is not a duration such as 10s or 500ms")
    return int(float(found[1]) * _SECONDS[found[2]])


def size(text: str) -> int:
    """Read a size such as `8MiB` or `64K`; return bytes."""
    found = re.fullmatch(r"(\d+)([A-Za-z]*)", text)
    if found is None or found[2].upper() not in _BYTES:
        raise argparse.ArgumentTypeError(f"`{text}` is not a size such as 8MiB")
    return int(found[1]) * _BYTES[found[2].upper()]


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
            help_ = [f"did you mean {' or '.join(f'`{n}`' for n in near)}?"] if near else []
            raise fail("U100", f"`{word}` is not an option of tracelang", help=help_)
        name, equals, value = word[2:].partition("=")
        if not equals:
            value = rest.pop(0) if rest and not rest[0].startswith("--") else "yes"
        values[name.replace("-", "_")] = value
    return values


def warn(text: str) -> None:
    """Write one line to standard error."""
    sys.stderr.write(f"{text}\n")
