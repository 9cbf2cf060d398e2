"""`tracelang run`: trace until something ends it, and say what became of every event."""

from __future__ import annotations

import argparse
import signal
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from types import FrameType
from typing import TYPE_CHECKING, Final

from tracelang.cli import options
from tracelang.cli.garbage import GarbageWatch
from tracelang.cli.output import OpenOutput, Output, add_file_options, open_output, writing
from tracelang.diagnostics import fail
from tracelang.launch.inputs import read_inputs

if TYPE_CHECKING:
    from tracelang.diagnostics import Diagnostic
    from tracelang.launch.compile import CompiledScript
    from tracelang.runtime.session import Session
    from tracelang.sinks.protocol import Account

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
    out.add_argument("-o", dest="output", metavar="FORMAT", help="text, table, json, csv, …")
    add_file_options(out)
    out.add_argument("-q", dest="quiet", action="store_true", help="no accounting line, no notes")
    out.add_argument(
        "-v",
        dest="verbose",
        action="store_true",
        help="say how each probe is attached; stacks in full",
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
    return run_with(build_parser(), arguments, lambda _script: open_output)


def run_with(
    parser: options.Parser,
    arguments: list[str],
    opener: Callable[[CompiledScript], OpenOutput],
) -> int:
    """Run a script as the arguments say; `opener` gives what opens its output."""
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
    from tracelang.launch.compile import ScriptCompiler
    from tracelang.launch.load import load_script

    wanted = options.launch_options(known, given)
    import_output(known)
    with ExitStack() as stack:
        with ScriptCompiler.open(wanted) as compiler:
            sources = read_inputs(known.scripts)
            script, session = load_script(compiler, sources, wanted, stack, warn_of)
        return trace(known, script, session, opener(script))


def import_output(known: argparse.Namespace) -> None:
    """Import what shows events before anything is attached: a trace of opens would see it."""
    from tracelang.decoders import load_decoders
    from tracelang.launch import showing  # noqa: F401 - what counts is that it is there
    from tracelang.sinks import find_sink

    load_decoders()
    find_sink(getattr(known, "output", None) or "text")


def _help(parser: options.Parser, known: argparse.Namespace) -> int:
    if known.scripts:
        from tracelang.cli.script_help import print_script_help

        print_script_help(read_inputs(known.scripts)[0])
        return 0
    parser.print_help()
    return 0


# --- Tracing --------------------------------------------------------------------------------------


def warn_of(warnings: tuple[Diagnostic, ...]) -> None:
    """Show what was noticed while compiling."""
    if warnings:
        from tracelang.render import show

        show(warnings)


def trace(
    known: argparse.Namespace,
    script: CompiledScript,
    session: Session,
    open_: OpenOutput = open_output,
) -> int:
    """Run a loaded script to its end, and say what became of it; return the exit status.

    `open_` opens what its events are written to.
    """
    if known.verbose:
        for line in script.describe_attachments(session.left_out):
            options.warn(line)
    if known.dry_run:
        count = session.attached
        options.warn(f"attached {count} probe{'s' * (count != 1)}, now detached again")
        return 0
    return _show(known, script, session, open_)


def _show(
    known: argparse.Namespace, script: CompiledScript, session: Session, open_: OpenOutput
) -> int:
    from tracelang.launch.showing import make_setup

    account = _Account(session)
    output = open_(known, partial(make_setup, script, session, account, verbose=known.verbose))
    restore = _on_signals(session.stop)
    try:
        status = output.write(partial(_run, session, output, account))
    finally:
        restore()
    account.close()
    if not known.quiet:
        _account(session)
    return status


def _run(session: Session, output: Output, account: _Account) -> None:
    from tracelang.sinks.protocol import feed

    sink = output.sink
    garbage = GarbageWatch()
    writing(sink.begin)
    for rows in session.batches():
        writing(partial(feed, sink, rows) if rows else sink.flush)
        garbage.look()
    account.close()
    writing(sink.end)


class _Account:
    """What a run counted, None as long as it is not over."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._started = time.process_time()
        self._closed = False

    def close(self) -> None:
        """Say that the run is over: it detaches, and counts what became of every event."""
        self._session.end()
        self._session.accounting.cpu_seconds = time.process_time() - self._started
        self._closed = True

    def __call__(self) -> Account | None:
        """Return the account."""
        return self._session.accounting.counts() if self._closed else None


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
