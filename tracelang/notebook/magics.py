"""The magics `%trace` and `%%trace`."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from IPython.core.magic import Magics, line_cell_magic, magics_class

from tracelang.api.errors import Error, public_errors
from tracelang.api.events import Event
from tracelang.api.tracing import Trace
from tracelang.cli import options
from tracelang.diagnostics import fail
from tracelang.launch.inputs import read_inputs
from tracelang.notebook.line import TraceLine, build_parser, parse_line
from tracelang.notebook.progress import Progress
from tracelang.notebook.result import TraceResult
from tracelang.render import Painter, render

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

_LOOK: Final = 0.1
"""Seconds between looks at the progress."""


def register(shell: InteractiveShell) -> None:
    """Bring the magics to a shell."""
    shell.register_magics(TraceMagics)


@magics_class
class TraceMagics(Magics):
    """Tracing from a cell. Interrupting the kernel ends a trace in order, with what there is."""

    @line_cell_magic
    def trace(self, line: str, cell: str | None = None) -> Any:
        """Trace with the script behind `%trace`, or in the cell below `%%trace`.

        %trace -c 'cat /etc/hostname' syscall:openat capture comm, filename
        %trace -p 42 -d 10s span syscall:read aggregate hist(duration)

        Options stand before the script: -c CMD, -p PID, --follow, --comm, --cgroup and --container
        say which processes; -n EVENTS and -d DURATION when to end; --into NAME where the value
        goes, and --as df or --as events what it is. A script's params are --NAME=VALUE. Without an
        end, interrupting the kernel ends the trace, with what there is.
        """
        try:
            return self._trace(line, cell)
        except Error as error:
            # A mistake in the script is no crash: its diagnostic is all there is to see.
            error._render_traceback_ = partial(_rendered, error)  # type: ignore[attr-defined]
            raise

    def _trace(self, line: str, cell: str | None) -> Any:
        with public_errors():
            parsed = parse_line(line)
            wanted = options.launch_options(parsed.known, parsed.params)
            trace = Trace(read_inputs([_script(parsed, cell)], called="cell"), wanted)
        # A terminal cannot take back what it has shown.
        quiet = getattr(self.shell, "kernel", None) is None
        result = _run(trace, parsed, quiet=quiet)
        value = _value(result, parsed.known.form)
        if parsed.known.into and self.shell is not None:
            self.shell.user_ns[parsed.known.into] = value
        return value


def _script(parsed: TraceLine, cell: str | None) -> str:
    if cell is not None and parsed.script:
        message = f"`{parsed.script}` is no option of %%trace"
        raise fail("U100", message, help=["the script is the cell below the line"])
    script = parsed.script if cell is None else cell
    if not script.strip():
        raise fail("U100", "no script is given", help=[build_parser().format_usage().strip()])
    return script


def _run(trace: Trace, parsed: TraceLine, *, quiet: bool) -> TraceResult:
    """Trace to the end, or until the kernel is interrupted."""
    kept: list[Event] = []
    dropped = 0
    ended = ""
    progress = Progress(quiet=quiet or parsed.known.quiet)
    trace.open()
    try:
        try:
            while (events := trace.poll(_LOOK)) is not None:
                dropped += _keep(kept, events, parsed.known.keep)
                progress.show(kept, trace)
        except KeyboardInterrupt:
            ended = f"interrupted at {time.strftime('%H:%M:%S')}"
            trace.finish()
            dropped += _keep(kept, list(trace), parsed.known.keep)
    finally:
        trace.close()
        progress.clear()
    return TraceResult(trace, kept, dropped, ended)


def _keep(kept: list[Event], events: list[Event], most: int) -> int:
    """Add the streamed events up to a number; return how many were too many."""
    streamed = [event for event in events if not event._summary]
    room = max(0, most - len(kept))
    kept += streamed[:room]
    return max(0, len(streamed) - room)


def _value(result: TraceResult, form: str) -> Any:
    match form:
        case "df":
            return result.to_pandas()
        case "events":
            return list(result.events)
    return result


def _rendered(error: Error) -> list[str]:
    """Return the diagnostics in colours, as IPython takes them."""
    paint = Painter(on=True)
    return [render(diagnostic, paint).rstrip("\n") for diagnostic in error.diagnostics]
