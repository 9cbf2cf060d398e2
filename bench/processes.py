"""The processes a benchmark needs: what offers events, and the tracers side by side."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

BPFTRACE: Final = os.environ.get("BPFTRACE", "bpftrace")
TRACELANG: Final = str(Path(sys.executable).with_name("tracelang"))
PYTHON: Final = sys.executable
_HERE: Final = Path(__file__).parent
_LONGEST: Final = 60.0


def environment() -> dict[str, str]:
    """Return every tracer's environment: its own cache, and byte code where Python keeps it."""
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    cache = Path(tempfile.gettempdir()) / f"tracelang-bench-{os.getuid()}"
    cache.mkdir(mode=0o700, exist_ok=True)
    return {**kept, "XDG_CACHE_HOME": str(cache), "BPFTRACE_STRLEN": "64"}


class Load:
    """A process that calls write(2) when told to, on the last processor."""

    def __init__(self, calls: int, between: int = 0) -> None:
        program = Path(tempfile.gettempdir()) / f"tracelang-bench-{os.getuid()}-load"
        source = _HERE / "load.c"
        if not program.exists() or program.stat().st_mtime < source.stat().st_mtime:
            subprocess.run(["gcc", "-O2", "-o", program, source], check=True)
        cpu = max(os.sched_getaffinity(0))
        self._process = subprocess.Popen(
            ["taskset", "-c", str(cpu), program, str(calls), str(between)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        self.pid = int(self._process.stdout.readline())

    def start(self) -> None:
        """Let it make its calls."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()

    def wait(self) -> float:
        """Return the nanoseconds of its processor's time each call took, once all are made."""
        assert self._process.stdout is not None
        return float(self._process.stdout.readline())

    def run(self) -> float:
        """Make the calls; return the nanoseconds each took."""
        self.start()
        return self.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()


@dataclass(frozen=True, slots=True)
class Ended:
    """What a tracer left."""

    output: bytes
    errors: str
    seconds: float


class Tracer:
    """A running tracer, its output in a file."""

    def __init__(self, command: list[str]) -> None:
        self.command = command
        self._output = tempfile.NamedTemporaryFile()  # noqa: SIM115 - closed by __exit__
        self._errors = tempfile.NamedTemporaryFile()  # noqa: SIM115
        self._process = subprocess.Popen(
            command, stdout=self._output, stderr=self._errors, env=environment()
        )
        self.pid = self._process.pid

    def wait_attached(self, mark: str, pause: float = 0.5) -> None:
        """Return when it has said `mark`, and some time to attach has passed."""
        until = time.monotonic() + _LONGEST
        while mark not in self.said():
            if self._process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"{self.command}: {self.said()}")
            time.sleep(0.01)
        time.sleep(pause)

    def said(self) -> str:
        """Return what it has written so far, to both outputs."""
        texts = (Path(f.name).read_bytes() for f in (self._errors, self._output))
        return b"".join(texts).decode(errors="replace")

    def cpu(self) -> float:
        """Return the seconds of processor time its threads have used."""
        total = 0
        for thread in Path(f"/proc/{self.pid}/task").iterdir():
            total += int((thread / "schedstat").read_text().split()[0])
        return total / 1e9

    def memory(self) -> float:
        """Return its resident memory in MiB, the mapped pages of the kernel's buffer included."""
        text = Path(f"/proc/{self.pid}/status").read_text()
        return int(text.partition("VmRSS:")[2].split()[0]) / 1024

    def settle(self) -> None:
        """Return when it has nothing to do any more."""
        before, now = -1.0, self.cpu()
        while now - before > 0.004:
            time.sleep(0.2)
            before, now = now, self.cpu()

    def end(self) -> Ended:
        """Interrupt it; return what it left, and how long it took to end."""
        started = time.monotonic()
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(_LONGEST)
        except subprocess.TimeoutExpired:  # a tracer that will not end must not end the benchmark
            self._process.kill()
            self._process.wait()
        seconds = time.monotonic() - started
        output, errors = (Path(f.name).read_bytes() for f in (self._output, self._errors))
        return Ended(output, errors.decode(errors="replace"), seconds)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        self._output.close()
        self._errors.close()


def tracelang(script: str, *options: str) -> Tracer:
    """Start tracelang and wait until it has attached."""
    tracer = Tracer([TRACELANG, script, "-v", *options])
    tracer.wait_attached(" by ")
    return tracer


def bpftrace(script: str) -> Tracer:
    """Start bpftrace and wait until it has attached."""
    tracer = Tracer([BPFTRACE, "-e", script])
    tracer.wait_attached("Attaching", 1.0)
    return tracer


def by_hand(name: str, pid: int) -> Tracer:
    """Start one of the programs written by hand in C for bcc, and wait until it has attached."""
    tracer = Tracer([PYTHON, "-m", "bench.by_hand", name, str(pid)])
    tracer.wait_attached("attached")
    return tracer
