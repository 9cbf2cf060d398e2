"""The design's seed programs by kprobe and by fentry: every line is what the processes did."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.processes import Completed, TracelangCommand, finish

EXAMPLES = Path(__file__).parents[2] / "examples"
EXECVE = """
probe   kprobe:sys_execve(path: str)
capture elapsed, comm, pid, path
print   "%-18.9f %-16s %-6d %s"
"""
CONNECT = """
probe   kprobe:tcp_connect
capture elapsed, comm, pid, ip(sk.__sk_common.skc_daddr) as daddr
print   "%-18.9f %-16s %-6d %s"
"""
STARTS = "sh -c 'echo $$ >sh.pid; /bin/true & echo $! >true.pid; wait; exec /bin/false'"
CONNECTS = "bash -c 'echo $$ >bash.pid; exec 3<>/dev/tcp/127.0.0.1/{port}'"
LINE = re.compile(r"(\d+\.\d{9}) +(\S+) +(\d+) +(\S+)")


@dataclass(frozen=True, slots=True)
class Run:
    """An ended trace, its lines taken apart, and the pids its workload wrote down."""

    completed: Completed
    lines: tuple[tuple[str, str, int, str], ...]
    pids: Mapping[str, int]


@pytest.fixture(scope="module")
def runs(
    tracelang: TracelangCommand, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Mapping[str, Run]]:
    """All runs, two at a time: the guest has two processors, and each run takes it seconds."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        connects = CONNECTS.format(port=server.getsockname()[1])
        pairs = (
            {
                "execve by kprobe": (EXAMPLES / "who-calls-execve.trace", "-c", STARTS),
                "execve by fentry": (EXECVE, "--prefer", "fentry", "-c", STARTS),
            },
            {
                "connect by kprobe": (CONNECT, "-c", connects),
                "connect by fentry": (
                    EXAMPLES / "who-calls-connect.trace",
                    *("--prefer", "fentry", "-c", connects),
                ),
            },
        )
        ended: dict[str, Run] = {}
        for pair in pairs:
            homes = {name: tmp_path_factory.mktemp("run") for name in pair}
            started = {
                name: tracelang.start(*arguments, "-v", cwd=homes[name])
                for name, arguments in pair.items()
            }
            for name, process in started.items():
                ended[name] = take_apart(finish(process), homes[name])
        yield ended


def take_apart(completed: Completed, home: Path) -> Run:
    lines = []
    for line in completed.stdout.splitlines():
        found = LINE.fullmatch(line)
        assert found, line
        elapsed, comm, pid, text = found.groups()
        assert line == f"{elapsed:<18} {comm:<16} {pid:<6} {text}"
        lines.append((elapsed, comm, int(pid), text))
    pids = {path.stem: int(path.read_text()) for path in home.glob("*.pid")}
    return Run(completed, tuple(lines), pids)


@pytest.mark.needs("kprobe", "fentry")
@pytest.mark.parametrize("mechanism", ["kprobe", "fentry"])
def test_every_program_start_is_a_line(runs: Mapping[str, Run], mechanism: str) -> None:
    run = runs[f"execve by {mechanism}"]
    shell, child = run.pids["sh"], run.pids["true"]
    _, *started = [(comm, pid, path) for _, comm, pid, path in run.lines]
    assert sorted(started) == sorted([("sh", child, "/bin/true"), ("sh", shell, "/bin/false")])
    # The command itself is started by a process that tracelang holds until the probes are attached.
    assert run.lines[0][2:] in {(shell, "/bin/sh"), (shell, "/usr/bin/sh")}


@pytest.mark.needs("kprobe", "fentry")
@pytest.mark.parametrize("mechanism", ["kprobe", "fentry"])
def test_every_connection_is_a_line(runs: Mapping[str, Run], mechanism: str) -> None:
    run = runs[f"connect by {mechanism}"]
    assert [line[1:] for line in run.lines] == [("bash", run.pids["bash"], "127.0.0.1")]


@pytest.mark.needs("kprobe", "fentry")
def test_the_lines_are_in_order_and_begin_at_zero(runs: Mapping[str, Run]) -> None:
    for name, run in runs.items():
        seconds = [float(elapsed) for elapsed, *_ in run.lines]
        assert seconds == sorted(seconds), name
        assert seconds[0] == 0, name


@pytest.mark.needs("kprobe", "fentry")
@pytest.mark.parametrize(
    ("run", "attached"),
    [
        ("execve by kprobe", "kprobe:sys_execve by kprobe __x64_sys_execve"),
        ("execve by fentry", "kprobe:sys_execve by fentry __x64_sys_execve"),
        ("connect by kprobe", "kprobe:tcp_connect by kprobe tcp_connect"),
        ("connect by fentry", "kprobe:tcp_connect by fentry tcp_connect"),
    ],
)
def test_the_mechanism_is_the_one_asked_for(
    runs: Mapping[str, Run], run: str, attached: str
) -> None:
    completed = runs[run].completed
    assert completed.status == 0
    assert attached in completed.stderr.splitlines()
    assert " 0 lost, " in completed.stderr.splitlines()[-1]
