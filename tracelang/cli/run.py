"""`tracelang run`: trace until something ends it, and say what became of every event."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, nullcontext
from functools import partial
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Final, TextIO

from tracelang.cli import options
from tracelang.diagnostics import fail
from tracelang.launch.inputs import read_inputs

if TYPE_CHECKING:
    from tracelang.diagnostics import Diagnostic
    from tracelang.launch.compile import CompiledScript
    from tracelang.launch.options import LaunchOptions
    from tracelang.runtime.session import Session

_DESCRIPTION: Final = "Trace until Ctrl-C, or until -c's command, -n or -d ends it."


def build_parser() -> options.Parser:
    """Return the parser of the command's own options; a script's params come on top."""
    parser = options.Parser(
        prog="tracelang run", description=_DESCRIPTION, add_help=False, allow_abbrev=False
    )
    add = parser.add_argument
    scripts = "one-liners, files, or `-` for standard input"
    add("scripts", nargs="*", metavar="TEXT_OR_FILE", help=scripts)
    add("-h", "--help", action="store_true", help="this text, or a script's own description")
    who = parser.add_argument_group("which processes")
    command = "start CMD, trace it and its descendants, end with it"
    who.add_argument("-c", dest="command", metavar="CMD", type=options.command, help=command)
    who.add_argument("-p", dest="pid", metavar="PID", help="one process; ends when it has ended")
    who.add_argument("--follow", action="store_true", help="with -p: its descendants too")
    who.add_argument("--comm", metavar="NAME", help="tasks of that name")
    who.add_argument("--cgroup", metavar="PATH", help="members of a cgroup and those below it")
    who.add_argument("--container", metavar="ID", help="a container, by (the beginning of) its id")
    end = parser.add_argument_group("when to end")
    events, duration = "after so many events", "after so long"
    add = end.add_argument
    add("-n", dest="events", metavar="EVENTS", type=options.positive, help=events)
    add("-d", dest="duration", metavar="DURATION", type=options.duration, help=duration)
    out = parser.add_argument_group("output")
    out.add_argument("-o", dest="output", metavar="FORMAT", help="table, text, json or csv")
    out.add_argument("--out", metavar="FILE", help="write events to a file")
    out.add_argument("-q", dest="quiet", action="store_true", help="no accounting line, no notes")
    out.add_argument(
        "-v", dest="verbose", action="store_true", help="say how each probe is attached"
    )
    tune = parser.add_argument_group("fine points")
    options.add_compiling(tune)
    size = "bytes for events on their way"
    keys = "keys an aggregate has room for (10240)"
    tune.add_argument("--keys", metavar="N", type=options.positive, default=10_240, help=keys)
    pending = "span starts that may wait for their end (16384)"
    tune.add_argument("--pending", metavar="N", type=options.positive, default=16_384, help=pending)
    tune.add_argument("--buffer", metavar="SIZE", type=options.size, help=size)
    tune.add_argument("--dry-run", action="store_true", help="load and attach, show nothing, end")
    options.add_kernel(tune)
    return parser


def execute(arguments: list[str]) -> int:
    """Run the command; return its exit status."""
    parser = build_parser()
    known, unknown = options.parse(parser, arguments)
    if known.help:
        return _help(parser, known)
    if not known.scripts:
        raise fail(
            "U100", "no script is given", help=["name a file, or write a one-liner in quotes"]
        )
    if known.kernel is not None:
        raise fail(
            "U103", "a recorded kernel cannot be traced", help=["use `tracelang check --kernel`"]
        )
    words = tuple(w for action in parser._actions for w in action.option_strings)
    given = options.script_arguments(unknown, words)
    from tracelang.launch.compile import compile_script

    with ExitStack() as stack:
        wanted = options.launch_options(known, given)
        script = compile_script(read_inputs(known.scripts), wanted, stack, _warn)
        return trace(known, wanted, script, stack)


def _help(parser: options.Parser, known: argparse.Namespace) -> int:
    if known.scripts:
        from tracelang.cli.script_help import print_script_help

        print_script_help(read_inputs(known.scripts)[0])
        return 0
    parser.print_help()
    return 0


# --- Tracing --------------------------------------------------------------------------------------


def _warn(warnings: tuple[Diagnostic, ...]) -> None:
    """Show what was noticed while compiling."""
    if warnings:
        from tracelang.render import show

        show(warnings)


def trace(
    known: argparse.Namespace, wanted: LaunchOptions, script: CompiledScript, stack: ExitStack
) -> int:
    """Run a built script to its end, and say what became of it; return the exit status."""
    from tracelang.runtime.session import Session

    session = stack.enter_context(
        Session(script.plan, script.built, wanted.for_running(script.followed), script.spans)
    )
    if known.verbose:
        for line in script.describe_attachments():
            options.warn(line)
    if known.dry_run:
        count = len(script.plan.attachments)
        options.warn(f"attached {count} probe{'s' * (count != 1)}, now detached again")
        return 0
    stream = stack.enter_context(_output(known.out))
    return _show(known, script, session, stream)


def _output(path: str | None) -> AbstractContextManager[TextIO]:
    """Return the stream events are written to; only a file is closed afterwards."""
    if path is None:
        return nullcontext(sys.stdout)
    try:
        return Path(path).open("w", encoding="utf-8", errors="surrogateescape")
    except OSError as error:
        raise fail("U113", f"`{path}` cannot be written: {error.strerror}") from None


def _show(
    known: argparse.Namespace, script: CompiledScript, session: Session, stream: TextIO
) -> int:
    from tracelang.launch.showing import make_sink
    from tracelang.sinks.protocol import feed

    sink = make_sink(known.output, script, session, stream)
    restore = _on_signals(session.stop)
    started = time.process_time()
    status = 0
    try:
        _writing(sink.begin)
        for rows in session.batches():
            _writing(partial(feed, sink, rows) if rows else sink.flush)
        _writing(sink.end)
    except BrokenPipeError:
        # The reader of our output has seen enough: that is an ordinary end.
        _abandon(stream)
    except _OutputError as error:
        status = 3
        _abandon(stream)
        options.warn(f"error[T330]: the output cannot be written: {error}")
    finally:
        restore()
    session.end()
    session.accounting.cpu_seconds = time.process_time() - started
    if not known.quiet:
        _account(session)
    return status


class _OutputError(Exception):
    """The output cannot be written; the message is the system's."""


def _writing(write: Callable[[], None]) -> None:
    """Call what writes; tell its failures from those of tracing. A broken pipe passes."""
    try:
        write()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise _OutputError(error.strerror) from error


def _abandon(stream: TextIO) -> None:
    """Point a broken output elsewhere, so that nothing complains when it is flushed at exit."""
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, stream.fileno())
    os.close(devnull)


def _account(session: Session) -> None:
    if session.command_status:
        status = session.command_status
        how = f"status {status}" if status > 0 else f"signal {signal.Signals(-status).name}"
        options.warn(f"the command ended with {how}")
    options.warn(session.accounting.describe())


def _on_signals(stop: Callable[[], None]) -> Callable[[], None]:
    """Let the first SIGINT, SIGTERM or SIGHUP end the trace in order, a second SIGINT at once."""
    before = {}

    def handle(number: int, _frame: FrameType | None) -> None:
        stop()
        if number == signal.SIGINT:
            signal.signal(signal.SIGINT, signal.default_int_handler)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        before[number] = signal.signal(number, handle)

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    return restore
