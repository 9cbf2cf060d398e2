"""Values read from memory: members, arrays, bit-fields and text, against what the process has."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.live.runs import Event, accounting, events_of, python_command, trace
from tests.processes import TracelangCommand

U64_MAX = 2**64 - 1
SCRIPT = """
let file = task.files.fdt.fd[fd]
let end = container_of(file.f_inode, struct socket_alloc, vfs_inode).socket
probe syscall:fsync
  capture fd, file.f_inode.i_ino as inode, file.f_inode.i_size as size,
    file.f_path.dentry.d_name.name as name,
    file.f_path.dentry.d_parent.d_name.name as parent, path(file) as path, file.f_pos as pos,
    cast(file.f_inode.i_mode, u16) & 0xf000 as kind, file.f_inode.i_sb.s_type.name as filesystem,
    task.signal.rlim[7].rlim_cur as soft, task.signal.rlim[7].rlim_max as hard,
    task.signal.rlim[4].rlim_cur as infinite, task.sched_reset_on_fork as reset,
    task.comm[0] as letter, task.comm[1] as second
probe syscall:fsync where (file.f_inode.i_mode & 0xf000) == 0xc000
  capture end.type as type, sport(end.sk) as port, end.sk.__sk_common.skc_reuseport as reuseport,
    end.sk.__sk_common.skc_ipv6only as only6, end.sk.__sk_common.skc_reuse as reuse
probe syscall:ppoll
  capture ufds[0].fd as first, ufds[nfds - 1].fd as last, ufds[1].events as events, nfds,
    tsp.tv_sec as seconds, tsp.tv_nsec as rest, ufds as address
probe syscall:writev where fd == 999
  capture vec[0].iov_len as length, str(vec[1].iov_base, 5) as text, buf(vec[1].iov_base, 3) as raw,
    buf(vec[0].iov_base, vec[0].iov_len) as counted,
    cast(vec[0].iov_base, s64) as pointer, hex(cast(fd, u8)) as low,
    cast(fd, enum pid_type) as none, cast(vlen, enum pid_type) as kind
"""

WORK = """
import ctypes, json, os, resource, socket, sys
libc = ctypes.CDLL(None, use_errno=True)
folder = sys.argv[1]
facts = {}

def sync(name, fd):
    found = os.fstat(fd)
    kind = found.st_mode & 0xf000
    facts[name] = {"fd": fd, "inode": found.st_ino, "size": found.st_size, "kind": kind}
    libc.fsync(fd)

open("/proc/self/comm", "w").write("Zq")
file = os.open(folder + "/some file", os.O_RDWR | os.O_CREAT)
os.write(file, b"x" * 1234)
os.ftruncate(file, 5_000_000_000)
sync("file", file)
resource.setrlimit(resource.RLIMIT_NOFILE, (123, 456))
resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
os.sched_setscheduler(0, os.SCHED_OTHER | os.SCHED_RESET_ON_FORK, os.sched_param(0))
sync("again", file)
libc.fsync(60)  # closed, and within the 64 that every table of descriptors has
for name, family in (("stream", socket.AF_INET), ("stream6", socket.AF_INET6)):
    with socket.socket(family, socket.SOCK_STREAM) as s:
        if family == socket.AF_INET6:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        else:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind(("", 0))
        facts[name + " port"] = s.getsockname()[1]
        sync(name, s.fileno())
with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
    sync("datagram", s.fileno())

class Poll(ctypes.Structure):
    _fields_ = [("fd", ctypes.c_int), ("events", ctypes.c_short), ("revents", ctypes.c_short)]
class Time(ctypes.Structure):
    _fields_ = [("s", ctypes.c_long), ("ns", ctypes.c_long)]
polls = (Poll * 3)(Poll(-5, 1), Poll(-6, -0x8000), Poll(-(2**31), 3))
facts["ufds"] = ctypes.addressof(polls)
libc.ppoll(polls, 3, ctypes.byref(Time(0, 999)), None)
libc.ppoll(None, 0, ctypes.byref(Time(0, 1)), None)

class Vector(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]
one = ctypes.create_string_buffer(b"\\x01\\x02\\xff\\xfe\\x05")
two = ctypes.create_string_buffer(b"second text")
vectors = (Vector * 2)(Vector(ctypes.addressof(one), 5), Vector(ctypes.addressof(two), 11))
facts["base"] = ctypes.addressof(one)
libc.writev(999, vectors, 2)
json.dump(facts, open(folder + "/facts", "w"))
"""


@pytest.fixture(scope="module")
def seen(
    tracelang: TracelangCommand, tmp_path_factory: pytest.TempPathFactory
) -> tuple[dict[str, Any], list[Event]]:
    folder = tmp_path_factory.mktemp("values")
    events = trace(tracelang, SCRIPT, "-c", f"{python_command(WORK)} {folder}")
    return json.loads((folder / "facts").read_text()) | {"folder": str(folder)}, events


def of_rule(seen: tuple[dict[str, Any], list[Event]], rule: int) -> list[Event]:
    return [e for e in seen[1] if e["rule"] == rule]


def test_files_are_reached_through_the_task(seen: tuple[dict[str, Any], list[Event]]) -> None:
    facts = seen[0]
    first, again, *_ = of_rule(seen, 1)
    for event, name in ((first, "file"), (again, "again")):
        assert {n: event[n] for n in facts[name]} == facts[name]
        assert (event["name"], event["parent"]) == ("some file", Path(facts["folder"]).name)
        assert event["path"] == f"{facts['folder']}/some file"
        assert event["pos"] == 1234
    assert (again["soft"], again["hard"], again["infinite"]) == (123, 456, U64_MAX)
    assert (chr(first["letter"]), chr(first["second"])) == ("Z", "q")


def test_bit_fields(seen: tuple[dict[str, Any], list[Event]]) -> None:
    first, again, *_ = of_rule(seen, 1)
    assert (first["reset"], again["reset"]) == (0, 1)
    stream, stream6, datagram = of_rule(seen, 2)
    assert (stream["reuse"], stream["reuseport"], stream["only6"]) == (1, 0, 0)
    assert (stream6["reuse"], stream6["reuseport"], stream6["only6"]) == (0, 1, 1)
    assert datagram["reuse"] == 0


def test_null_pointers_on_the_way_give_0(seen: tuple[dict[str, Any], list[Event]]) -> None:
    none = next(e for e in of_rule(seen, 1) if e["fd"] == 60)
    names = ("inode", "size", "name", "parent", "path", "pos", "kind", "filesystem")
    assert [none[n] for n in names] == [0, 0, "", "", "", 0, 0, ""]
    _, empty = of_rule(seen, 3)
    assert [empty[n] for n in ("first", "last", "events", "nfds", "address")] == [0, 0, 0, 0, 0]
    assert (empty["seconds"], empty["rest"]) == (0, 1)


def test_structs_are_found_from_their_members(seen: tuple[dict[str, Any], list[Event]]) -> None:
    facts = seen[0]
    stream, stream6, datagram = of_rule(seen, 2)
    assert (stream["type"], stream["port"]) == (1, facts["stream port"])
    assert (stream6["type"], stream6["port"]) == (1, facts["stream6 port"])
    assert datagram["type"] == 2


def test_arrays_take_constant_and_computed_indices(
    seen: tuple[dict[str, Any], list[Event]],
) -> None:
    polled, _ = of_rule(seen, 3)
    assert (polled["first"], polled["last"], polled["nfds"]) == (-5, -(2**31), 3)
    assert polled["events"] == -0x8000
    assert (polled["seconds"], polled["rest"], polled["address"]) == (0, 999, seen[0]["ufds"])


def test_user_memory_as_text_bytes_and_numbers(seen: tuple[dict[str, Any], list[Event]]) -> None:
    (event,) = of_rule(seen, 4)
    assert (event["length"], event["text"], event["raw"]) == (5, "secon…", b"sec".hex())
    assert event["counted"] == "0102fffe05"
    assert event["pointer"] == seen[0]["base"]
    assert (event["low"], event["low_text"]) == (999 & 0xFF, hex(999 & 0xFF))
    assert (event["kind"], event["kind_text"]) == (2, "PIDTYPE_PGID")
    assert event["none"] == 999


# --- Text -----------------------------------------------------------------------------------------

PATHS = [
    "", "a", "x" * 127, "x" * 128, "x" * 129, "é" * 64, "é" * 64 + "a", "a" + "é" * 64,
    "/" + "ab/" * 1333, "tab\tnewline\nquote\"back\\slash", "\x1b[31m", "日本語",
]  # fmt: skip
OPENS = f"""
import ctypes
libc = ctypes.CDLL(None)
for path in {PATHS!r}:
    libc.openat(-7, path.encode(), 0)
libc.openat(-7, b"\\xff\\xfe!", 0)
libc.openat(-7, ctypes.c_void_p(1), 0)
long = ctypes.create_string_buffer(b"y" * 5555)
libc.write(-7, long, 5555)
"""
OPENED = """
probe syscall:openat where dfd == -7 capture filename
probe syscall:write where fd == 4294967289 capture str(buf) as text
"""


@pytest.mark.parametrize("limit", [1, 128, 4096])
def test_texts_are_whole_up_to_the_limit_and_cuts_are_counted(
    tracelang: TracelangCommand, limit: int
) -> None:
    done = tracelang(OPENED, "-c", python_command(OPENS), "-o", "json", "--strlen", str(limit))
    assert done.status == 0, done.stderr
    events = events_of(done)
    texts = [*PATHS, None, "", "y" * 5555]
    cut = 0
    for event, text in zip(events, texts, strict=True):
        if text is None:
            kept = b"\xff\xfe!"[:limit]
            cut += len(kept) < 3
            assert limit == 1 or event["filename_hex"] == kept.hex()
            continue
        kept = text.encode()[:limit]
        cut += len(kept) < len(text.encode())
        shown = kept.decode(errors="ignore") + ("…" if len(kept) < len(text.encode()) else "")
        assert (event["filename"] if event["rule"] == 1 else event["text"]) == shown
    counts = accounting(done)
    assert (counts["events"], counts["unreadable"], counts.get("cut", 0)) == (len(texts), 1, cut)


TEXT_FILTERS = [
    ('filename == "/etc/hostname"', {0}),
    ('filename != "/etc/hostname"', {1, 2, 3, 4, 5, 6}),
    ('"/etc/hostname" == filename', {0}),
    ('filename startswith "/etc"', {0, 1}),
    ('filename startswith "/etc/hostname2"', set()),
    ('filename endswith "name"', {0, 2}),
    ('filename endswith ""', {0, 1, 2, 3, 4, 5, 6}),
    ('filename contains "host"', {0, 1, 2}),
    ('filename contains "aab"', {4}),
    ('filename contains "é"', {5}),
    ('filename matches "/etc/*name"', {0}),
    ('filename matches "*host*"', {0, 1, 2}),
    ('filename matches "?"', {3}),
    ('filename matches "/e?c/h*t*"', {0, 1}),
    ('filename matches "a*ab*b"', {4}),
    ('filename in ("/etc/hostname", "x", "nothing")', {0, 3}),
    ('filename not in ("/etc/hostname", "x")', {1, 2, 4, 5, 6}),
    ('filename == ""', {6}),
    ('not (filename contains "host") and not filename == ""', {3, 4, 5}),
    ('filename startswith "/etc" or filename endswith "b"', {0, 1, 4}),
    ('comm startswith "py" and filename == "x"', {3}),
    ('filename == comm', set()),
    ('filename != comm', {0, 1, 2, 3, 4, 5, 6}),
    ('(1 if filename contains "host" else 0) == 1', {0, 1, 2}),
]  # fmt: skip
FILTERED = ["/etc/hostname", "/etc/hosts", "/hostname", "x", "aaaabab", "caféé", ""]


def test_text_is_filtered_in_the_kernel(tracelang: TracelangCommand) -> None:
    rules = [
        f"probe syscall:openat where dfd == -7 and {t} capture filename" for t, _ in TEXT_FILTERS
    ]
    opens = f"import ctypes\nfor p in {FILTERED!r}: ctypes.CDLL(None).openat(-7, p.encode(), 0)"
    events = trace(tracelang, "\n".join(rules), "-c", python_command(opens))
    for number, (condition, expected) in enumerate(TEXT_FILTERS, 1):
        found = [FILTERED.index(e["filename"]) for e in events if e["rule"] == number]
        assert found == sorted(expected), condition


# --- Programs, states and kernel variables --------------------------------------------------------


def test_programs_started(tracelang: TracelangCommand, tmp_path: Path) -> None:
    script = """
    probe tracepoint:sched:sched_process_exec capture filename, args.pid as who, pid, comm
    probe syscall:execve capture filename, join(argv) as words, argv[1] as first,
      str(argv[0], 2) as zero
    probe tracepoint:sched:sched_process_fork capture parent_pid, child_pid, parent_comm
    probe tracepoint:sched:sched_process_exit capture args.comm as name, pid
    """
    tool = tmp_path / ("t" * 40)
    tool.symlink_to("/bin/true")
    events = trace(tracelang, script, "-c", f"sh -c '{tool} one \"two words\"; exit 0'")
    execs = [e for e in events if e["rule"] == 1]
    assert [e["filename"] for e in execs] == ["/usr/bin/sh", str(tool)]
    assert all(e["who"] == e["pid"] for e in execs)
    assert [e["comm"] for e in execs] == ["sh", "t" * 15]
    calls = [e for e in events if e["rule"] == 2]
    assert calls[-1]["words"] == f"{tool} one 'two words'"
    assert (calls[-1]["first"], calls[-1]["zero"]) == ("one", "/t…")
    (fork,) = [e for e in events if e["rule"] == 3]
    assert (fork["parent_pid"], fork["child_pid"]) == (execs[0]["pid"], execs[1]["pid"])
    assert fork["parent_comm"] == "sh"
    exits = [(e["name"], e["pid"]) for e in events if e["rule"] == 4]
    assert exits == [("t" * 15, execs[1]["pid"]), ("sh", execs[0]["pid"])]


def test_names_of_a_tracepoint_s_format(tracelang: TracelangCommand) -> None:
    script = (
        "probe tracepoint:sched:sched_switch where prev_pid == pid capture prev_state, prev_comm"
    )
    work = "import os, time\nfor _ in range(5): time.sleep(0.001)"
    events = trace(tracelang, script, "-c", python_command(work))
    sleeping = [e for e in events if e["prev_state"] == 1]
    assert len(sleeping) >= 5
    assert {e["prev_state_text"] for e in sleeping} == {"S"}


@pytest.mark.needs("variables")
def test_kernel_variables(tracelang: TracelangCommand) -> None:
    script = """let first = symbol(init_task, struct task_struct)
    probe syscall:getpgid
      capture symbol(jiffies) as j, first.tgid as zero, first.comm as name
    """
    work = "import os, time\nos.getpgid(0)\ntime.sleep(0.5)\nos.getpgid(0)"
    done = tracelang(script, "-c", python_command(work), "-o", "json")
    first, second = events_of(done)
    seconds = (second["ts"] - first["ts"]) / 1e9
    assert any(
        (second["j"] - first["j"]) / seconds == pytest.approx(hz, rel=0.1)
        for hz in (100, 250, 300, 1000)
    )
    assert (first["zero"], first["name"]) == (0, "swapper/0")
