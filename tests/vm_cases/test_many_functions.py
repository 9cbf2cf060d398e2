"""Many kernel functions by one wildcard: a program serves them all, and knows which it is for."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.live.runs import Event, accounting, events_of
from tests.processes import Completed, TracelangCommand, Workloads, finish, next_line, programs_of

SCRIPT = """
    probe kprobe:vfs_* capture func, kstack(3)
    probe kretprobe:vfs_r* capture func, retval
    probe kprobe:vfs_rmdir capture func
    probe kprobe:vfs_r* capture func
"""
WORK = """
os.mkdir("a")
os.mkdir("a/b")
for path in ("a", "a/b", "a"):
    try: os.rmdir(path)
    except OSError as error: print(-error.errno, flush=True)
"""
NOT_EMPTY = -39


@dataclass(frozen=True, slots=True)
class Run:
    """An ended trace, and how many links and programs it held while it ran."""

    done: Completed
    links: int
    programs: int

    def events(self, rule: int, function: str) -> list[Event]:
        return [e for e in events_of(self.done) if (e["rule"], e["func"]) == (rule, function)]


@pytest.fixture(scope="module")
def run(tracelang: TracelangCommand, tmp_path_factory: pytest.TempPathFactory) -> Run:
    with Workloads(tmp_path_factory.mktemp("many")) as workloads:
        work = workloads.python(WORK)
        process = tracelang.start(SCRIPT, "-v", "-o", "json", "-p", str(work.pid))
        next_line(process.stderr)  # written when everything is attached
        links, programs = links_of(process.pid), len(programs_of(process.pid))
        work.go()
        assert work.wait() == 0
        return Run(finish(process), links, programs)


def links_of(pid: int) -> int:
    found = 0
    for path in Path(f"/proc/{pid}/fdinfo").iterdir():
        with suppress(FileNotFoundError):  # closed meanwhile: no link is, while it runs
            found += "link_type:" in path.read_text()
    return found


@pytest.mark.needs("kprobe")
def test_one_program_serves_them_all(run: Run) -> None:
    assert run.done.status == 0, run.done.stderr
    assert accounting(run.done)["lost"] == 0
    places = [line for line in run.done.stderr.splitlines() if " by k" in line]
    assert len(places) > 80
    assert run.links > len(places) - 10
    assert run.programs < 20


@pytest.mark.needs("kprobe")
def test_each_event_is_of_its_own_function(run: Run) -> None:
    assert len(run.events(1, "vfs_mkdir")) == 2
    for event in run.events(1, "vfs_mkdir"):
        assert [frame["name"] for frame in event["kstack"]][:2] == ["vfs_mkdir", "do_mkdirat"]
    assert [e["retval"] for e in run.events(2, "vfs_rmdir")] == [NOT_EMPTY, 0, 0]


@pytest.mark.needs("kprobe")
def test_rules_that_meet_at_a_function_see_each_event_in_their_order(run: Run) -> None:
    events = [e for e in events_of(run.done) if e["func"] == "vfs_rmdir" and e["rule"] != 2]
    assert [event["rule"] for event in events] == [1, 3, 4] * 3
