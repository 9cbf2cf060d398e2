"""The processes that tests start: the `tracelang` command, and small workloads for it to trace."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final, Self

SLOWNESS: Final = 10.0 if "TRACELANG_GUEST" in os.environ else 1.0
"""How many times slower this machine is than a real one; every time-out is multiplied by it."""
_TIMEOUT: Final = 60.0


@dataclass(frozen=True, slots=True)
class Completed:
    """What an ended command left: its text and its exit status."""

    stdout: str
    stderr: str
    status: int


@dataclass(frozen=True, slots=True)
class TracelangCommand:
    """Runs `tracelang` as users do, as a process of its own."""

    environment: Mapping[str, str] = field(default_factory=dict)

    def __call__(
        self,
        *arguments: str | Path,
        stdin: str | None = None,
        timeout: float = _TIMEOUT,
        cwd: Path | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> Completed:
        """Run it to its end. `timeout` is in seconds of a real machine; past it the test fails."""
        process = self.start(*arguments, cwd=cwd, environment=environment)
        return finish(process, stdin=stdin, timeout=timeout)

    def start(
        self,
        *arguments: str | Path,
        cwd: Path | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> subprocess.Popen[str]:
        """Start it with pipes for its input and outputs; end it by `interrupt` or `finish`."""
        return subprocess.Popen(
            [sys.executable, "-m", "tracelang.cli.main", *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=cwd,
            env=os.environ | dict(self.environment) | dict(environment or {}),
        )


def finish(
    process: subprocess.Popen[str], *, stdin: str | None = None, timeout: float = _TIMEOUT
) -> Completed:
    """Wait for a started command; past `timeout` seconds kill it and fail with what it had said."""
    try:
        stdout, stderr = process.communicate(stdin, timeout=timeout * SLOWNESS)
    except subprocess.TimeoutExpired:
        process.kill()
        stdout, stderr = process.communicate()
        raise AssertionError(f"no end after {timeout * SLOWNESS} s\n{stdout}\n{stderr}") from None
    except BaseException:
        process.kill()
        process.communicate()
        raise
    return Completed(stdout, stderr, process.returncode)


def next_line(stream: IO[str] | None) -> str:
    """Return the next line of a started command; what follows is left for `finish`.

    The stream's own `readline` would take more, which `finish` then does not see.
    """
    assert stream is not None
    line = b""
    while not line.endswith(b"\n") and (byte := os.read(stream.fileno(), 1)):
        line += byte
    return line.decode()


def interrupt(process: subprocess.Popen[str], *, timeout: float = _TIMEOUT) -> Completed:
    """End a started command as Ctrl-C does, and return what it left."""
    process.send_signal(signal.SIGINT)
    return finish(process, timeout=timeout)


def programs_of(pid: int) -> set[int]:
    """Return the ids of the BPF programs a process holds open."""
    found = set()
    for info in Path(f"/proc/{pid}/fdinfo").iterdir():
        try:
            text = info.read_text()
        except FileNotFoundError:  # it was closed meanwhile
            continue
        fields = dict(line.split(":", 1) for line in text.splitlines() if ":" in line)
        if "prog_id" in fields:
            found.add(int(fields["prog_id"]))
    return found


@dataclass(slots=True)
class Workload:
    """A process that waits, its pid known, until it is told to go."""

    process: subprocess.Popen[str]

    @property
    def pid(self) -> int:
        """The process to trace."""
        return self.process.pid

    def go(self) -> None:
        """Let it do its work."""
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def wait(self, timeout: float = _TIMEOUT) -> int:
        """Wait until it has ended, and return its exit status."""
        return self.process.wait(timeout * SLOWNESS)

    def end(self) -> None:
        """End it, whatever it does."""
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()


@dataclass(slots=True)
class Workloads:
    """Starts workloads and ends them all: a context manager."""

    directory: Path
    _started: list[Workload] = field(default_factory=list)

    def shell(self, script: str) -> Workload:
        """Start `sh` on a script that runs after `go()`; the pid is the shell's."""
        return self._start(["/bin/sh", "-c", f"read _\n{script}\n"])

    def python(self, source: str) -> Workload:
        """Start Python on a source that runs after `go()`, with os and sys imported by then."""
        return self._start(
            [sys.executable, "-c", f"import os, sys\nsys.stdin.readline()\n{source}\n"]
        )

    def _start(self, argv: list[str]) -> Workload:
        process = subprocess.Popen(
            argv, cwd=self.directory, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._started.append(Workload(process))
        return self._started[-1]

    def __enter__(self) -> Self:
        """Return itself; nothing is started yet."""
        return self

    def __exit__(self, *_: object) -> None:
        """End every workload."""
        for workload in self._started:
            workload.end()
