"""Flags of system calls by name."""

from __future__ import annotations

import mmap
import os
import re
import select
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.decoders.bound import encode, show
from tracelang.decoders import load_decoders
from tracelang.decoders.flag_sets import FLAG_SETS


@pytest.mark.parametrize(
    ("set_", "raw", "expected"),
    [
        ("open", 0, "O_RDONLY"),
        ("open", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, "O_RDWR|O_CREAT|O_CLOEXEC"),
        ("open", os.O_WRONLY | os.O_SYNC, "O_WRONLY|O_SYNC"),
        ("open", os.O_WRONLY | os.O_DSYNC, "O_WRONLY|O_DSYNC"),
        ("open", os.O_RDWR | os.O_TMPFILE, "O_RDWR|O_TMPFILE"),
        ("open", os.O_DIRECTORY, "O_RDONLY|O_DIRECTORY"),
        ("open", 3, "0x3"),
        ("open", 1 << 30, "O_RDONLY|0x40000000"),
        ("prot", 0, "PROT_NONE"),
        ("prot", mmap.PROT_READ | mmap.PROT_EXEC, "PROT_READ|PROT_EXEC"),
        ("mmap", mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, "MAP_PRIVATE|MAP_ANONYMOUS"),
        ("clone", 0x11, "SIGCHLD"),
        ("clone", 0x1200011, "SIGCHLD|CLONE_CHILD_CLEARTID|CLONE_CHILD_SETTID"),
        ("clone", 0x80, "CLONE_NEWTIME"),
        ("access", 0, "F_OK"),
        ("access", os.R_OK | os.X_OK, "R_OK|X_OK"),
        ("mount", 4096 | 16384, "MS_BIND|MS_REC"),
        ("msg", socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL, "MSG_DONTWAIT|MSG_NOSIGNAL"),
        ("futex", 129, "FUTEX_WAKE|FUTEX_PRIVATE_FLAG"),
        ("futex", 393, "FUTEX_WAIT_BITSET|FUTEX_PRIVATE_FLAG|FUTEX_CLOCK_REALTIME"),
        (
            "epoll",
            select.EPOLLIN | select.EPOLLRDHUP | select.EPOLLET,
            "EPOLLIN|EPOLLRDHUP|EPOLLET",
        ),
        ("epoll", -0x80000000, "EPOLLET"),
        ("socket", socket.SOCK_STREAM | socket.SOCK_CLOEXEC, "SOCK_STREAM|SOCK_CLOEXEC"),
        ("family", socket.AF_INET6, "AF_INET6"),
        ("family", 99, "99"),
        ("seek", 1, "SEEK_CUR"),
        ("fcntl", 1030, "F_DUPFD_CLOEXEC"),
        ("rename", 0, "0"),
    ],
)
def test_shows(set_: str, raw: int, expected: str) -> None:
    assert show("flags", raw, set_) == expected


@given(st.sampled_from(sorted(FLAG_SETS)), st.integers(0, (1 << 32) - 1))
def test_what_is_shown_means_the_value(set_: str, raw: int) -> None:
    assert encode("flags", show("flags", raw, set_), set_) == raw


@pytest.mark.parametrize("set_", sorted(FLAG_SETS))
def test_names_of_a_set_are_distinct_bits(set_: str) -> None:
    names = FLAG_SETS[set_]()
    singles = [bits for bits, _ in names.bits if bits.bit_count() == 1]
    assert len(set(singles)) == len(singles)
    assert not any(bits & names.mask for bits, _ in names.bits)
    assert all(value & names.mask == value for value in names.field)


_MODULES = (os, mmap, socket, select)


def test_values_are_those_of_the_c_library() -> None:
    compared = 0
    for set_, build in FLAG_SETS.items():
        names = build()
        for value, name in (*names.bits, *names.field.items()):
            for module in _MODULES:
                known = getattr(module, name, None)
                if isinstance(known, int) and name != "O_LARGEFILE":
                    assert known & 0xFFFFFFFF == value, (set_, name)
                    compared += 1
    assert compared > 100


def test_unknown_set_names_the_known_ones_and_the_near_one() -> None:
    flags = load_decoders().get("flags")
    assert flags is not None
    assert flags.check(("open",)) is None
    trouble = flags.check(("mmapp",))
    assert trouble is not None
    assert re.search(
        r"no set of flags `mmapp`; did you mean `mmap`.*\? there are: .*\bclone\b", trouble
    )
    missing = flags.check(())
    assert missing is not None
    assert "flags(x, open)" in missing
