"""A command started for tracing, from its very first system call on.

Owns the child between fork and execve. It must be known to the kernel side before it does anything,
and must do nothing but execve once it is let go: so it waits by looking at a byte of shared memory,
not by a system call.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import gc
import mmap
import os
import select
import signal
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import repeat
from pathlib import Path
from types import TracebackType
from typing import Final, NoReturn, Self

from tracelang.diagnostics import fail
from tracelang.runtime.command import Command, resolve_command

_GIVE_UP: Final = 500_000_000
"""Looks at the byte before the child gives up, some ten seconds: its parent must have died. It
cannot ask for its parent, nor for the time on every machine, without a system call."""

_READY, _OPEN = 0, 1
"""The bytes by which the child says that it waits, and the parent lets it go."""

_LOOK_AGAIN: Final = 0.0002
"""Seconds; preparing takes the child about as long. It cannot write to a pipe instead: the parent
would be woken within that very system call, and its end would be traced."""

_NOT_EXECUTED: Final = 127
"""The exit status of a child that never became the command, as shells have it."""

# Python ignores these for itself; a command expects them to be as the kernel has them.
_IGNORED_BY_PYTHON: Final = (signal.SIGPIPE, signal.SIGXFSZ)


class HeldProcess:
    """A child that waits to become the command.

    `pid` is known from the start. Release it soon: it keeps a CPU busy while it waits. As a context
    manager it ends the child, if it still runs, and reaps it.
    """

    def __init__(self, command: Command, pid: int, gate: mmap.mmap, failures: int) -> None:
        self.command = command
        self.pid = pid
        self._gate = gate
        self._failures = failures
        self._status: int | None = None

    def release(self) -> None:
        """Let the child become the command; return once it has.

        Raises `DiagnosticError` U223 if the kernel will not execute the file.
        """
        self._gate[_OPEN] = 1
        reason = os.read(self._failures, 16)  # nothing, once execve has closed the other end
        self._close()
        if reason:
            self.wait()
            path, error = self.command.path, os.strerror(int(reason))
            message = f"cannot execute {self.command.arguments[0]}: {path}: {error}"
            raise fail("U223", message, help=_EXEC_HELP.get(int(reason), ()))

    def poll(self) -> int | None:
        """Return the exit status, or minus the signal, that it ended by; None if it runs."""
        if self._status is None:
            self._reap(os.WNOHANG)
        return self._status

    def wait(self) -> int:
        """Wait for the end of the command and return its exit status (see `poll`)."""
        while self._status is None:
            self._reap(0)
        return self._status

    def terminate(self) -> None:
        """Ask the command to end (SIGTERM), this one process only; harmless if it has ended.

        Its number is not given to another process before this one reaps it, so no stranger is hit.
        """
        if self.poll() is None:
            os.kill(self.pid, signal.SIGTERM)

    def end(self, grace: float = 2.0) -> None:
        """Ask the command to end, kill it if it runs on for `grace` seconds, and reap it."""
        self.terminate()
        if self.poll() is None:
            watch = os.pidfd_open(self.pid)
            ended = select.select([watch], [], [], grace)[0]
            os.close(watch)
            if not ended:
                os.kill(self.pid, signal.SIGKILL)
        self.wait()
        self._close()

    def _close(self) -> None:
        """Give back what only a waiting child needs; harmless if done already."""
        self._gate.close()
        if self._failures >= 0:
            os.close(self._failures)
            self._failures = -1

    def _reap(self, options: int) -> None:
        """Ask the kernel for the child's status."""
        pid, status = os.waitpid(self.pid, options)
        if pid:
            self._status = os.waitstatus_to_exitcode(status)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.end()


_EXEC_HELP: Final = {
    errno.ENOEXEC: ["its first line must name an interpreter, as in #!/bin/sh"],
    errno.ENOENT: ["the file is there, the interpreter it names is not"],
}


def start_held(words: Sequence[str], environment: Mapping[str, str] | None = None) -> HeldProcess:
    """Start a child that waits, and becomes the command when released.

    The command shares the terminal, standard input and outputs, working directory and process
    group: Ctrl-C reaches it as well as the tracer, which ends its trace when the command has ended.
    (A group of its own would take the terminal's input away from it.) `environment` is the tracer's
    own if None. Raises `DiagnosticError` U221 or U222 if there is no such command.
    """
    command = resolve_command(words, environment)
    execute = _prepare_execve(command, os.environ if environment is None else environment)
    gate = mmap.mmap(-1, mmap.PAGESIZE)
    failures, report = os.pipe()  # closed by a successful execve
    # No signal may run the tracer's handlers in the child, so none comes in until they are gone.
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    pid = os.fork()
    if pid == 0:
        _run_child(gate, execute, report, Path(command.path).name)
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    os.close(report)
    held = HeldProcess(command, pid, gate, failures)
    while not gate[_READY] and held.poll() is None:
        time.sleep(_LOOK_AGAIN)
    return held


def _prepare_execve(command: Command, environment: Mapping[str, str]) -> Callable[[], int]:
    """Return a call of execve(2) which does nothing else, and returns the error number if it fails.

    `os.execve` would build its arguments first, and may ask for memory (a system call) to do so;
    and a library loaded as CDLL would let go of the interpreter's lock.
    """
    execve = ctypes.PyDLL(None, use_errno=True).execve
    path = os.fsencode(command.path)
    words = _make_vector(command.arguments)
    settings = _make_vector(f"{name}={value}" for name, value in environment.items())
    ctypes.get_errno()  # makes its storage now

    def execute() -> int:
        execve(path, words, settings)
        return ctypes.get_errno()

    return execute


def _make_vector(words: Iterable[str]) -> ctypes.Array[ctypes.c_char_p]:
    """Return texts as C has argv: pointers, the last one null."""
    texts = [os.fsencode(word) for word in words]
    return (ctypes.c_char_p * (len(texts) + 1))(*texts, None)


def _run_child(gate: mmap.mmap, execute: Callable[[], int], report: int, name: str) -> NoReturn:
    """Wait for the gate without system calls, then execute; end in any case."""
    try:
        gc.disable()
        _restore_signals()
        _take_name(name)
        gate[_READY] = 1
        for _ in repeat(None, _GIVE_UP):
            if gate[_OPEN]:
                os.write(report, b"%d" % execute())
                break
    finally:
        os._exit(_NOT_EXECUTED)


def _take_name(name: str) -> None:
    """Call the task after the command: until its execve, events should not say `python`."""
    with contextlib.suppress(OSError):
        Path("/proc/self/comm").write_text(name, encoding="utf-8", errors="surrogateescape")


def _restore_signals() -> None:
    """Undo what Python and the tracer did; signals ignored from the start stay so (nohup)."""
    for number in signal.valid_signals():
        ours = signal.getsignal(number) not in (signal.SIG_DFL, signal.SIG_IGN)
        if ours or number in _IGNORED_BY_PYTHON:
            signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
