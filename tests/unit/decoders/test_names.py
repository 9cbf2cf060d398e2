"""Numbers with names everybody knows: errors, signals, capabilities, users, devices, places."""

from __future__ import annotations

import errno
import os
import pwd
import signal
from pathlib import Path

import pytest

from tests.unit.decoders.bound import bind, context, encode, show


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (-2, "ENOENT"),
        (-11, "EAGAIN"),
        (-35, "EDEADLK"),
        (-95, "EOPNOTSUPP"),
        (-512, "ERESTARTSYS"),
        (0, "0"),
        (3, "3"),
        (-4000, "-4000"),
        ((1 << 64) - 2, "ENOENT"),
        ((1 << 32) - 2, "ENOENT"),
        (0x7F0000000000, "139637976727552"),
    ],
)
def test_errno_names_negative_results_only(raw: int, expected: str) -> None:
    assert show("errno", raw) == expected


@pytest.mark.parametrize("number", sorted(errno.errorcode))
def test_errno_round_trip(number: int) -> None:
    assert encode("errno", show("errno", -number)) == -number


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("EWOULDBLOCK", -11),
        ("ERESTARTSYS", -512),
        ("0", 0),
        ("-2", -2),
        ("ENOSUCH", None),
        ("", None),
    ],
)
def test_errno_encodes(text: str, expected: int | None) -> None:
    assert encode("errno", text) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (9, "SIGKILL"),
        (int(signal.SIGABRT), "SIGABRT"),
        (int(signal.SIGCHLD), "SIGCHLD"),
        (int(signal.SIGRTMIN), "SIGRTMIN"),
        (signal.SIGRTMIN + 3, "SIGRTMIN+3"),
        (int(signal.SIGRTMAX), "SIGRTMAX"),
        (0, "0"),
        (32, "32"),
        (999, "999"),
    ],
)
def test_signal(raw: int, expected: str) -> None:
    assert show("signal", raw) == expected
    assert encode("signal", expected) == raw


@pytest.mark.parametrize("text", ["SIGNOSUCH", "SIGRTMIN-1", "SIGRTMAX+1", "SIG_DFL", "KILL"])
def test_signal_that_is_none(text: str) -> None:
    assert encode("signal", text) is None


def test_capability() -> None:
    assert show("capability", 21) == "CAP_SYS_ADMIN"
    assert show("capability", 40) == "CAP_CHECKPOINT_RESTORE"
    assert show("capability", 41) == "41"
    assert encode("capability", "CAP_BPF") == encode("capability", "BPF") == 39
    assert encode("capability", "CAP_NONE") is None


def test_capabilities_are_those_of_this_kernel() -> None:
    last = int(Path("/proc/sys/kernel/cap_last_cap").read_text())
    assert show("capability", last).startswith("CAP_")


def test_user() -> None:
    me = pwd.getpwuid(os.getuid())
    assert show("user", me.pw_uid) == me.pw_name
    assert encode("user", me.pw_name) == me.pw_uid
    assert show("user", 4_294_967_294) == "4294967294"
    assert encode("user", "no such user") is None


def test_device_numbers_are_the_kernels_own() -> None:
    assert show("dev", 4095 << 20 | 77) == "4095:77"
    assert encode("dev", "4095:77") == 4095 << 20 | 77
    assert encode("dev", "../sda") is None
    assert encode("dev", "no-such-disk") is None


def test_device_names_are_this_machines() -> None:
    disks = sorted(Path("/sys/class/block").iterdir())
    if not disks:
        pytest.skip("this machine has no block device; attach one to run this")
    major, minor = map(int, (disks[0] / "dev").read_text().split(":"))
    text = show("dev", major << 20 | minor)
    assert text == f"{major}:{minor}({disks[0].name})"
    assert encode("dev", text) == encode("dev", disks[0].name) == major << 20 | minor


def test_places_are_named_by_target() -> None:
    here = context(targets=(("syscall:open", "open"), ("syscall:openat", "openat")))
    assert bind("func", within=here).text(1) == "openat"
    assert bind("probe", within=here).text(0) == "syscall:open"
    assert bind("probe", within=here).text(2) == "target 2"


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="numbers are x86-64's; run it there")
def test_syscall_name() -> None:
    assert show("syscall_name", 257) == "openat"
    assert encode("syscall_name", "openat") == 257
    assert show("syscall_name", 4_000) == "4000"
    assert encode("syscall_name", "no_such_call") is None


def test_every_syscall_name_encodes_to_its_number() -> None:
    names = {number: show("syscall_name", number) for number in range(470)}
    known = {number: name for number, name in names.items() if name != str(number)}
    assert len(known) > 250
    assert all(encode("syscall_name", name) == number for number, name in known.items())
