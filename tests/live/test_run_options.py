"""Who is traced, how much, until when, and in which form it is shown."""

from __future__ import annotations

import csv
import os
import shlex
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live.runs import accounting, events_of, python_command, trace
from tests.processes import TracelangCommand, Workload, Workloads, finish, interrupt

CALLS = "import os\nos.sched_setaffinity(0, {0})\nfor n in range(1000): os.getpgid(0)"
THOUSAND = python_command(CALLS)
GETPGID = "probe syscall:getpgid capture pid, tid, comm"


def wait_until_attached(process: subprocess.Popen[str]) -> None:
    """Return when the `begin` rule of a started command has spoken."""
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"


# --- How much -------------------------------------------------------------------------------------


@pytest.mark.parametrize("transport", ["ring", "perf"])
def test_everything_arrives_by_both_transports(tracelang: TracelangCommand, transport: str) -> None:
    events = trace(tracelang, GETPGID, "-c", THOUSAND, "--transport", transport)
    assert len(events) == 1000
    times = [e["ts"] for e in events]
    assert times == sorted(times)


def test_samples_keep_their_share_and_count_the_rest(tracelang: TracelangCommand) -> None:
    script = """
    probe syscall:getpgid sample 3 in 10 capture pid
    probe syscall:getpgid sample 1 in 7 capture pid
    """
    done = tracelang(script, "-c", THOUSAND, "-o", "json")
    kept = [e["rule"] for e in events_of(done)]
    assert (kept.count(1), kept.count(2)) == (300, 143)
    counts = accounting(done)
    assert (counts["events"], counts["not sampled"]) == (443, 2000 - 443)


def test_limits_pass_so_many_a_second_and_count_the_rest(tracelang: TracelangCommand) -> None:
    work = f"import time\n{CALLS}\ntime.sleep(1.1)\nfor n in range(30): os.getpgid(0)"
    done = tracelang(
        "probe syscall:getpgid limit 50/s capture ts", "-c", python_command(work), "-o", "json"
    )
    times = [e["ts"] for e in events_of(done)]
    seconds = [sum(t - first < 10**9 for t in times if t >= first) for first in times]
    # A second's allowance may end in the middle of the burst, and the next begin.
    assert len(times) in (80, 130)
    assert max(seconds) <= 100
    counts = accounting(done)
    assert counts["events"] + counts["over the limit"] == 1030


def test_limits_hold_with_several_threads_on_several_processors(
    tracelang: TracelangCommand,
) -> None:
    work = "import os\nchild = os.fork()\nfor n in range(500): os.getpgid(0)\nif child: os.wait()"
    done = tracelang(
        "probe syscall:getpgid limit 20/s capture ts", "-c", python_command(work), "-o", "json"
    )
    counts = accounting(done)
    assert counts["events"] + counts["over the limit"] == 1000
    assert counts["events"] in (20, 40)


# --- Until when -----------------------------------------------------------------------------------


def test_n_ends_after_so_many_events(tracelang: TracelangCommand) -> None:
    done = tracelang(f"probe begin {GETPGID} probe end", "-n", "10", "-c", THOUSAND, "-o", "json")
    rules = [e["rule"] for e in events_of(done)]
    assert rules == [1] + [2] * 10 + [3]
    assert done.status == 0
    stopped = tracelang(f"stop after 7 events {GETPGID}", "-c", THOUSAND, "-o", "json")
    assert (len(events_of(stopped)), accounting(stopped)["events"]) == (7, 7)


def test_d_and_stop_after_end_in_time(tracelang: TracelangCommand) -> None:
    for arguments in (
        ["probe interval:10s", "-d", "300ms"],
        ["stop after 300ms probe interval:10s"],
    ):
        before = time.monotonic()
        assert tracelang(*arguments).status == 0
        assert time.monotonic() - before >= 0.3
    script = "probe begin capture ts  probe end capture ts"
    first, last = trace(tracelang, script, "-d", "500ms")
    assert last["ts"] - first["ts"] >= 0.5e9


def test_p_ends_with_its_process(tracelang: TracelangCommand, workloads: Workloads) -> None:
    work = workloads.python(CALLS)
    other = workloads.python(CALLS)
    process = tracelang.start(
        f'probe begin print "ready" {GETPGID} print "%d", pid', "-p", str(work.pid)
    )
    wait_until_attached(process)
    other.go()
    other.wait()
    work.go()
    work.wait()
    done = finish(process)
    assert (done.status, done.stdout) == (0, f"{work.pid}\n" * 1000)


# --- Who ------------------------------------------------------------------------------------------

FAMILY = """
import os, sys
def child(depth):
    pid = os.fork()
    if pid: return os.waitpid(pid, 0)
    os.getpgid(0)
    if depth: child(depth - 1)
    os._exit(0)
child(3)
os.getpgid(0)
"""


THREADS = """
import threading
for n in range(3):
    thread = threading.Thread(target=lambda: os.getpgid(0))
    thread.start()
    thread.join()
"""


def test_c_follows_forks_threads_and_grandchildren(
    tracelang: TracelangCommand, workloads: Workloads
) -> None:
    stranger = workloads.python(
        "import time\nfor n in range(9999): os.getpgid(0), time.sleep(0.002)"
    )
    stranger.go()
    shell = f"sh -c {shlex.quote(python_command(FAMILY + THREADS))}"
    events = trace(tracelang, GETPGID, "-c", shell)
    assert len(events) == 8
    assert len({e["pid"] for e in events}) == 5
    assert len({e["tid"] for e in events}) == 8
    assert stranger.pid not in {e["pid"] for e in events}


def test_the_command_s_first_call_is_execve(tracelang: TracelangCommand) -> None:
    script = """
    probe rawtracepoint:sys_enter capture id, syscall_name(id) as name
    probe tracepoint:sched:sched_process_exec capture filename
    """
    events = trace(tracelang, script, "-c", "/bin/true", "--buffer", "8MiB")
    assert [e.get("name_text") or e.get("filename") for e in events[:2]] == ["execve", "/bin/true"]
    assert events[-1]["name_text"] == "exit_group"


def test_c_reports_how_the_command_ended_and_refuses_what_is_none(
    tracelang: TracelangCommand,
) -> None:
    failed = tracelang(GETPGID, "-c", "sh -c 'exit 7'")
    assert failed.status == 0
    assert "the command ended with status 7" in failed.stderr
    missing = tracelang(GETPGID, "-c", "/no/such/program")
    assert missing.status not in (0, 70)
    assert "/no/such/program" in missing.stderr


def descendants(work: Workload) -> None:
    assert work.process.stdout is not None
    work.process.stdout.readline()


def test_follow_includes_descendants_old_and_new(
    tracelang: TracelangCommand, workloads: Workloads
) -> None:
    source = f"""
if os.fork() == 0:
    os.write(1, b"child\\n")
    sys.stdin.readline()
    {FAMILY.strip().replace(chr(10), chr(10) + "    ")}
    os._exit(0)
os.wait()
os.getpgid(0)
"""
    for follow, expected in ((True, 6), (False, 1)):
        work = workloads.python(source)
        work.go()
        descendants(work)
        options = ["--follow"] if follow else []
        process = tracelang.start(
            f'probe begin print "ready" {GETPGID} print "%d", pid', "-p", str(work.pid), *options
        )
        wait_until_attached(process)
        work.go()
        assert work.wait() == 0
        lines = finish(process).stdout.split()
        assert len(lines) == expected
        assert lines[-1] == str(work.pid)


def test_comm_names_the_tasks(tracelang: TracelangCommand, workloads: Workloads) -> None:
    naming = 'open("/proc/self/comm", "w").write("chosen one")\n'
    chosen, other = workloads.python(naming + CALLS), workloads.python(CALLS)
    process = tracelang.start(
        f'probe begin print "ready" {GETPGID} print "%d", pid', "--comm", "chosen one"
    )
    wait_until_attached(process)
    for work in (chosen, other):
        work.go()
        assert work.wait() == 0
    assert interrupt(process).stdout == f"{chosen.pid}\n" * 1000


@pytest.fixture
def cgroup() -> Iterator[Path]:
    """A cgroup with one below it, both removed afterwards."""
    mounts = [line.split() for line in Path("/proc/mounts").read_text().splitlines()]
    root = next((Path(m[1]) for m in mounts if m[2] == "cgroup2"), None)
    if root is None:
        pytest.skip("no cgroup2 hierarchy is mounted")
    path = root / f"tracelang-test-{os.getpid()}"
    (path / "below").mkdir(parents=True)
    yield path
    (path / "below").rmdir()
    path.rmdir()


def test_cgroup_takes_members_of_it_and_below(
    tracelang: TracelangCommand, workloads: Workloads, cgroup: Path
) -> None:
    works = [workloads.python(CALLS) for _ in range(3)]
    for work, place in zip(works, (cgroup, cgroup / "below"), strict=False):
        (place / "cgroup.procs").write_text(str(work.pid))
    process = tracelang.start(
        'probe begin print "ready" probe syscall:getpgid capture pid, cgroup print "%d %s"',
        "--cgroup",
        cgroup.name,
    )
    wait_until_attached(process)
    for work in works:
        work.go()
        assert work.wait() == 0
    done = interrupt(process)
    expected = [f"{works[0].pid} /{cgroup.name}"] * 1000 + [
        f"{works[1].pid} /{cgroup.name}/below"
    ] * 1000
    assert done.stdout.splitlines() == expected


# --- In which form --------------------------------------------------------------------------------

FORMS = """
probe syscall:openat
  where dfd == -7
  capture filename, flags, errno(-2) as error, pid > 0 as yes
"""
PATHS = ["plain", 'comma, "quote"', "line\nfeed"]
ODD = f"import ctypes\nfor p in {PATHS!r}: ctypes.CDLL(None).openat(-7, p.encode(), 0)"


def test_the_same_events_in_every_form(tracelang: TracelangCommand, tmp_path: Path) -> None:
    found = trace(tracelang, FORMS, "-c", python_command(ODD))
    assert [(e["filename"], e["error"], e["error_text"], e["yes"]) for e in found] == [
        (p, -2, "ENOENT", True) for p in PATHS
    ]
    file = tmp_path / "events.csv"
    done = tracelang(FORMS, "-c", python_command(ODD), "-o", "csv", "--out", file)
    assert done.stdout == ""
    with file.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [(r["filename"], r["error"], r["error_text"], r["yes"]) for r in rows] == [
        (p, "-2", "ENOENT", "true") for p in PATHS
    ]
    table = tracelang(FORMS, "-c", python_command(ODD), "-o", "table").stdout.splitlines()
    assert table[0].split() == ["FILENAME", "FLAGS", "ERROR", "YES"]
    assert len(table) == 4
    text = tracelang(
        f'{FORMS} print "<%s|%5d|%s>", filename, flags, error', "-c", python_command(ODD)
    )
    assert text.stdout.splitlines()[0] == "<plain|    0|ENOENT>"
    assert len(text.stdout.splitlines()) == 3


def test_quiet_says_nothing_else(tracelang: TracelangCommand) -> None:
    done = tracelang(f'{GETPGID} print "x"', "-c", THOUSAND, "-q")
    assert (done.stdout, done.stderr, done.status) == ("x\n" * 1000, "", 0)


def test_dry_run_attaches_and_shows_nothing(tracelang: TracelangCommand) -> None:
    done = tracelang(f"{GETPGID} probe begin", "--dry-run", "-v", "-c", "touch /proc/never")
    assert (done.stdout, done.status) == ("", 0)
    assert "attached 2 probes" in done.stderr
    assert "never" not in done.stderr


SCRIPT = """# Which process groups a process asks about.
param who: int = 5 "the process asked about"
param name = "nobody" "the task's name"
param slow: duration = 1s "how slow"
param really: bool = false "whether at all"
probe syscall:getpgid
  where args.pid == who and really and comm startswith name and slow == 250ms
  capture args.pid as asked, comm, slow
"""


def test_params_come_from_the_command_line(tracelang: TracelangCommand, tmp_path: Path) -> None:
    script = tmp_path / "groups.trace"
    script.write_text(SCRIPT)
    work = python_command(
        "import os\nfor n in (5, 0, 7):\n  try: os.getpgid(n)\n  except OSError: pass"
    )
    given = ["--who", "0", "--name=python", "--slow", "250ms", "--really"]
    (event,) = trace(tracelang, script, *given, "-c", work)
    assert (event["asked"], event["slow"]) == (0, 250_000_000)
    assert trace(tracelang, script, *given[2:], "--who=1", "-c", work) == []
    help_ = tracelang(script, "--help")
    assert help_.status == 0
    assert "Which process groups a process asks about." in help_.stdout
    assert "the process asked about" in help_.stdout
    wrong = tracelang(script, "--whom", "1")
    assert wrong.status in (1, 2)
    assert "--who" in wrong.stderr or "`who`" in wrong.stderr


def test_several_scripts_at_once(tracelang: TracelangCommand) -> None:
    work = python_command("import os; os.getpgid(0); os.getsid(0)")
    events = trace(
        tracelang, "syscall:getpgid capture func", "syscall:getsid capture func", "-c", work
    )
    assert [(e["rule"], e["func"]) for e in events] == [(1, "getpgid"), (2, "getsid")]


def test_standard_input_is_a_script(tracelang: TracelangCommand) -> None:
    done = tracelang("-", "-c", THOUSAND, "-n", "1", "-o", "json", stdin=GETPGID)
    assert len(events_of(done)) == 1
