"""Where a command's output goes: standard output, a file, or a row of files."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from tracelang.cli import options
from tracelang.dataclass import dataclass
from tracelang.diagnostics import fail

if TYPE_CHECKING:
    from tracelang.sinks.files import OutputFile
    from tracelang.sinks.protocol import Sink, SinkKind, SinkSetup
    from tracelang.sinks.rotation import RotationLimits

MakeSetup = Callable[[TextIO], "SinkSetup"]
"""What a sink on a stream is made from."""

OpenOutput = Callable[[argparse.Namespace, MakeSetup], "Output"]
"""Opens what the command line asks for."""


def add_file_options(out: argparse._ActionsContainer) -> None:
    """Add the options for output to files."""
    add = out.add_argument
    add("--out", metavar="FILE", help="write to a file, which is there when it is complete")
    add("--append", action="store_true", help="with --out: add to the file")
    limit = "with --out: begin another file after so much, or so long: 100MiB, 1h"
    add("--rotate", metavar="LIMIT", type=options.rotation, help=limit)
    keep = "with --rotate: keep the newest N files"
    add("--keep", metavar="N", type=options.positive, help=keep)


class OutputError(Exception):
    """The output cannot be written; the message is the system's."""


def writing(write: Callable[[], None]) -> None:
    """Call what writes; tell its failures from those of tracing. A broken pipe passes."""
    try:
        write()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputError(error.strerror) from error


@dataclass(frozen=True, slots=True)
class Output:
    """An open output. `file` is the file that is being written, None for standard output."""

    sink: Sink
    file: Callable[[], OutputFile | None]
    finish: Callable[[bool], None]

    def write(self, run: Callable[[], None]) -> int:
        """Call what writes to the sink, then finish; return the exit status."""
        failed = True
        try:
            run()
            failed = False
            writing(lambda: self.finish(False))
        except BrokenPipeError:
            # The reader of our output has seen enough: that is an ordinary end.
            self._give_up()
        except OutputError as error:
            self._give_up()
            options.warn(f"error[T330]: the output cannot be written: {error}")
            self._say_what_is_left()
            return 3
        except BaseException:
            if failed:
                self._give_up()
            raise
        return 0

    def _give_up(self) -> None:
        with contextlib.suppress(OSError):
            self.finish(True)

    def _say_what_is_left(self) -> None:
        file = self.file()
        if file is not None and file.path.is_file():
            size = f"{file.path.stat().st_size:,} bytes"
            options.warn(f"  = note: `{file.path}` is whole up to its last record: {size}")


def open_output(known: argparse.Namespace, make_setup: MakeSetup) -> Output:
    """Return the output that the command line asks for; U302 for a form that is none."""
    from tracelang.sinks import find_sink

    kind = find_sink(known.output or "text")
    _check(known)
    if known.quiet:
        make_setup = _without_account(make_setup)
    if known.out is None:
        return _standard_output(kind, make_setup)
    if known.rotate is not None:
        return _rotating(known, kind, make_setup)
    return _one_file(known, kind, make_setup)


def _without_account(make_setup: MakeSetup) -> MakeSetup:
    """Return what makes a setup whose output says nothing of what was counted."""
    from tracelang.sinks.protocol import no_account

    return lambda stream: replace(make_setup(stream), account=no_account)


def _check(known: argparse.Namespace) -> None:
    """Refuse options that say nothing without another one."""
    needs = (
        ("--append", known.append, "--out", known.out),
        ("--rotate", known.rotate, "--out", known.out),
        ("--keep", known.keep, "--rotate", known.rotate),
    )
    for option, given, other, also in needs:
        if given and not also:
            raise fail("U100", f"`{option}` goes with `{other}`", help=[f"say `{other}` as well"])
    if known.append and known.rotate:
        raise fail("U100", "`--append` and `--rotate` exclude each other")


def _standard_output(kind: SinkKind, make_setup: MakeSetup) -> Output:
    from tracelang.sinks.protocol import Form

    if kind.form is Form.BINARY and sys.stdout.isatty():
        raise fail(
            "U119",
            f"`{kind.name}` is bytes, which a terminal cannot show",
            help=["write a file: `--out FILE`"],
        )

    def finish(failed: bool) -> None:
        if failed:
            _abandon(sys.stdout)

    return Output(kind.create(make_setup(sys.stdout)), lambda: None, finish)


def _abandon(stream: TextIO) -> None:
    """Point a broken output elsewhere, so that nothing complains when it is flushed at exit."""
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, stream.fileno())
    os.close(devnull)


def _one_file(known: argparse.Namespace, kind: SinkKind, make_setup: MakeSetup) -> Output:
    from tracelang.sinks.files import OutputFile

    file = OutputFile(Path(known.out), kind.form, append=known.append)
    try:
        sink = kind.create(_setup_on(file, make_setup))
    except BaseException:
        file.finish(failed=True)
        raise
    return Output(sink, lambda: file, lambda failed: file.finish(failed=failed))


def _setup_on(file: OutputFile, make_setup: MakeSetup) -> SinkSetup:
    setup = make_setup(file.stream)
    return replace(setup, options=replace(setup.options, heading=file.heading))


def _rotating(known: argparse.Namespace, kind: SinkKind, make_setup: MakeSetup) -> Output:
    from tracelang.sinks.rotation import RotatingSink

    limits = _limits(known)
    sink = RotatingSink(
        Path(known.out), kind.form, limits, lambda f: _setup_on(f, make_setup), kind.create
    )
    return Output(sink, lambda: sink.file, lambda failed: sink.finish(failed=failed))


def _limits(known: argparse.Namespace) -> RotationLimits:
    from tracelang.sinks.rotation import RotationLimits

    unit, amount = known.rotate
    if unit == "size":
        return RotationLimits(size=amount, keep=known.keep)
    return RotationLimits(period=amount, keep=known.keep)
