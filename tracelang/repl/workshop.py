"""What stays warm between scripts: the kernel's facts, the compiler's process, the completions.

A script is compiled by the process that compiled the one before, so it need not wait for LLVM.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Final, Self

from tracelang.cli import options
from tracelang.cli.run import import_output, trace, warn_of
from tracelang.complete.candidates import Completion
from tracelang.complete.engine import complete
from tracelang.complete.machine import Machine
from tracelang.complete.meaning import describe_place
from tracelang.diagnostics import Diagnostic, DiagnosticError
from tracelang.launch.compile import ScriptCompiler
from tracelang.launch.kernels import open_kernel
from tracelang.launch.load import load_script
from tracelang.pipeline import Compilation
from tracelang.repl.settings import SOURCE_NAME, Settings
from tracelang.source import SourceFile

_FIRST: Final = (
    "",
    "syscall:op",
    "open",  # the names of all kinds
    "syscall:openat capture task.",
    "syscall:openat capture EN",
    "syscall:openat capture cast(pid, struct tas",
    "syscall:* capture ",
    "uprobe:libc:ge",
)
"""What is asked for first takes longest: a text for each kind of place, the likeliest first."""


class Workshop:
    """Compiles, runs and completes scripts on one kernel; a context manager."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        open_kernel(None)  # mounts tracefs where that is missing
        self._compiler = ScriptCompiler.open(options.launch_options(settings.options(), {}))
        self.kernel = self._compiler.kernel
        """This kernel, with what it was asked so far."""
        self._machine = Machine(self.kernel)
        # The completer's and the tool bar's threads ask the same machine.
        self._lock = threading.Lock()
        # It may be compiling what is being typed when that is to be run.
        self._compiling = threading.Lock()

    def __enter__(self) -> Self:
        """Start the compiler, and look at the kernel while the user reads and types."""
        self._compiler.start()
        threading.Thread(target=self._warm_up, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        """End the compiler."""
        self._compiler.close()

    def _warm_up(self) -> None:
        for text in _FIRST:
            self.complete(text, len(text))
        self.check("syscall:openat capture comm")

    # --- While typing -----------------------------------------------------------------------------

    def complete(self, text: str, offset: int) -> Completion:
        """Return what can stand at a place of a text."""
        with self._lock:
            return complete(text, offset, self._machine)

    def describe(self, text: str, offset: int) -> str:
        """Return what stands at a place of a text, empty where there is nothing to say."""
        with self._lock:
            return describe_place(text, offset, self._machine)

    def check(self, text: str) -> DiagnosticError | None:
        """Return what is wrong with a text, without running it."""
        source = SourceFile(SOURCE_NAME, text)
        wanted = self.settings.launch_options(source).for_compiling()
        try:
            with self._lock:
                _ = Compilation([source], self.kernel, wanted).model
        except DiagnosticError as error:
            return error
        return None

    def prepare(self, text: str) -> None:
        """Compile a text that may soon be run: it is then remembered, and runs at once."""
        source = SourceFile(SOURCE_NAME, text)
        with self._compiling, suppress(DiagnosticError):
            self._compiler.compile([source], self.settings.launch_options(source))

    # --- Running ----------------------------------------------------------------------------------

    def run(self, text: str) -> None:
        """Trace until Ctrl-C or what the settings say; then everything is detached again."""
        known = self.settings.options()
        source = SourceFile(SOURCE_NAME, text)
        wanted = self.settings.launch_options(source)
        import_output(known)
        with ExitStack() as stack:
            steps = [time.perf_counter()]

            def compiled(noticed: tuple[Diagnostic, ...]) -> None:
                steps.append(time.perf_counter())
                warn_of(noticed)

            with self._interruptible():
                script, session = load_script(self._compiler, [source], wanted, stack, compiled)
            if self.settings.times:
                _say_times(steps[0], steps[1], time.perf_counter())
            trace(known, script, session)

    @contextmanager
    def _interruptible(self) -> Iterator[None]:
        """End a compiler that is interrupted: its answer would be taken for the next script's."""
        try:
            with self._compiling:
                yield
        except KeyboardInterrupt:
            self._compiler.close()
            raise


def _say_times(started: float, compiled: float, attached: float) -> None:
    """Say how long a script took, in seconds of one clock, until it was compiled and attached."""
    took = [f"{seconds * 1000:.0f} ms" for seconds in (compiled - started, attached - compiled)]
    sys.stderr.write(f"compiled in {took[0]}, attached in {took[1]}\n")
