"""What stays warm between scripts: the kernel's facts, the compiler's process, the completions.

A script is compiled by the process that compiled the one before, so it need not wait for LLVM.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Self

from tracelang.cli import options
from tracelang.cli.run import trace, warn_of
from tracelang.complete.candidates import Completion
from tracelang.complete.engine import complete
from tracelang.complete.machine import Machine
from tracelang.complete.meaning import describe_place
from tracelang.diagnostics import DiagnosticError
from tracelang.launch.compile import ScriptCompiler
from tracelang.launch.kernels import open_kernel
from tracelang.launch.load import load_script
from tracelang.launch.options import LaunchOptions
from tracelang.pipeline import Compilation
from tracelang.repl.settings import Settings
from tracelang.source import SourceFile

SOURCE_NAME = "<prompt>"
"""What messages call the text at the prompt."""


class Workshop:
    """Compiles, runs and completes scripts on one kernel; a context manager."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        open_kernel(None)  # mounts tracefs where that is missing
        self._compiler = ScriptCompiler.open(options.launch_options(settings.options(), {}))
        self._kernel = self._compiler.kernel
        self._machine = Machine(self._kernel)
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
        for text in ("", "syscall:op", "syscall:openat capture task.", "syscall:openat capture EN"):
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
        wanted = self._wanted(source)
        try:
            with self._lock:
                _ = Compilation([source], self._kernel, wanted.for_compiling()).model
        except DiagnosticError as error:
            return error
        return None

    def prepare(self, text: str) -> None:
        """Compile a text that may soon be run: it is then remembered, and runs at once."""
        source = SourceFile(SOURCE_NAME, text)
        with self._compiling, suppress(DiagnosticError):
            self._compiler.compile([source], self._wanted(source))

    def _wanted(self, source: SourceFile) -> LaunchOptions:
        """Return what the settings say of a script."""
        known = self.settings.options()
        return options.launch_options(known, self.settings.params_of(source))

    # --- Running ----------------------------------------------------------------------------------

    def run(self, text: str) -> None:
        """Trace until Ctrl-C or what the settings say; then everything is detached again."""
        known = self.settings.options()
        source = SourceFile(SOURCE_NAME, text)
        wanted = self._wanted(source)
        with ExitStack() as stack:
            with self._timed("compiled and attached"), self._interruptible():
                script, session = load_script(self._compiler, [source], wanted, stack, warn_of)
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

    @contextmanager
    def _timed(self, what: str) -> Iterator[None]:
        started = time.perf_counter()
        yield
        if self.settings.times:
            sys.stderr.write(f"{what} in {(time.perf_counter() - started) * 1000:.0f} ms\n")
