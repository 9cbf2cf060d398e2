"""Recording and replaying on this kernel: a replay says what the run itself said."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from subprocess import PIPE

import jsonschema
import pytest

from scripts.tool_table import MISSING
from tests.live.replays import assert_same
from tests.live.runs import events_of, python_command
from tests.live.test_language_expressions import LETS, WORK
from tests.processes import TracelangCommand, Workloads, finish

EXAMPLES = Path(__file__).parents[2] / "examples"
FRUITFUL = (  # here, by the work below; the others show nothing, or need kprobes
    "namespaces", "who-calls-execve", "tools/execsnoop", "tools/exitsnoop", "tools/killsnoop",
    "tools/lookups", "tools/opensnoop", "tools/statsnoop", "tools/unlinksnoop",
    "tools/filetop", "tools/funccount", "tools/gethostlatency", "tools/sigsnoop", "tools/syscount",
)  # fmt: skip
BUSY = """
import os, signal, socket
socket.getaddrinfo("localhost", 80)
for name in ("one", "two/three"):
    try: os.unlink("no such " + name)
    except OSError: pass
open("/etc/hostname").close()
os.stat("/etc"); os.kill(os.getpid(), signal.SIGCONT)
os.spawnlp(os.P_WAIT, "true", "true", "an argument")
"""
OTHERS = tuple(
    name
    for path in sorted(EXAMPLES.rglob("*.trace"))
    if (name := str(path.relative_to(EXAMPLES).with_suffix(""))) not in FRUITFUL
    and path.stem not in MISSING["linux-6.18"]
)
"""What else this kernel has the events for: mostly it shows nothing of the work below."""
DRIVER = """
import contextlib, io, json, sys
from tracelang.cli.main import main
folder, examples, work = sys.argv[1:4]
for name in sys.argv[4:]:
    said = {}
    recording = f"{folder}/{name.replace('/', '-')}.tl"
    run = [f"{examples}/{name}.trace", "-w", recording, "-q", "-c", work]
    for step, arguments in (
        ("live", ["record", *run, "-o", "json"]),
        ("replayed", ["replay", recording, "-o", "json", "-q"]),
        ("text", ["replay", recording, "-q"]),
        ("schema", ["schema", run[0]]),
    ):
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            status = main(arguments)
        said[step] = (status, out.getvalue().splitlines())
    print(json.dumps([name, said]))
"""
"""Records and replays each example, in one process."""
MORE_STEPS = """        ("text", ["replay", recording, "-q"]),
        ("schema", ["schema", run[0]]),
"""
assert MORE_STEPS in DRIVER


def test_a_replay_of_every_example_is_what_the_run_said(tmp_path: Path) -> None:
    arguments = [str(tmp_path), str(EXAMPLES), python_command(BUSY), *FRUITFUL]
    command = [sys.executable, "-c", DRIVER, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    answers = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("[")]
    assert [name for name, _ in answers] == list(FRUITFUL), done.stderr
    for name, said in answers:
        assert [status for status, _ in said.values()] == [0, 0, 0, 0], (name, done.stderr)
        live = assert_same(name, said["live"][1], said["replayed"][1])
        validator = jsonschema.Draft202012Validator(json.loads("".join(said["schema"][1])))
        for event in live:
            validator.validate(event)
        assert live, name
        assert len(said["text"][1]) >= len(live), name


def test_a_replay_of_any_other_example_is_what_the_run_said(tmp_path: Path) -> None:
    # Most of the time they wait for the kernel to detach: three do so beside one another.
    driver = DRIVER.replace(MORE_STEPS, "")
    first = [sys.executable, "-c", driver, str(tmp_path), str(EXAMPLES), python_command(BUSY)]
    running = [
        subprocess.Popen([*first, *OTHERS[part::3]], stdout=PIPE, stderr=PIPE, text=True)
        for part in range(3)
    ]
    answers = {}
    for process in running:
        out, errors = process.communicate()
        for line in out.splitlines():
            if line.startswith("["):
                name, said = json.loads(line)
                answers[name] = said, errors
    assert set(answers) == set(OTHERS), [e for _, e in answers.values()]
    for name, (said, errors) in answers.items():
        assert [status for status, _ in said.values()] == [0, 0], (name, errors)
        assert_same(name, said["live"][1], said["replayed"][1])


CONDITIONS = (
    "i < 0 and u > 7", "s >= 0 or w == 0", "u == s", "v / b > 3", "x % 7 != 0", "c < s", "~h & u",
    "(g << 3) > t", "u - v < 0", "x * x > 100", "b in (0, 1, 255)", "not t", "-x > c",
    "u >> w == 0",
)  # fmt: skip


def test_a_condition_keeps_in_a_replay_what_it_keeps_in_the_kernel(
    tracelang: TracelangCommand, tmp_path: Path
) -> None:
    columns = ", ".join("iuvstwxbchg")
    rules = [f"probe syscall:prctl capture {columns}"]
    rules += [f"probe syscall:prctl where {c} capture {columns}" for c in CONDITIONS]
    path = tmp_path / "prctl.tl"
    arguments = ("-w", path, "-o", "json", "-c", WORK)
    live = events_of(tracelang("record", LETS + " ".join(rules), *arguments))
    queries = " ".join(f"probe recorded:1 where {c}" for c in CONDITIONS)
    found = events_of(tracelang("replay", path, "-o", "json", "-e", queries))

    def values(events: Sequence[dict[str, object]], rule: int) -> list[list[object]]:
        return [[e["ts"], *(e[n] for n in "iuvstwxbchg")] for e in events if e["rule"] == rule]

    every = values(live, 1)
    assert len(every) >= 20
    for number, condition in enumerate(CONDITIONS, 1):
        # The programs of one event read the clock one after the other: values tell, times do not.
        kept = [v[1:] for v in values(live, number + 1)]
        assert [v[1:] for v in values(found, number)] == kept, condition


def test_an_aggregate_of_a_replay_is_that_of_the_kernel(
    tracelang: TracelangCommand, tmp_path: Path
) -> None:
    work = python_command(
        "import ctypes; call = ctypes.CDLL(None).prctl\n"
        "for n in range(3000): call(-1, n * n * 77, n % 5, 0, 0)"
    )
    functions = """count() as n, sum(a) as s, avg(a) as m, min(a) as low, max(a) as high,
      stats(a) as all, hist(a) as h, lhist(a, 1000, 100000000, 9999900) as l, p50(a) as p50,
      percentile(a, 99.9) as p, distinct(a) as d, s / n as mean"""
    path = tmp_path / "prctl.tl"
    script = f"""probe syscall:prctl capture arg2 as a, arg3 as k, comm
    let a = arg2
    probe syscall:prctl aggregate {functions} by arg3 as k, comm"""
    done = tracelang("record", script, "-w", path, "-o", "json", "-c", work)
    live = [e for e in events_of(done) if e["rule"] == 2]
    assert len(live) == 5
    query = f"probe recorded:1 aggregate {functions} by k, comm"
    found = events_of(tracelang("replay", path, "-o", "json", "-e", query))
    for event in (*live, *found):
        for name in ("ts", "rule", "probe"):
            event.pop(name, None)
    assert found == live
    tables = [e for e in events_of(tracelang("replay", path, "-o", "json")) if e["rule"] == 2]
    assert [t["h"] for t in tables] == [e["h"] for e in live]


def test_a_killed_tracer_leaves_what_it_had_written(
    tracelang: TracelangCommand, workloads: Workloads, tmp_path: Path
) -> None:
    work = workloads.python("while True: os.getpgid(0)")
    path = tmp_path / "flood.tl"
    script = "probe syscall:getpgid capture pid, comm"
    process = tracelang.start("record", script, "-w", path, "-p", str(work.pid))
    work.go()
    partial = tmp_path / "flood.tl.partial"
    assert process.stdout is not None
    while not (partial.exists() and partial.stat().st_size > 300_000):
        assert process.poll() is None, finish(process)
    process.kill()
    finish(process)
    assert f"left `{partial}`" in tracelang("replay", path).stderr
    done = tracelang("replay", partial, "-o", "csv")
    assert done.status == 0
    assert "warning: " in done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) > 1000
    assert set(lines[1:]) == {f"{work.pid},{lines[1].split(',')[1]}"}


@pytest.mark.parametrize("arguments", [[], ["-w", "/no/such/folder/f"]])
def test_a_recording_needs_a_place(tracelang: TracelangCommand, arguments: list[str]) -> None:
    done = tracelang("record", "syscall:getpgid", "-c", "true", *arguments)
    assert done.status == 2
    assert "error[U1" in done.stderr
