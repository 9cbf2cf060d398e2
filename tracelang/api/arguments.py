"""Python arguments as what the command line would say."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeAlias

from tracelang.diagnostics import fail
from tracelang.launch.inputs import read_file, read_inputs
from tracelang.source import SourceFile
from tracelang.syntax.literals import BYTES, NANOSECONDS, parse_amount

Scripts: TypeAlias = "str | os.PathLike[str]"
Duration: TypeAlias = "float | str | timedelta"
Size: TypeAlias = "int | str"


def read_script(script: Scripts) -> tuple[SourceFile, ...]:
    """Return the sources of a script: a text, or a file if it is a path or looks like one."""
    if isinstance(script, str):
        return read_inputs([script], called="script")
    return (read_file(Path(script)),)


def nanoseconds(duration: Duration | None) -> int | None:
    """Return a duration: a number is seconds, a text has its unit. Raises U102."""
    match duration:
        case None:
            return None
        case timedelta():
            amount = duration // timedelta(microseconds=1) * 1000
        case str():
            amount = _amount(duration, NANOSECONDS, "s", "a duration such as `10s` or 2.5")
        case _:
            amount = round(duration * 1e9)
    if amount <= 0:
        raise fail("U102", f"a duration must be more than nothing, and this is {duration!r}")
    return amount


def byte_count(size: Size | None) -> int | None:
    """Return a size in bytes: a number, or a text such as `8MiB`. Raises U102."""
    if size is None or isinstance(size, int):
        return size
    return _amount(size, BYTES, "B", "a size such as `8MiB`")


def _amount(text: str, units: Mapping[str, int], unit: str, expected: str) -> int:
    try:
        return parse_amount(text, units, unit)
    except ValueError:
        raise fail("U102", f"`{text}` is not {expected}") from None


def split_words(command: str | Sequence[str] | None) -> tuple[str, ...]:
    """Return a command's words. Raises U220 for a text that cannot be split."""
    if command is None:
        return ()
    if isinstance(command, str):
        from tracelang.runtime.command import split_command

        return split_command(command)
    return tuple(os.fspath(word) for word in command)


def param_texts(params: Mapping[str, Any]) -> dict[str, str]:
    """Return the values of a script's params as text."""
    return {name: _param_text(value) for name, value in params.items()}


def _param_text(value: Any) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case timedelta():
            return f"{nanoseconds(value)}ns"
    return str(value)
