"""What aggregates are summed up by: keys of every kind, the largest, and full maps."""

from __future__ import annotations

import re

import pytest

from tests.live.prctl import NUMBERED, OURS, summarise, work
from tests.live.runs import accounting, events_of
from tests.processes import TracelangCommand

pytestmark = NUMBERED


def test_keys_of_several_kinds(tracelang: TracelangCommand) -> None:
    source = (
        "for name in ('a-long-name', 'b', 'a-long-name', 'b', 'b'):\n"
        "  open('/proc/self/comm', 'w').write(name)\n  prctl(1, len(name))"
    )
    rows = summarise(tracelang, f"{OURS} aggregate count() as n by comm, arg3, func", source)
    assert [(r["comm"], r["arg3"], r["func"], r["n"]) for r in rows] == [
        ("b", 1, "prctl", 3),
        ("a-long-name", 11, "prctl", 2),
    ]


@pytest.mark.parametrize("where", ["dfd == -7", 'filename contains "/etc/"'])
def test_what_lies_behind_a_text_does_not_split_keys(
    tracelang: TracelangCommand, where: str
) -> None:
    # A buffer used again holds what the longer text left behind the shorter one.
    source = (
        "libc = ctypes.CDLL(None)\n"
        "for _ in range(5):\n"
        "  for n in (90, 1, 40, 2): libc.openat(-7, b'/etc/\\0'[:5] + b'x' * n, 0)\n"
    )
    rows = summarise(
        tracelang,
        f"syscall:openat where {where} and dfd == -7 "
        "aggregate count() as n, hist(flags) as h by filename, comm",
        source,
    )
    assert sorted((len(r["filename"]) - 5, r["n"]) for r in rows) == [
        (1, 5),
        (2, 5),
        (40, 5),
        (90, 5),
    ]
    assert all(r["h"] == [[0, 1, 5]] for r in rows)


def test_paddings_between_keys_do_not_split_them(tracelang: TracelangCommand) -> None:
    keys = "arg3 == 1 as a, arg2, cast(arg3, u8) as b, pid, cast(arg3, u16) as c"
    source = "for n in range(300): os.getcwd(); prctl(n % 3, n & 1)"
    rows = summarise(
        tracelang, f"{OURS} aggregate count() as n, distinct(arg4) as d by {keys}", source
    )
    assert [r["n"] for r in rows] == [50] * 6


def test_all_system_calls_by_name(tracelang: TracelangCommand) -> None:
    rows = summarise(
        tracelang, "syscall:* aggregate count() as n by func", "for n in range(500): lseek(n)"
    )
    found = {r["func"]: r["n"] for r in rows}
    assert found["lseek"] >= 500
    assert len(found) > 5
    assert [r["n"] for r in rows] == sorted(found.values(), reverse=True)


def test_addresses_and_cgroups_as_keys(tracelang: TracelangCommand) -> None:
    source = "import socket\nfor n in (1, 2, 2): socket.socket(2, 2).connect(('127.0.0.%d' % n, 9))"
    rows = summarise(
        tracelang,
        "tracepoint:syscalls:sys_enter_connect aggregate count() as n by "
        "ip(cast(uservaddr, struct sockaddr_in).sin_addr.s_addr) as to, cgroup_id",
        source,
    )
    assert [(r["to"], r["n"]) for r in rows] == [("127.0.0.2", 2), ("127.0.0.1", 1)]
    assert len({r["cgroup_id"] for r in rows}) == 1


def test_texts_as_long_as_they_may_be(tracelang: TracelangCommand) -> None:
    source = "libc = ctypes.CDLL(None)\nfor n in (400, 399, 400): libc.openat(-7, b'y' * n, 0)"
    script = "syscall:openat where dfd == -7 aggregate count() as n by filename"
    rows = summarise(tracelang, script, source, "--strlen", "400")
    assert [(r["filename"], r["n"]) for r in rows] == [("y" * 400, 2), ("y" * 399, 1)]
    refused = tracelang(script, "--strlen", "600", "-c", "true")
    assert refused.status == 1
    assert re.search(
        r"error\[T263\]: a key of \d+ bytes is too large; the limit is 512", refused.stderr
    )
    assert "--strlen" in refused.stderr


def test_the_largest_by_any_column(tracelang: TracelangCommand) -> None:
    source = "for n in range(20):\n  for _ in range(20 - n): prctl(n * n, n)"
    script = f"{OURS} aggregate count() as n, max(arg2) as hi by arg3 top 3"
    assert [r["arg3"] for r in summarise(tracelang, script, source)] == [0, 1, 2]
    assert [r["arg3"] for r in summarise(tracelang, f"{script} by hi", source)] == [19, 18, 17]


def test_large_numbers_are_sorted_exactly(tracelang: TracelangCommand) -> None:
    # As floats these are all the same.
    source = "for n in (3, 5, 1, 4, 2): prctl(2**63 + n, n)"
    rows = summarise(tracelang, f"{OURS} aggregate max(arg2) as hi by arg3", source)
    assert [r["arg3"] for r in rows] == [5, 4, 3, 2, 1]


def test_a_full_map_keeps_its_first_keys_and_says_so(tracelang: TracelangCommand) -> None:
    source = "for n in (*range(10), *range(10)): prctl(1, n)"
    done = tracelang(
        f"{OURS} aggregate count() as n by arg3", "--keys", "4", "-o", "json", "-c", work(source)
    )
    assert done.status == 0
    assert [(r["arg3"], r["n"]) for r in events_of(done)] == [(n, 2) for n in range(4)]
    assert "12 not counted as the maps are full (`--keys` enlarges them)" in done.stderr
    assert accounting(done)["events"] == 8
