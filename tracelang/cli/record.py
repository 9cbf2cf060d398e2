"""`tracelang record`: run a script and keep its events in a file, to be replayed anywhere."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tracelang.cli import options
from tracelang.cli.output import MakeSetup, OpenOutput, Output, open_output
from tracelang.cli.run import build_parser as build_run_parser
from tracelang.cli.run import run_with

if TYPE_CHECKING:
    from tracelang.launch.compile import CompiledScript
    from tracelang.recording.clock import RecordedClock
    from tracelang.recording.recorder import Recorder
    from tracelang.recording.schema import Head
    from tracelang.sinks.files import OutputFile
    from tracelang.sinks.protocol import Row, Sink, SinkSetup

_DESCRIPTION: Final = """Run a script and keep its events in a file, for `tracelang replay`.
They are shown as well with -o or --out."""


def build_parser() -> options.Parser:
    """Return the command's parser: all that `run` has, and the recording."""
    parser = build_run_parser()
    parser.prog, parser.description = "tracelang record", _DESCRIPTION
    file = "the recording, which is there when it is complete"
    parser.add_argument("-w", dest="recording", metavar="FILE", required=True, help=file)
    return parser


def execute(arguments: list[str]) -> int:
    """Run the command; return its exit status."""
    parser = build_parser()
    if "-h" in arguments or "--help" in arguments:
        parser.print_help()
        return 0
    return run_with(parser, arguments, _opener)


def _opener(script: CompiledScript) -> OpenOutput:
    return partial(_open, script)


def _open(script: CompiledScript, known: argparse.Namespace, make_setup: MakeSetup) -> Output:
    """Open the recording, and beside it what is shown, if anything is."""
    from tracelang.recording.clock import RecordedClock
    from tracelang.recording.recorder import Recorder
    from tracelang.sinks.files import OutputFile
    from tracelang.sinks.protocol import Form

    clock = RecordedClock()
    shown = None
    if known.output or known.out:
        shown = open_output(known, lambda stream: _on_clock(make_setup(stream), clock))
    file = OutputFile(Path(known.recording), Form.BINARY)
    try:
        setup = _on_clock(make_setup(file.stream), clock)
        recorder = Recorder(setup, _head(script, setup), clock)
    except BaseException:
        file.finish(failed=True)
        raise
    return _both(recorder, file, shown, quiet=known.quiet)


def _on_clock(setup: SinkSetup, clock: RecordedClock) -> SinkSetup:
    """Return a setup whose wall clock is the recording's, so that a replay shows the same times."""
    for context in setup.contexts.values():
        clock.ask_by(context.wall_offset)
    contexts = {r: replace(c, wall_offset=clock.offset) for r, c in setup.contexts.items()}
    return replace(setup, contexts=contexts)


def _both(recorder: Recorder, file: OutputFile, shown: Output | None, *, quiet: bool) -> Output:
    """Return the output that is the recording, and what is shown beside it."""

    def finish(failed: bool) -> None:
        try:
            file.finish(failed=failed)
        finally:
            if shown is not None:
                shown.finish(failed)
        if not failed and not quiet:
            options.warn(f"recorded in `{file.path}`: {file.path.stat().st_size:,} bytes")

    sink = recorder if shown is None else _Both((recorder, shown.sink))
    return Output(sink, lambda: file, finish)


class _Both:
    """Several sinks that get the same."""

    def __init__(self, sinks: Iterable[Sink]) -> None:
        self._sinks = tuple(sinks)

    def begin(self) -> None:
        """Begin each."""
        for sink in self._sinks:
            sink.begin()

    def events(self, rule: int, rows: Sequence[Row]) -> None:
        """Give the rows to each."""
        for sink in self._sinks:
            sink.events(rule, rows)

    def flush(self) -> None:
        """Flush each."""
        for sink in self._sinks:
            sink.flush()

    def end(self) -> None:
        """End each."""
        for sink in self._sinks:
            sink.end()


def _head(script: CompiledScript, setup: SinkSetup) -> Head:
    import os
    import time

    from tracelang import __version__
    from tracelang.recording.schema import Head, RecordedRule, column_types

    sources = dict.fromkeys(span.source for span in script.spans.values())
    machine = os.uname()
    return Head(
        __version__,
        machine.release,
        machine.machine,
        time.monotonic_ns(),
        script.text_limit,
        tuple((source.name, source.text) for source in sources),
        tuple(RecordedRule(o, column_types(o)) for o in setup.outputs),
    )
