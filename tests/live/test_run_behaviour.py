"""How a run behaves: its accounting, its end by every kind of signal, and outputs that fail."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.features import TRACEFS
from tests.live.runs import accounting, events_of, python_command
from tests.processes import SLOWNESS, TracelangCommand, Workload, Workloads, finish, programs_of
from tracelang.runtime.bpf import all_program_ids

FLOOD = "while True: os.getpgid(0)"
CALLS = 200_000
BURST = python_command(f"import os\ncall = os.getpgid\nfor n in range({CALLS}): call(0)")


@pytest.fixture
def flooded(tracelang: TracelangCommand, workloads: Workloads) -> Iterator[subprocess.Popen[str]]:
    """A run under full load: a process that calls without pause, its output going to a file."""
    work = workloads.python(FLOOD)
    out = workloads.directory / "out"
    script = """
    probe begin print "begin"
    probe syscall:getpgid capture pid print "%d"
    probe end print "end"
    """
    process = tracelang.start(script, "-p", str(work.pid), "--out", str(out))
    work.go()
    growing = out.with_name("out.partial")
    _wait_for(lambda: growing.exists() and growing.stat().st_size > 100_000)
    yield process
    if process.poll() is None:
        process.kill()
        process.communicate()


def _wait_for(condition: object) -> None:
    assert callable(condition)
    end = time.monotonic() + 20 * SLOWNESS
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


# --- Accounting -----------------------------------------------------------------------------------


@pytest.mark.parametrize("transport", ["ring", "perf"])
def test_what_was_offered_was_received_or_counted_as_lost(
    tracelang: TracelangCommand, transport: str
) -> None:
    arguments = ["-o", "json", "--buffer", "8K", "--transport", transport]
    done = tracelang("probe syscall:getpgid capture pid, comm", "-c", BURST, *arguments)
    counts = accounting(done)
    assert counts["events"] == len(events_of(done)) > 0
    assert counts["lost"] > 0
    assert counts["events"] + counts["lost"] == CALLS
    assert done.status == 0


@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="one processor has no order to keep")
def test_events_are_in_order_of_time_on_all_processors(tracelang: TracelangCommand) -> None:
    work = """
import os
os.fork()
os.sched_setaffinity(0, {int(os.fork() > 0)})
for n in range(20000): os.getpgid(0)
while True:
    try: os.wait()
    except OSError: break
"""
    done = tracelang(
        "probe syscall:getpgid capture pid, cpu", "-c", python_command(work), "-o", "json"
    )
    events = events_of(done)
    assert (len(events), accounting(done)["lost"]) == (80_000, 0)
    assert {e["cpu"] for e in events} == {0, 1}
    times = [e["ts"] for e in events]
    assert times == sorted(times)
    assert "out of order" not in done.stderr


# --- Ends -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signals_end_a_run_under_full_load_in_order(
    flooded: subprocess.Popen[str], workloads: Workloads, number: signal.Signals
) -> None:
    flooded.send_signal(number)
    done = finish(flooded, timeout=20)
    assert done.status == 0, done.stderr
    lines = (workloads.directory / "out").read_text().splitlines()
    assert (lines[0], lines[-1]) == ("begin", "end")
    assert accounting(done)["events"] == len(lines)
    assert "Traceback" not in done.stderr


def test_a_killed_run_leaves_nothing_in_the_kernel(flooded: subprocess.Popen[str]) -> None:
    own = programs_of(flooded.pid)
    assert own
    flooded.kill()
    flooded.communicate()
    _wait_for(lambda: not own & set(all_program_ids()))
    for file in ("uprobe_events", "kprobe_events"):
        if (TRACEFS / file).exists():
            assert str(flooded.pid) not in (TRACEFS / file).read_text()


def test_an_ended_run_leaves_nothing_either(tracelang: TracelangCommand, tmp_path: Path) -> None:
    before = set(all_program_ids())
    events = (TRACEFS / "uprobe_events").read_text() if (TRACEFS / "uprobe_events").exists() else ""
    script = "probe uprobe:libc:getpgid, syscall:getpgid, profile:99hz, interval:1s capture func"
    done = tracelang(script, "-c", python_command("import os; os.getpgid(0)"))
    assert done.status == 0, done.stderr
    if events:
        assert (TRACEFS / "uprobe_events").read_text() == events
    assert len(set(all_program_ids()) - before) <= 2  # others on this machine may have started some


def test_a_signal_to_the_command_is_reported(tracelang: TracelangCommand) -> None:
    done = tracelang("probe syscall:getpgid", "-c", "sh -c 'kill -USR1 $$'")
    assert done.status == 0
    assert "the command ended with signal SIGUSR1" in done.stderr


# --- Outputs that fail ----------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["text", "json", "csv", "table"])
def test_a_reader_that_leaves_ends_the_run_quietly(
    tracelang: TracelangCommand, workloads: Workloads, form: str
) -> None:
    work = workloads.python(FLOOD)
    process = tracelang.start(
        "probe syscall:getpgid capture pid, comm", "-p", str(work.pid), "-o", form
    )
    work.go()
    assert process.stdout is not None
    assert process.stdout.readline()
    process.stdout.close()
    process.stdout = None
    done = finish(process, timeout=20)
    assert done.status == 0
    (line,) = done.stderr.splitlines()
    assert line.endswith(" s of CPU")


def test_a_full_disk_is_said_plainly(tracelang: TracelangCommand) -> None:
    done = tracelang("probe syscall:getpgid capture pid", "-c", BURST, "--out", "/dev/full")
    assert done.status == 3
    assert "error[T330]: the output cannot be written: No space left on device" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_output_that_cannot_be_opened(tracelang: TracelangCommand, tmp_path: Path) -> None:
    done = tracelang("probe syscall:getpgid", "-c", "true", "--out", tmp_path / "no" / "file")
    assert done.status != 0
    assert "U113" in done.stderr


def test_a_process_that_is_not_there(tracelang: TracelangCommand, workloads: Workloads) -> None:
    work = Workload(workloads.python("pass").process)
    work.go()
    work.wait()
    done = tracelang("probe syscall:getpgid", "-p", str(work.pid))
    assert done.status in (2, 3)
    assert str(work.pid) in done.stderr
    assert "Traceback" not in done.stderr


def test_what_the_tracer_imports_is_not_in_its_own_trace(tracelang: TracelangCommand) -> None:
    # The shell's pid is the tracer's: nothing else is looked at.
    argv = shlex.join([sys.executable, "-m", "tracelang.cli.main"])
    script = "syscall:openat where pid == $$ capture filename"
    shell = ["/bin/sh", "-c", f'exec {argv} "{script}" -d 200ms']
    environment = {**os.environ, **tracelang.environment}
    done = subprocess.run(shell, capture_output=True, text=True, env=environment, check=True)
    assert "lost" in done.stderr
    assert ".py" not in done.stdout
