"""Writes docs/tracelang.1, the man page, from what `--help` says.

`tests/cases/test_generated_pages.py` keeps the page equal to what this program writes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from scripts import commands
from tracelang import __version__

ROOT: Final = Path(__file__).resolve().parents[1]
PAGE: Final = ROOT / "docs" / "tracelang.1"

_DESCRIPTION: Final = """\
tracelang asks a running Linux kernel a question, written in a small declarative language: what to
watch, what to capture, which events to keep and how to show them. A script is a text in quotes, a
file, or `-` for standard input. It is compiled to a BPF program, which is gone when the command
ends. Tracing needs root; `check`, `fmt` and `emit` do not. Without arguments, at a terminal,
tracelang is a prompt for scripts; `:help` there says what it takes."""
_HELP: Final = "show this help message and exit"
_EXAMPLES: Final = (
    ("Show every open of a file, with its process and arguments:", "tracelang syscall:openat"),
    (
        "Show the opens of a command that fail, and why:",
        "tracelang 'span syscall:openat where retval < 0 capture errno(retval), filename' -c make",
    ),
    (
        "Show how long reads of one process take, as a histogram:",
        "tracelang 'span syscall:read aggregate hist(duration)' -p 42",
    ),
    (
        "Count system calls by program and call, every second:",
        "tracelang 'syscall:* aggregate count() by comm, func every 1s top 10'",
    ),
)
_STATUSES: Final = (
    ("0", "done, also after Ctrl-C and whatever status the command of -c had"),
    ("1", "the script is wrong"),
    ("2", "the command line is wrong"),
    ("3", "this machine cannot: rights, kernel or a missing package; the message has the remedy"),
    ("70", "a defect of tracelang, with what to report"),
)
_FILES: Final = (
    ("~/.cache/tracelang", "compiled scripts, which may be removed at any time"),
    ("~/.local/state/tracelang/history", "what was typed at the prompt"),
    ("/sys/kernel/btf/vmlinux", "the types of the running kernel"),
    ("/sys/kernel/tracing", "its tracepoints"),
)


def page() -> str:
    """Return the whole page."""
    lines = [
        f'.TH TRACELANG 1 "" "tracelang {__version__}" "User Commands"',
        ".SH NAME",
        r"tracelang \- ask a running Linux kernel a question",
        ".SH SYNOPSIS",
        r".B tracelang",
        r"[\fBrun\fR] \fITEXT_OR_FILE\fR \.\.\. [\fIoptions\fR]",
        ".br",
        r".B tracelang",
        r"\fICOMMAND\fR \.\.\.",
        ".br",
        r".B tracelang",
        ".SH DESCRIPTION",
        _escape(_DESCRIPTION),
        ".SH COMMANDS",
        *_commands(),
        ".SH EXIT STATUS",
        *_entries(_STATUSES),
        ".SH FILES",
        *_entries(_FILES),
        ".SH EXAMPLES",
        *_examples(),
        ".SH SEE ALSO",
        r".BR bpftrace (8),",
        r".BR perf\-trace (1),",
        r".BR strace (1)",
    ]
    return "\n".join(lines) + "\n"


def _commands() -> Iterator[str]:
    told: dict[str, str] = {}
    for name, summary, parser in commands.parsers():
        yield f".SS tracelang {_escape(name)}"
        yield _escape(f"{summary[:1].upper()}{summary[1:]}.")
        options = [o for _, group in commands.groups(parser) for o in group]
        options = [o for o in options if o[1] != _HELP]
        # What is the same for `run` is told there.
        yield from _entries(o for o in options if told.get(o[0]) != o[1] or not _is_flag(o[0]))
        same = [words for words, text in options if told.get(words) == text and _is_flag(words)]
        if same:
            yield from (".PP", f"As for run: {', '.join(map(_bold, same))}.")
        told = told or dict(options)


def _is_flag(words: str) -> bool:
    return words.startswith("-")


def _bold(words: str) -> str:
    return rf"\fB{_escape(words.split(maxsplit=1)[0].rstrip(','))}\fR"


def _entries(entries: Iterable[tuple[str, str]]) -> Iterator[str]:
    for words, text in entries:
        yield ".TP"
        yield rf"\fB{_escape(words)}\fR"
        yield _escape(text) or r"\&"


def _examples() -> Iterator[str]:
    for text, command in _EXAMPLES:
        yield from (".PP", _escape(text), ".PP", ".RS", ".nf", _escape(command), ".fi", ".RE")


def _escape(text: str) -> str:
    """Return text that roff takes as it stands."""
    escaped = text.replace("\\", r"\e").replace("-", r"\-").replace("…", r"\.\.\.")
    escaped = escaped.replace("'", r"\(aq").replace("`", "")
    return "\n".join(rf"\&{line}" if line.startswith(".") else line for line in escaped.split("\n"))


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
