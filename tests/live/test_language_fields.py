"""The builtin fields: each against what the process says about itself, also inside namespaces."""

from __future__ import annotations

import json
import os
import pwd
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.live.runs import Event, trace
from tests.processes import TracelangCommand

NAMESPACES = {"netns": "net", "mntns": "mnt", "pidns": "pid", "userns": "user", "utsns": "uts",
              "ipcns": "ipc", "cgroupns": "cgroup", "timens": "time"}  # fmt: skip
SCRIPT = f"""
probe syscall:getpgid
  where args.pid == -77
  capture pid, tid, ppid, uid, gid, user, comm, pcomm, exe, cpu, ts, time, elapsed, func, probe,
    nspid, cgroup_id, cgroup, {", ".join(NAMESPACES)},
    task.comm as task_comm, task.tgid as tgid, task.real_parent.tgid as parent, args.pid as wanted
probe sysret:getpgid where retval == -ESRCH capture retval, errno(retval) as error
"""

# What the process knows: its numbers outside (/proc is the outer one's), the time around the call.
WORK = """
import json, os, pwd, sys, threading, time
facts = open(sys.argv[1], "w")
os.sched_setaffinity(0, {1})

def call():
    with open("/proc/thread-self/comm", "w") as comm:
        comm.write("a name-of-15-by")
    outer = os.readlink("/proc/thread-self").split("/")
    found = {
        "pid": int(outer[0]), "tid": int(outer[2]), "nspid": os.getpid(),
        "uid": os.getuid(), "gid": os.getgid(),
        "ppid": int(open("/proc/self/stat").read().rsplit(")", 1)[1].split()[1]),
        "ns": {n: os.stat(f"/proc/self/ns/{n}").st_ino for n in sys.argv[2:]},
        "cgroup": [l.strip()[3:] for l in open("/proc/self/cgroup") if l.startswith("0::")][0],
        "exe": os.path.basename(os.readlink("/proc/self/exe")),
    }
    found["pcomm"] = open(f"/proc/{found['ppid']}/comm").read().strip()
    found["before"] = time.clock_gettime_ns(time.CLOCK_MONOTONIC), time.time()
    try:
        os.getpgid(-77)
    except ProcessLookupError:
        pass
    found["after"] = time.clock_gettime_ns(time.CLOCK_MONOTONIC), time.time()
    facts.write(json.dumps(found) + "\\n")

call()
thread = threading.Thread(target=call)
thread.start()
thread.join()
if os.environ.get("OTHER_USER"):
    os.setgid(12)
    os.setuid(33)
    call()
"""


@dataclass(frozen=True, slots=True)
class Run:
    """What a process did, as it knows it and as it was traced."""

    facts: list[dict[str, Any]]
    events: list[Event]
    returns: list[Event]


def observe(
    tracelang: TracelangCommand, folder: Path, prefix: str, *, other_user: bool = False
) -> Run:
    facts = folder / "facts"
    work = shlex.join([sys.executable, "-S", "-c", WORK, str(facts), *NAMESPACES.values()])
    variable = "env OTHER_USER=1 " if other_user else ""
    events = trace(tracelang, SCRIPT, "-c", f"{prefix}{variable}{work}")
    return Run(
        [json.loads(line) for line in facts.read_text().splitlines()],
        [e for e in events if e["rule"] == 1],
        [e for e in events if e["rule"] == 2],
    )


@pytest.fixture(scope="module")
def plain(tracelang: TracelangCommand, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return observe(tracelang, tmp_path_factory.mktemp("plain"), "", other_user=True)


@pytest.fixture(scope="module")
def apart(tracelang: TracelangCommand, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """The same in new namespaces of every kind, and in a cgroup of its own."""
    root = next(
        (Path(line.split()[1]) for line in Path("/proc/mounts").read_text().splitlines()
         if line.split()[2] == "cgroup2"), None
    )  # fmt: skip
    flags = "--pid --fork --net --mount --uts --ipc --cgroup --user --map-root-user --time"
    if root is None or subprocess.run(["unshare", *flags.split(), "true"], check=False).returncode:
        pytest.skip("needs a cgroup2 hierarchy, and unshare(1) allowed to make namespaces")
    cgroup = root / f"tracelang-test-{os.getpid()}"
    cgroup.mkdir()
    folder = tmp_path_factory.mktemp("apart")
    enter = folder / "enter.sh"
    enter.write_text(f'#!/bin/sh\necho $$ > {cgroup}/cgroup.procs\nexec unshare {flags} "$@"\n')
    enter.chmod(0o755)
    try:
        run = observe(tracelang, folder, f"{enter} ")
        for facts in run.facts:
            facts["cgroup_id"], facts["cgroup"] = cgroup.stat().st_ino, f"/{cgroup.name}"
        yield run
    finally:
        cgroup.rmdir()


@pytest.fixture(params=["plain", "apart"])
def run(request: pytest.FixtureRequest) -> Run:
    found = request.getfixturevalue(request.param)
    assert isinstance(found, Run)
    assert len(found.facts) == len(found.events) == len(found.returns) >= 2
    return found


def test_identities_are_the_process_s_own(run: Run) -> None:
    for facts, event in zip(run.facts, run.events, strict=True):
        names = ("pid", "tid", "ppid", "nspid", "exe", "pcomm")
        assert {n: event[n] for n in names} == {n: facts[n] for n in names}
        assert event["comm"] == event["task_comm"] == "a name-of-15-by"
        assert (event["tgid"], event["parent"]) == (facts["pid"], facts["ppid"])
        assert event["wanted"] == -77
    assert run.events[0]["tid"] == run.events[0]["pid"]
    assert run.events[1]["tid"] != run.events[1]["pid"] == run.events[0]["pid"]


def test_users_and_groups(plain: Run) -> None:
    for facts, event in zip(plain.facts, plain.events, strict=True):
        assert (event["uid"], event["gid"]) == (facts["uid"], facts["gid"])
        assert event["user_text"] == pwd.getpwuid(facts["uid"]).pw_name
    assert (plain.events[2]["uid"], plain.events[2]["gid"]) == (33, 12)


def test_namespaces_are_those_of_proc(run: Run) -> None:
    for facts, event in zip(run.facts, run.events, strict=True):
        assert {n: event[n] for n in NAMESPACES} == {
            n: facts["ns"][p] for n, p in NAMESPACES.items()
        }


def test_new_namespaces_are_told_apart(plain: Run, apart: Run) -> None:
    for name in NAMESPACES:
        assert plain.events[0][name] != apart.events[0][name], name
    assert apart.events[0]["nspid"] != apart.events[0]["pid"]


def test_cgroups(run: Run) -> None:
    for facts, event in zip(run.facts, run.events, strict=True):
        assert event["cgroup_text"] == facts["cgroup"]
        assert event["cgroup"] == event["cgroup_id"] == facts.get("cgroup_id", event["cgroup_id"])


def test_time_is_that_of_the_process(run: Run) -> None:
    first = run.events[0]["ts"]
    for facts, event in zip(run.facts, run.events, strict=True):
        assert facts["before"][0] <= event["ts"] <= facts["after"][0]
        seconds = datetime.fromisoformat(event["time"]).timestamp()
        assert facts["before"][1] - 0.01 <= seconds <= facts["after"][1] + 0.01
        assert round(event["elapsed"] * 10**9) == event["ts"] - first
        assert event["cpu"] == 1


def test_function_and_probe_names(run: Run) -> None:
    assert {(e["func"], e["probe"]) for e in run.events} == {("getpgid", "syscall:getpgid")}
    assert {(e["retval"], e["error_text"]) for e in run.returns} == {(-3, "ESRCH")}
