"""Kernel functions by kprobe, kretprobe, fentry and fexit: the values are what the processes did.

One run holds all the rules: starting the command is what takes long under emulation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from tests.live.runs import json_events
from tests.processes import Completed, TracelangCommand

# Each rule's number in the output is its place here, counted from 1.
RULES = {
    "kprobe": """
        probe kprobe:vfs_open
        where path.dentry.d_name.name == wanted
        capture comm, pid, path.dentry.d_name.name as name, path(path) as full, file.f_flags as how
    """,
    "fentry": """
        probe fentry:vfs_open
        where path.dentry.d_name.name == wanted
        capture pid, str(path.dentry.d_parent.d_name.name) as folder, func, HOW(1) as word
    """,
    "kretprobe": "probe kretprobe:vfs_open capture pid, retval, func",
    "fexit": """
        probe fexit:vfs_open
        where file.f_path.dentry.d_name.name == wanted
        capture pid, file.f_path.dentry.d_name.name as name, retval
    """,
    "wrapped": """
        probe kprobe:sys_openat(dfd, path: str)
        where comm == "cat"
        capture pid, dfd, path, args.flags as flags, args.mode as mode
    """,
    "call": """
        probe syscall:openat
        where comm == "cat"
        capture pid, dfd, filename as path, args.flags as flags, args.mode as mode
    """,
    "wrapped return": 'probe kretprobe:sys_openat where comm == "cat" capture pid, retval',
    "call's return": 'probe sysret:openat where comm == "cat" capture pid, retval',
    "fexit of a call": 'probe fexit:__x64_sys_openat where comm == "cat" capture pid, retval',
    "wildcard": "probe kprobe:vfs_unlin*, kprobe:vfs_rmdi[rst] capture func, dentry.d_name.name",
    "fallback": "probe kprobe:no_such_function or kprobe:vfs_unlink capture dentry.d_name.name",
    "inside": "probe kprobe:vfs_unlink+5 capture comm, probe",
    "module": "probe kprobe:v9fs_file_open capture file.f_path.dentry.d_name.name as name",
}
SCRIPT = 'param wanted = "none"\ntable HOW { 1: "one", else: "?" }\n' + "\n".join(RULES.values())
WORKLOAD = """sh -c '
echo $$ >sh.pid
cat needle & echo $! >cat.pid
wait
cat missing
/usr/bin/env rm doomed
rmdir folder
'"""


@dataclass(frozen=True, slots=True)
class Trace:
    """The events by rule, and what the workload was."""

    completed: Completed
    events: Mapping[str, Sequence[Mapping[str, Any]]]
    cat: int
    home: str


@pytest.fixture(scope="module")
def trace(tracelang: TracelangCommand, tmp_path_factory: pytest.TempPathFactory) -> Trace:
    home = tmp_path_factory.mktemp("values")
    (home / "needle").write_text("text\n")
    (home / "doomed").touch()
    (home / "folder").mkdir()
    completed = tracelang(SCRIPT, "--wanted", "needle", "-o", "json", "-c", WORKLOAD, cwd=home)
    assert (home / "cat.pid").exists(), completed
    lines = json_events(line for line in completed.stdout.splitlines() if line.startswith("{"))
    events = {
        name: [line for line in lines if line["rule"] == number]
        for number, name in enumerate(RULES, 1)
    }
    return Trace(completed, events, int((home / "cat.pid").read_text()), str(home))


def test_the_run_ends_well(trace: Trace) -> None:
    assert trace.completed.status == 0, trace.completed.stderr
    assert " 0 lost, " in trace.completed.stderr


def test_typed_members_of_arguments(trace: Trace) -> None:
    (event,) = trace.events["kprobe"]
    assert (event["comm"], event["pid"]) == ("cat", trace.cat)
    assert event["name"] == "needle"
    assert event["full"] == f"{trace.home}/needle"
    (by_fentry,) = trace.events["fentry"]
    assert by_fentry["pid"] == trace.cat
    assert trace.home.endswith(f"/{by_fentry['folder']}")
    assert by_fentry["func"] == "vfs_open"
    assert by_fentry["word_text"] == "one"


def test_returns(trace: Trace) -> None:
    (event,) = trace.events["fexit"]
    assert (event["pid"], event["name"], event["retval"]) == (trace.cat, "needle", 0)
    returns = [e["retval"] for e in trace.events["kretprobe"] if e["pid"] == trace.cat]
    assert len(returns) >= 3  # the linker's cache, the C library, the file
    assert set(returns) == {0}


def test_a_calls_own_arguments(trace: Trace) -> None:
    fields: Callable[[Mapping[str, Any]], tuple[Any, ...]] = lambda e: (  # noqa: E731
        e["pid"], e["dfd"], e["path"], e["flags"], e["mode"],
    )  # fmt: skip
    wrapped = [fields(event) for event in trace.events["wrapped"]]
    call = [fields(event) for event in trace.events["call"]]
    assert wrapped == call
    assert {"needle", "missing"} <= {event[2] for event in wrapped}
    assert {event[1] for event in wrapped} == {-100}  # AT_FDCWD


def test_a_calls_return(trace: Trace) -> None:
    for name in ("wrapped return", "call's return", "fexit of a call"):
        returns = [(event["pid"], event["retval"]) for event in trace.events[name]]
        assert (trace.cat, 3) in returns, name
        assert [r for pid, r in returns if pid != trace.cat][-1] == -2, name  # ENOENT
    assert len(trace.events["wrapped return"]) == len(trace.events["fexit of a call"])


def test_wildcards_and_fallbacks(trace: Trace) -> None:
    seen = [(event["func"], event["name"]) for event in trace.events["wildcard"]]
    assert seen == [("vfs_unlink", "doomed"), ("vfs_rmdir", "folder")]
    assert [event["name"] for event in trace.events["fallback"]] == ["doomed"]


def test_a_place_inside_a_function(trace: Trace) -> None:
    (event,) = trace.events["inside"]
    assert (event["comm"], event["probe"]) == ("rm", "kprobe:vfs_unlink+0x5")


def test_a_modules_function(trace: Trace) -> None:
    # The guest's root comes through 9p, so starting a program opens it by that module.
    assert {"cat", "rm"} <= {event["name"] for event in trace.events["module"]}
