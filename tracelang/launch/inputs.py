"""What is traced: script files, standard input, and one-liners on the command line."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from tracelang.diagnostics import fail
from tracelang.registry import did_you_mean, nearest
from tracelang.source import SourceFile

_LARGEST: Final = 256 * 1024


def read_inputs(texts: list[str], called: str = "command line") -> tuple[SourceFile, ...]:
    """Return the sources arguments name: `-` for standard input, a file, or the text itself.

    `called` is what messages call a text.
    """
    several = len([t for t in texts if t != "-" and not _is_file_name(t)]) > 1
    sources = []
    for number, text in enumerate(texts, 1):
        if text == "-":
            data = sys.stdin.buffer.read(_LARGEST + 1)
            sources.append(_decode("<standard input>", data))
        elif _is_file_name(text):
            sources.append(read_file(Path(text)))
        else:
            name = f"<{called} {number}>" if several else f"<{called}>"
            sources.append(SourceFile(name, text))
    return tuple(sources)


def _is_file_name(text: str) -> bool:
    """Tell whether an argument names a file rather than being a script."""
    if not text.strip() or "\n" in text or "\0" in text or len(text) > 4096:
        return False
    if text.endswith(".trace") and not any(c in text for c in " \t"):
        return True
    if ":" not in text and ("/" in text) and " " not in text:
        return True
    try:
        return Path(text).exists()
    except OSError:
        # Longer than a file's name may be.
        return False


def read_file(path: Path) -> SourceFile:
    """Return a script file's text; raises U11x if it cannot be read, T10x if it is no text."""
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST + 1)
    except FileNotFoundError:
        raise fail("U110", f"there is no file `{path}`", help=_similar(path)) from None
    except IsADirectoryError:
        raise fail(
            "U111", f"`{path}` is a directory", help=[f"name a script in it: `{path}/NAME.trace`"]
        ) from None
    except OSError as error:
        raise fail(
            "U112",
            f"`{path}` cannot be read: {error.strerror}",
            help=["see whose it is: `ls -l`"],
        ) from None
    return _decode(str(path), data)


def _similar(path: Path) -> list[str]:
    try:
        names = [p.name for p in path.parent.iterdir()]
    except OSError:
        return [f"there is no directory `{path.parent}` that can be read either"]
    near = nearest(path.name, names)
    return did_you_mean([path.parent / n for n in near])


def _decode(name: str, data: bytes) -> SourceFile:
    if len(data) > _LARGEST:
        raise fail(
            "T101",
            f"`{name}` is larger than a script may be: {_LARGEST // 1024} KiB",
            help=["name a script, such as those in `examples/tools/`"],
        )
    if data.startswith(b"\x7fELF") or b"\0" in data[:1024]:
        raise fail(
            "T102",
            f"`{name}` is a binary file, not a script",
            help=["name a script: a text file, or a one-liner in quotes"],
        )
    try:
        return SourceFile(name, data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise fail(
            "T102",
            f"`{name}` is not UTF-8 text: line {line} has other bytes",
            help=["save it as UTF-8"],
        ) from None
