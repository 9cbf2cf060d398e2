"""Every example on this kernel, with a workload whose doings are known: the events are those."""

from __future__ import annotations

import errno
import os
import re
import shutil
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shlex import join

import pytest

from tests.live.runs import Event, python_command, trace
from tests.processes import TracelangCommand

EXAMPLES = Path(__file__).parents[2] / "examples"
NOBODY = 65534


def shell(script: str) -> str:
    """Return the text for `-c` that runs a script by `sh`, whose pid it leaves in `sh.pid`."""
    return join(["/bin/sh", "-c", f"echo $$ >sh.pid; {script}"])


def pids(events: list[Event]) -> set[int]:
    return {event["pid"] for event in events}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty directory that workloads run in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(tracelang: TracelangCommand, name: str, *arguments: str | Path) -> list[Event]:
    return trace(tracelang, EXAMPLES / f"{name}.trace", *arguments)


def test_every_example_is_run_here() -> None:
    tested = Path(__file__).read_text()
    for path in EXAMPLES.glob("*.trace"):
        assert f'"{path.stem}"' in tested, path.name


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.trace")), ids=lambda path: path.stem)
def test_its_comment_says_what_it_is_for(path: Path) -> None:
    first, *_ = path.read_text().splitlines()
    assert re.fullmatch(rf"# {path.name}: \w.*\w", first)


def test_all_are_in_the_canonical_layout(tracelang: TracelangCommand) -> None:
    done = tracelang("fmt", "--check", *sorted(EXAMPLES.glob("*.trace")))
    assert (done.status, done.stdout) == (0, "")


@pytest.mark.parametrize("kernel", ["debian-6.1", "linux-6.18"])
def test_all_are_right_on_recorded_kernels(tracelang: TracelangCommand, kernel: str) -> None:
    recorded = Path(__file__).parents[1] / "kernels" / kernel
    done = tracelang("check", "--kernel", recorded, *sorted(EXAMPLES.glob("*.trace")))
    assert (done.status, done.stderr) == (0, "")


# --- Processes ------------------------------------------------------------------------------------


def test_who_calls_execve(tracelang: TracelangCommand, home: Path) -> None:
    events = run(tracelang, "who-calls-execve", "-c", shell("/bin/true; exec /bin/false"))
    pid = int((home / "sh.pid").read_text())
    assert [event["path"] for event in events] == ["/bin/sh", "/bin/true", "/bin/false"]
    assert [event["comm"] for event in events][1:] == ["sh", "sh"]
    assert (events[0]["pid"], events[2]["pid"]) == (pid, pid)


def test_execsnoop(tracelang: TracelangCommand, home: Path) -> None:
    command = shell("/bin/true 'a b' \"it's\"")
    events = run(tracelang, "execsnoop", "--uid", str(os.getuid()), "-c", command)
    assert [event["command"] for event in events][1:] == ["/bin/true 'a b' 'it'\"'\"'s'"]
    assert events[1]["ppid"] == int((home / "sh.pid").read_text())
    assert run(tracelang, "execsnoop", "--uid", str(NOBODY), "-c", command) == []


def test_exitsnoop(tracelang: TracelangCommand, home: Path) -> None:
    command = shell("(exit 3); sh -c 'kill -KILL $$'; sleep 0.2")
    events = run(tracelang, "exitsnoop", "-c", command)
    ends = [(event["comm"], event["status"], event["signal_text"]) for event in events]
    assert ends == [("sh", 3, "0"), ("sh", 0, "SIGKILL"), ("sleep", 0, "0"), ("sh", 0, "0")]
    assert 0.2 <= events[2]["age"] < 2
    assert events[3]["pid"] == int((home / "sh.pid").read_text())
    assert len(run(tracelang, "exitsnoop", "--failed", "-c", command)) == 2


def test_namespaces(tracelang: TracelangCommand, home: Path) -> None:
    (event,) = run(tracelang, "namespaces", "-c", shell("(exit)"))
    assert event["pid"] == int((home / "sh.pid").read_text())
    for name in ("pid", "net", "mnt", "user"):
        assert event[f"{name}ns"] == Path(f"/proc/self/ns/{name}").stat().st_ino, name


def test_setuids(tracelang: TracelangCommand, home: Path) -> None:
    source = f"import os; os.setreuid(-1, {NOBODY}); os.seteuid(0); os.setuid({NOBODY})"
    events = run(tracelang, "setuids", "-c", python_command(source))
    changes = [tuple(e.get(n) for n in ("new", "real", "effective")) for e in events]
    unchanged = 2**32 - 1
    assert changes == [(None, unchanged, NOBODY), (None, unchanged, 0), (NOBODY, None, None)]
    assert events[2]["user"] == 0


def test_killsnoop(tracelang: TracelangCommand, home: Path) -> None:
    command = shell("sleep 9 & echo $! >sleep.pid; kill -0 $!; kill -TERM $!; wait")
    (event,) = run(tracelang, "killsnoop", "-c", command)
    assert event["signal"] == signal.SIGTERM
    assert event["pid"] == int((home / "sh.pid").read_text())
    assert event["target"] == int((home / "sleep.pid").read_text())
    assert len(run(tracelang, "killsnoop", "--asking", "-c", command)) == 2


def test_capable(tracelang: TracelangCommand, home: Path) -> None:
    source = f"""
import os
file = os.open("file", os.O_CREAT)
os.fchown(file, 1, 1)
os.setuid({NOBODY})
try: os.fchown(file, 2, 2)
except PermissionError: os._exit(0)
"""
    command = python_command(source)
    asked = [(e["user"], e["capability_text"]) for e in run(tracelang, "capable", "-c", command)]
    assert {user for user, name in asked if name == "CAP_CHOWN"} == {0, NOBODY}
    refused = [e["user"] for e in run(tracelang, "capable", "--denied", "-c", command)]
    assert 0 not in refused
    assert NOBODY in refused


@contextmanager
def small_memory(limit: int) -> Iterator[Path]:
    """A cgroup of our own that may use `limit` bytes; the kernel kills in it who needs more."""
    for root, file in (
        (Path("/sys/fs/cgroup/memory"), "memory.limit_in_bytes"),
        (Path("/sys/fs/cgroup"), "memory.max"),
    ):
        group = root / f"tracelang-test-{os.getpid()}"
        if not (root / "cgroup.procs").exists():
            continue
        group.mkdir()
        try:
            if (group / file).exists():
                (group / file).write_text(str(limit))
                yield group
                return
        finally:
            group.rmdir()
    pytest.skip("no memory cgroup can be made here; mount one to have this test run")


def test_oomkill(tracelang: TracelangCommand, home: Path) -> None:
    with small_memory(20 << 20) as group:
        grow = join([sys.executable, "-S", "-c", "x = bytearray(1 << 28)"])
        command = shell(f"echo $$ >{group}/cgroup.procs; exec {grow}")
        events = run(tracelang, "oomkill", "-c", command)
    pid = int((home / "sh.pid").read_text())
    assert [(event["pid"], event["victim"]) for event in events] == [(pid, pid)]


# --- Files ----------------------------------------------------------------------------------------


def test_opensnoop(tracelang: TracelangCommand, home: Path) -> None:
    (home / "there").touch()
    command = join(["cat", "there", "missing"])
    results = {e["filename"]: e["result"] for e in run(tracelang, "opensnoop", "-c", command)}
    assert (results["there"], results["missing"]) == (3, -errno.ENOENT)
    failed = run(tracelang, "opensnoop", "--failed", "-c", command)
    assert failed[-1]["result"] < 0
    assert "missing" in [event["filename"] for event in failed]
    assert "there" not in [event["filename"] for event in failed]
    assert run(tracelang, "opensnoop", "--pid", str(os.getpid()), "-c", "cat there") == []


def test_statsnoop(tracelang: TracelangCommand, home: Path) -> None:
    source = "import os\ntry: os.stat('missing')\nexcept OSError: os.lstat('.')"
    events = run(tracelang, "statsnoop", "-c", python_command(source))
    assert [event["filename"] for event in events][-2:] == ["missing", "."]


def test_unlinksnoop(tracelang: TracelangCommand, home: Path) -> None:
    (home / "one").touch()
    (home / "two").touch()
    (home / "folder").mkdir()
    source = (
        "import os; d = os.open('.', 0)\n"
        "os.unlink('one'); os.unlink('two', dir_fd=d); os.rmdir('folder')"
    )
    events = run(tracelang, "unlinksnoop", "-c", python_command(source))
    seen = [(event["func"], event["pathname"]) for event in events]
    assert seen == [("unlink", "one"), ("unlinkat", "two"), ("rmdir", "folder")]
    events = run(tracelang, "unlinksnoop", "--name", "f*", "-c", "rm -f one folder fog")
    assert [event["pathname"] for event in events] == ["folder", "fog"]


def test_syncsnoop(tracelang: TracelangCommand, home: Path) -> None:
    source = "import os; f = os.open('file', os.O_CREAT | 1); os.fsync(f); os.fdatasync(f)"
    events = run(tracelang, "syncsnoop", "-c", python_command(source))
    assert [event["func"] for event in events] == ["fsync", "fdatasync"]
    assert len(pids(events)) == 1


def test_mountsnoop(tracelang: TracelangCommand, home: Path) -> None:
    (home / "here").mkdir()
    steps = "mount -t tmpfs nothing here && umount here"
    events = run(tracelang, "mountsnoop", "-c", join(["unshare", "--mount", "sh", "-c", steps]))
    mounted = [e for e in events if str(home / "here") in e.values() or "here" in e.values()]
    assert [event["comm"] for event in mounted] == ["mount", "umount"]


# --- Network --------------------------------------------------------------------------------------


def connections(*addresses: tuple[str, int]) -> str:
    lines = [f"socket.create_connection({address!r}).close()" for address in addresses]
    return python_command("import socket\n" + "\n".join(lines))


def test_who_calls_connect(tracelang: TracelangCommand, home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = server.getsockname()
        events = run(tracelang, "who-calls-connect", "-c", connections(address, address))
    assert [event["daddr"] for event in events] == ["127.0.0.1"] * 2
    assert len(pids(events)) == 1


def test_tcpstates(tracelang: TracelangCommand, home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address, port = server.getsockname()
        command = connections((address, port))
        events = run(tracelang, "tcpstates", "--port", str(port), "-c", command)
        connection, (_, peer) = server.accept()
        connection.close()
    own = [event for event in events if event["dport"] == port]
    changes = [(event["was_text"], event["is_text"]) for event in own]
    assert changes[:2] == [("TCP_CLOSE", "TCP_SYN_SENT"), ("TCP_SYN_SENT", "TCP_ESTABLISHED")]
    assert {(e["saddr"], e["sport"], e["daddr"]) for e in own[1:]} == {(address, peer, address)}


def test_bindsnoop(tracelang: TracelangCommand, home: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    source = f"""
import socket
socket.socket().bind(("127.0.0.1", {port}))
socket.socket(socket.AF_INET6).bind(("::1", {port}))
socket.socket(socket.AF_UNIX).bind("socket")
"""
    events = run(tracelang, "bindsnoop", "-c", python_command(source))
    assert [(e["address"], e["port"]) for e in events] == [("127.0.0.1", port), ("::1", port)]


# --- Libraries and programs -----------------------------------------------------------------------


def test_lookups(tracelang: TracelangCommand, home: Path) -> None:
    source = "import socket; socket.getaddrinfo('localhost', 80)"
    (event,) = run(tracelang, "lookups", "-c", python_command(source))
    assert (event["node"], event["service"]) == ("localhost", "80")


def test_bashreadline(tracelang: TracelangCommand, home: Path) -> None:
    if shutil.which("bash") is None:
        pytest.skip("no bash; install it to have this test run")
    source = """
import os, pty
pid, terminal = pty.fork()
if not pid: os.execlp("bash", "bash", "--norc", "-i")
os.write(terminal, b"echo one two\\nexit\\n")
try:
    while os.read(terminal, 4096): pass
except OSError: os.waitpid(pid, 0)
"""
    events = run(tracelang, "bashreadline", "-c", python_command(source))
    assert [event["command"] for event in events] == ["echo one two", "exit"]
