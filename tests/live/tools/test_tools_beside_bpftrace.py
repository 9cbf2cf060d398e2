"""Tools beside those of bpftrace that have their names: both see the same work at the same time.

bpftrace has no filter for processes, so what it says of others is thrown away before it is judged.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path

import pytest

from tests.live.runs import EXAMPLES, Event, events_of
from tests.processes import SLOWNESS, TracelangCommand, Workloads, interrupt

COMM = "side-by-side"
WRITES = 30
CALLS = 3000
WORK = f"""
import mmap, time
open("/proc/self/comm", "w").write("{COMM}")
for number in range(12):
    try: os.close(os.open(f"file-{{number % 4}}", os.O_RDONLY | (os.O_CREAT if number < 3 else 0)))
    except FileNotFoundError: pass
for number in range(5):
    os.kill(os.getpid(), 0)
    try: os.kill(2**22 + number, 15)
    except ProcessLookupError: pass
for number in range({CALLS}): os.getppid()
page = mmap.mmap(-1, 1 << 16)
direct = os.open("direct", os.O_CREAT | os.O_WRONLY | os.O_DIRECT)
for number in range({WRITES}): os.write(direct, memoryview(page)[: 4096 << number % 5])
"""
OWN = ("opensnoop", "killsnoop", "bitesize")
"""Tools that run beside bpftrace's own; the rest beside a line of bpftrace written here."""
LINES: Mapping[str, str] = {
    "syscount": "tracepoint:raw_syscalls:sys_enter /pid == PID/ { @[args->id] = count(); }",
}


class Bpftrace:
    """A running bpftrace, its lines collected."""

    def __init__(self, program: Path) -> None:
        self.lines: list[str] = []
        self.process = subprocess.Popen(
            ["bpftrace", "-B", "line", program],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=os.environ | {"BPFTRACE_STRLEN": "200"},
        )
        self._reader = threading.Thread(target=self._collect, daemon=True)
        self._reader.start()

    def wait_for(self, text: str, times: int) -> None:
        """Wait until a line has been said so many times."""
        deadline = time.monotonic() + 60 * SLOWNESS
        while self.lines.count(text) < times:
            assert self.process.poll() is None, "bpftrace ended: " + " ".join(self.lines[-3:])
            assert time.monotonic() < deadline, f"bpftrace never says {text}"
            time.sleep(0.02)

    def end(self) -> list[str]:
        """End it as Ctrl-C does, once all is said; return its lines but for the ticks."""
        self.wait_for("last", self.lines.count("last") + 2)
        self.process.send_signal(signal.SIGINT)
        self.process.wait(60 * SLOWNESS)
        self._reader.join(60 * SLOWNESS)
        return [line for line in self.lines if line not in {"first", "last"}]

    def _collect(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as said:
            self.lines.extend(line.rstrip() for line in said)


@dataclass(frozen=True, slots=True)
class Both:
    """What tracelang and bpftrace showed of the same process."""

    pid: int
    tracelang: Mapping[str, list[Event]]
    bpftrace: Mapping[str, list[str]] = field(repr=False)


@pytest.fixture(scope="module")
def both(tracelang: TracelangCommand, tmp_path_factory: pytest.TempPathFactory) -> Both:
    """One workload, seen by all."""
    if shutil.which("bpftrace") is None:
        pytest.skip("no bpftrace; `apt-get install bpftrace` as root, or `make test`")
    home = tmp_path_factory.mktemp("beside")
    with Workloads(home) as workloads:
        workload = workloads.python(WORK)
        theirs = {tool: start_bpftrace(tool, workload.pid, home) for tool in (*OWN, *LINES)}
        ours = {tool: start(tracelang, tool, workload.pid) for tool in (*OWN, *LINES)}
        try:
            for traced in ours.values():
                assert traced.stdout is not None
                assert "begin" in traced.stdout.readline()
            for tracer in theirs.values():
                # Probes are attached in the order of the script or in the opposite one.
                tracer.wait_for("first", 2)
                tracer.wait_for("last", 2)
            workload.go()
            assert workload.wait() == 0
            events = {tool: events_of(interrupt(traced)) for tool, traced in ours.items()}
            lines = {tool: tracer.end() for tool, tracer in theirs.items()}
        finally:
            for process in [*ours.values(), *(tracer.process for tracer in theirs.values())]:
                process.kill()
                process.wait()
    return Both(workload.pid, events, lines)


def start(tracelang: TracelangCommand, tool: str, pid: int) -> subprocess.Popen[str]:
    script = EXAMPLES / "tools" / f"{tool}.trace"
    ready = 'probe begin print "ready"'
    return tracelang.start(ready, script, "-p", str(pid), "-o", "json")


def start_bpftrace(tool: str, pid: int, home: Path) -> Bpftrace:
    own = Path(shutil.which(f"{tool}.bt") or f"/usr/sbin/{tool}.bt")
    text = own.read_text() if tool in OWN else LINES[tool].replace("PID", str(pid))
    program = home / f"{tool}.bt"
    tick = 'interval:ms:50 {{ printf("%s\\n", "{}"); }}\n'
    program.write_text(tick.format("first") + text + tick.format("last"))
    return Bpftrace(program)


@pytest.mark.beside_bpftrace
@pytest.mark.tool("opensnoop")
def test_opensnoop(both: Both) -> None:
    line = re.compile(r"(\d+) +\S+ +(-?\d+) +(\d+) (.*)")
    found = map(line.fullmatch, both.bpftrace["opensnoop"])
    theirs = [(x[4], int(x[2]), int(x[3])) for x in found if x and int(x[1]) == both.pid]
    ours = [
        (e["filename"], max(e["result"], -1), max(-e["result"], 0))
        for e in both.tracelang["opensnoop"]
    ]
    assert ours == theirs
    assert len(ours) >= 13


@pytest.mark.beside_bpftrace
@pytest.mark.tool("killsnoop")
def test_killsnoop(both: Both) -> None:
    line = re.compile(r"[\d:]+ +(\d+) +\S+ +(\d+) +(\d+) +(-?\d+)")
    found = map(line.fullmatch, both.bpftrace["killsnoop"])
    theirs = [tuple(map(int, x.groups()[1:])) for x in found if x and int(x[1]) == both.pid]
    ours = [(e["signal"], e["target"], e["result"]) for e in both.tracelang["killsnoop"]]
    # bpftrace's shows signal 0 too; of that ours has an option.
    assert ours == [call for call in theirs if call[0]]
    assert len(ours) == 5


@pytest.mark.beside_bpftrace
@pytest.mark.tool("bitesize")
def test_bitesize(both: Both) -> None:
    (row,) = [row for row in both.tracelang["bitesize"] if row["comm"] == COMM]
    theirs = histogram(both.bpftrace["bitesize"], f"@[{COMM}]:")
    assert {low: n for low, _, n in row["bytes"] if n} == theirs
    assert sum(theirs.values()) >= WRITES


@pytest.mark.beside_bpftrace
@pytest.mark.tool("syscount")
def test_syscount(both: Both) -> None:
    found = (re.fullmatch(r"@\[(\d+)\]: (\d+)", x) for x in both.bpftrace["syscount"])
    theirs = Counter({int(x[1]): int(x[2]) for x in found if x})
    ours = [row for row in both.tracelang["syscount"] if "func" in row]
    assert theirs.most_common(1)[0][1] == CALLS
    assert [row["calls"] for row in ours] == [n for _, n in theirs.most_common(10)]


def histogram(lines: list[str], title: str) -> dict[int, int]:
    """Return bpftrace's histogram below a title: the counts by the lower bounds."""
    bars = takewhile(lambda line: line.startswith(("[", "(")), lines[lines.index(title) + 1 :])
    found = (re.match(r"[\[(](\d+)([KM]?)[,\]].* (\d+) \|", bar) for bar in bars)
    return {
        int(x[1]) << {"": 0, "K": 10, "M": 20}[x[2]]: int(x[3]) for x in found if x and int(x[3])
    }
