"""Commands that wait to be let go. Their system calls are watched in the live tests."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tracelang.diagnostics import DiagnosticError
from tracelang.runtime.held import start_held


def name_of(pid: int) -> str:
    return Path(f"/proc/{pid}/comm").read_text().strip()


def program_of(pid: int) -> Path:
    return Path(f"/proc/{pid}/exe").readlink()


def open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_it_becomes_the_command_when_released() -> None:
    with start_held(["sleep", "60"]) as held:
        assert program_of(held.pid) == program_of(os.getpid())
        assert name_of(held.pid) == "sleep"
        assert held.poll() is None
        held.release()
        assert program_of(held.pid) == Path(held.command.path).resolve()
        assert name_of(held.pid) == "sleep"
        assert os.getpgid(held.pid) == os.getpgid(0)
    assert held.poll() == -signal.SIGTERM


@pytest.mark.parametrize(("script", "status"), [("exit 7", 7), ("kill -KILL $$", -9), (":", 0)])
def test_exit_status(script: str, status: int) -> None:
    with start_held(["sh", "-c", script]) as held:
        held.release()
        assert held.wait() == status
        assert held.poll() == status
        held.terminate()


def test_output_arguments_and_environment(capfd: pytest.CaptureFixture[str]) -> None:
    words = ["sh", "-c", 'echo "$0|$1|$GREETING"; echo bad >&2', "a b", "ü"]
    with start_held(words, {"PATH": os.environ["PATH"], "GREETING": "hello"}) as held:
        held.release()
        assert held.wait() == 0
    assert capfd.readouterr() == ("a b|ü|hello\n", "bad\n")


def test_signals_are_as_a_shell_leaves_them(tmp_path: Path) -> None:
    # given a tracer with a handler, an ignored signal, and what Python itself ignores
    show = "cat /proc/self/status > $0"
    before = signal.signal(signal.SIGTERM, lambda *_: None)
    ignored = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
    report = tmp_path / "report"
    try:
        with start_held(["sh", "-c", show, str(report)]) as held:
            held.release()
            held.wait()
        found = dict(line.split(":\t") for line in report.read_text().splitlines() if "Sig" in line)
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, [])
    finally:
        signal.signal(signal.SIGTERM, before)
        signal.signal(signal.SIGHUP, ignored)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGUSR1])
    assert int(found["SigBlk"], 16) == 0
    # make's own way of starting processes leaves glibc's two internal signals (32, 33) ignored.
    assert int(found["SigIgn"], 16) & ~(0b11 << 31) == 1 << (signal.SIGHUP - 1)
    assert int(found["SigCgt"], 16) == 0
    assert mask == {signal.SIGUSR1}


@pytest.mark.parametrize(
    ("text", "reason", "hint"),
    [
        ("echo hello\n", "Exec format error", "#!/bin/sh"),
        ("#!/no/such/thing\n", "No such file or directory", "interpreter"),
    ],
)
def test_a_file_the_kernel_will_not_execute(
    text: str, reason: str, hint: str, tmp_path: Path
) -> None:
    script = tmp_path / "script"
    script.write_text(text)
    script.chmod(0o755)
    with start_held([str(script)]) as held:
        with pytest.raises(DiagnosticError, match=f"U223: .*{reason}") as caught:
            held.release()
        assert held.poll() == 127
    assert caught.value.status == 2
    assert hint in caught.value.diagnostics[0].help[0]


def test_a_command_never_released_never_runs(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    with start_held(["touch", str(mark)]) as held:
        pass
    assert held.wait() == -signal.SIGTERM
    assert not mark.exists()


def test_a_stubborn_command_is_killed() -> None:
    with start_held(["sh", "-c", "trap '' TERM; echo ready > $0; sleep 60", "/dev/null"]) as held:
        held.release()
        while name_of(held.pid) != "sh":
            time.sleep(0.001)
        time.sleep(0.05)
        started = time.monotonic()
        held.end(grace=0.1)
        assert time.monotonic() - started >= 0.1
    assert held.poll() == -signal.SIGKILL


def test_nothing_stays_open() -> None:
    before = open_descriptors()
    for _ in range(3):
        with start_held(["true"]) as held:
            held.release()
        with start_held(["true"]):
            pass
    assert open_descriptors() == before


def test_no_descriptor_of_the_tracer_reaches_the_command(
    capfd: pytest.CaptureFixture[str],
) -> None:
    inheritable = {fd for fd in range(1024) if is_inheritable(fd)}
    with start_held(["ls", "/proc/self/fd"]) as held:
        held.release()
        assert held.wait() == 0
    passed = set(map(int, capfd.readouterr().out.split()))
    listing = min(set(range(1024)) - inheritable)  # the folder, opened by `ls` itself
    assert passed == inheritable | {listing}


def is_inheritable(fd: int) -> bool:
    with suppress(OSError):
        return os.get_inheritable(fd)
    return False
