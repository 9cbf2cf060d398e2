"""The tracer inside a pid namespace, and processes told apart by their container."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.live.runs import python_command, trace
from tests.processes import SLOWNESS, TracelangCommand
from tracelang.decoders.cgroup import find_mount

FIELDS: Final = "pid, tid, ppid, nspid, comm"
INSIDE: Final = "unshare --pid --fork --mount-proc"
WORK: Final = """import json, os, threading
facts = []
def call():
    stat = open("/proc/self/stat").read().rsplit(")", 1)[1].split()
    facts.append((os.getpid(), threading.get_native_id(), int(stat[1])))
    os.getpgid(0)
call()
t = threading.Thread(target=call); t.start(); t.join()
if not os.fork():
    facts.clear(); call(); open("child", "w").write(json.dumps(facts)); os._exit(0)
os.wait(); open("own", "w").write(json.dumps(facts))"""


def test_in_a_pid_namespace_numbers_are_those_of_its_proc(
    tracelang: TracelangCommand, tmp_path: Path
) -> None:
    """Of a command, of the processes it makes, and of one that is named by its number there."""
    if subprocess.run([*INSIDE.split(), "true"], check=False).returncode:
        pytest.skip("needs unshare(1) allowed to make pid namespaces: run as root")
    command = [*INSIDE.split(), sys.executable, "-m", "tracelang.cli.main"]
    script = f"syscall:getpgid capture {FIELDS}"
    environment = {**os.environ, **tracelang.environment}

    def run(*arguments: str) -> list[dict[str, int]]:
        done = subprocess.run(
            [*command, *arguments, "-o", "json", "-q"],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=60 * SLOWNESS,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    events = run(script, "-c", python_command(WORK))
    own, child = (json.loads((tmp_path / name).read_text()) for name in ("own", "child"))
    assert [[e["pid"], e["tid"], e["ppid"]] for e in events] == [*own, *child]
    assert all(e["nspid"] == e["pid"] for e in events)
    # Number 1 of the namespace is the tracer itself.
    (event,) = run("end capture pid, nspid", "-d", "1ms")
    assert event["pid"] == event["nspid"] == 1


@pytest.fixture
def groups() -> Iterator[Path]:
    mount = find_mount()
    if mount is None or not os.access(mount, os.W_OK):
        pytest.skip("needs a writable cgroup2 mount: run as root with cgroup2 mounted")
    group = Path(mount) / f"tracelang-test-{os.getpid()}"
    group.mkdir()
    yield group
    for path in sorted(group.rglob("*/"), reverse=True):
        path.rmdir()
    group.rmdir()


def test_containers_by_the_names_of_their_groups(tracelang: TracelangCommand, groups: Path) -> None:
    identity = f"{os.getpid():08x}" * 8
    names = {
        f"docker-{identity}.scope": identity[:12],
        f"libpod-{identity[::-1]}.scope/container": identity[::-1][:12],
        "lxc.payload.web-1": "web-1",
        r"machine-my\x2dweb.scope": "my-web",
        "plain.service": "",
    }
    for name in names:
        (groups / name).mkdir(parents=True)
    places = [str(groups / name / "cgroup.procs") for name in names]
    work = f"""import os
for n, place in enumerate({places!r}):
    if not os.fork():
        open(place, "w").write(str(os.getpid())); os.getpriority(0, 0); os.getpgid(0); os._exit(0)
    os.wait()"""
    script = "probe syscall:getpgid capture container"

    def seen(*options: str) -> list[str | None]:
        return [e["container"] for e in trace(tracelang, script, *options)]

    command = ("-c", python_command(work))
    assert seen(*command) == [name or None for name in names.values()]
    assert seen("--container", identity[:12], *command) == [identity[:12]]
    assert seen("--container", "web-1", *command) == ["web-1"]
    assert seen("--container", "my-web", *command) == ["my-web"]
    missing = tracelang(script, "--container", "no-such", *command)
    assert (missing.status, "error[U215]" in missing.stderr) == (2, True)
