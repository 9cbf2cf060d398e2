"""The command: which part of tracelang an invocation is for, and what its exit status is."""

from __future__ import annotations

import gc
import io
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Final

from tracelang import __version__
from tracelang.diagnostics import DiagnosticError

COMMANDS: Final = {
    "run": "run a script or one-liner (the same without the word)",
    "record": "run a script and keep its events in a file",
    "replay": "show a recording again, or ask it something else; needs no root",
    "list": "targets this machine offers",
    "describe": "a struct, enum, function or tracepoint, as tracelang sees it",
    "check": "check scripts: everything short of loading, without root",
    "explain": "where each part of a script runs, what is attached and how",
    "emit": "show a stage of the compilation: ast, plan, c, ctypes or asm",
    "schema": "the JSON Schema of what a script writes with `-o json`",
    "fmt": "lay scripts out in the canonical way",
    "doctor": "what this machine allows, and what would mend what it does not",
    "completion": "what teaches bash, zsh or fish to complete all this",
    "record-kernel": "save a kernel's facts, to check scripts against it elsewhere",
}

_FOR_SHELLS: Final = "complete-line"
"""What the scripts of `completion` run; nobody types it."""

_USAGE: Final = """\
usage: tracelang [run] TEXT_OR_FILE … [options]
       tracelang COMMAND …

Ask a running Linux kernel a question.

  tracelang 'syscall:openat capture comm, filename where uid == 0'
  tracelang examples/tools/opensnoop.trace --pid 42
  tracelang syscall:execve -c 'make all'

commands:
"""


def entry() -> None:
    """Run the command and leave with its exit status (the console script)."""
    # Compiling makes many objects and no garbage: looking for it takes a tenth of the time.
    gc.disable()
    if sys.stdin is None:  # it was closed by who started this
        sys.stdin = os.fdopen(os.open(os.devnull, os.O_RDONLY), encoding="utf-8")
    for stream in (sys.stdout, sys.stderr):
        # What a terminal's encoding cannot show is shown by its code, never an error.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    sys.exit(main(sys.argv[1:]))


def main(arguments: Sequence[str]) -> int:
    """Run one invocation; return its exit status. Nothing a user does ends in a traceback."""
    try:
        return _flushed(_dispatch(list(arguments)))
    except DiagnosticError as error:
        from tracelang.render import show

        show(error.diagnostics)
        return error.status
    except BrokenPipeError:
        _quiet_pipe()
        return 0
    except KeyboardInterrupt:
        return 130
    except Exception as error:  # noqa: BLE001 - the last resort: a defect, reported as one
        from tracelang.cli.defect import excuse, report_defect

        return excuse(error) or report_defect(error, arguments)


def _flushed(status: int) -> int:
    """Write out everything now, where an error is still told as one; return the status."""
    if sys.stdout is not None:
        sys.stdout.flush()
    return status


def _dispatch(arguments: list[str]) -> int:
    if not arguments:
        return _without_arguments()
    first = arguments[0]
    if first in ("-h", "--help", "help"):
        print(_help(), end="")
        return 0
    if first in ("-V", "--version", "version"):
        print(f"tracelang {__version__}")
        return 0
    named = first in COMMANDS or first == _FOR_SHELLS
    name = first if named else "run"
    rest = arguments[1:] if named else arguments
    module = import_module(f"tracelang.cli.{name.replace('-', '_')}")
    return int(module.execute(rest))


def _without_arguments() -> int:
    if sys.stdin.isatty() and sys.stdout.isatty():
        return int(import_module("tracelang.repl.prompt").execute([]))
    if sys.stdin.isatty():
        print(_help(), end="", file=sys.stderr)
        return 2
    return int(import_module("tracelang.cli.run").execute(["-"]))


def _help() -> str:
    width = max(map(len, COMMANDS)) + 2
    lines = [f"  {name:<{width}}{what}" for name, what in COMMANDS.items()]
    ending = "`tracelang COMMAND --help` says more; `tracelang SCRIPT --help` describes a script."
    return _USAGE + "\n".join(lines) + f"\n\n{ending}\n"


def _quiet_pipe() -> None:
    """Keep Python from complaining about the closed pipe once more at exit."""
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, sys.stdout.fileno())


if __name__ == "__main__":
    entry()
