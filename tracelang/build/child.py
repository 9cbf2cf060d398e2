"""The compiler's process as its parent sees it.

Owns its directory (an empty one to work in, stub headers beside it), environment and pipes.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from tracelang.build.headers import HeaderFacts, write_headers
from tracelang.build.machine import explain_greeting

_INHERITED: Final = ("PATH", "PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH", "TMPDIR")
_GRACE: Final = 5.0
"""Seconds that a process may take to end after its input has."""


class CompilerProcess:
    """A running `worker`: requests go to its standard input, answers come from a pipe.

    What it prints goes to a file of ours, where it is found even if the process dies. Raises
    OSError if the process cannot be started.
    """

    def __init__(self, python: str) -> None:
        self._directory = Path(tempfile.mkdtemp(prefix="tracelang-"))
        # clang's first include path is the working directory: it must be empty.
        work = self._directory / "work"
        work.mkdir()
        self._printed = os.memfd_create("tracelang-compiler")
        self._replies, theirs = os.pipe()
        script = Path(__file__).with_name("worker.py")
        try:
            self._process = subprocess.Popen(
                [python, "-P", str(script), str(theirs), str(self._directory)],
                cwd=work,
                env=self._environment(),
                stdin=subprocess.PIPE,
                stdout=self._printed,
                stderr=self._printed,
                pass_fds=(theirs,),
                # Ctrl-C in a terminal is meant for the tracer, which then closes our input.
                process_group=0,
            )
        except OSError:
            os.close(self._replies)
            os.close(self._printed)
            shutil.rmtree(self._directory, ignore_errors=True)
            raise
        finally:
            os.close(theirs)
        self._buffer = b""
        self._greeted = False
        self._headers: HeaderFacts | None = None

    def _environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        source = self._directory / "source"
        return {**kept, "LC_ALL": "C", "BCC_KERNEL_SOURCE": str(source)}

    def ask(
        self, text: str, cflags: Sequence[str], headers: HeaderFacts, deadline: float
    ) -> dict[str, Any]:
        """Compile, and return the answer (see `worker`).

        `deadline` is a monotonic time in seconds. Raises TimeoutError past it, EOFError or
        BrokenPipeError if the process ends meanwhile, DiagnosticError if it has no bcc.
        """
        if not self._greeted:
            greeting = self._receive(deadline)
            if "failure" in greeting:
                raise explain_greeting(greeting["failure"], greeting["detail"])
            self._greeted = True
        if self._headers != headers:
            write_headers(self._directory / "source", headers)
            self._headers = headers
        os.ftruncate(self._printed, 0)
        os.lseek(self._printed, 0, os.SEEK_SET)
        assert self._process.stdin is not None
        request = json.dumps({"text": text, "cflags": list(cflags)})
        self._process.stdin.write(request.encode() + b"\n")
        self._process.stdin.flush()
        return self._receive(deadline)

    def _receive(self, deadline: float) -> dict[str, Any]:
        poll = select.poll()
        poll.register(self._replies, select.POLLIN)
        while b"\n" not in self._buffer:
            if not poll.poll(max(deadline - time.monotonic(), 0) * 1000):
                raise TimeoutError
            chunk = os.read(self._replies, 1 << 20)
            if not chunk:
                raise EOFError
            self._buffer += chunk
        line, _, self._buffer = self._buffer.partition(b"\n")
        reply: dict[str, Any] = json.loads(line)
        return reply

    def output(self) -> str:
        """Return what the process has printed since the last request."""
        size = os.fstat(self._printed).st_size
        return os.pread(self._printed, size, 0).decode(errors="replace")

    def end(self) -> int:
        """Wait for a process that is ending; return its exit status, or minus its signal."""
        try:
            return self._process.wait(timeout=_GRACE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()

    def close(self, *, kill: bool) -> None:
        """End the process by closing its input, or at once, and free everything."""
        if kill:
            self._process.kill()
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        self.end()
        os.close(self._replies)
        os.close(self._printed)
        shutil.rmtree(self._directory, ignore_errors=True)
