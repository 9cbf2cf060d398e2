"""System calls: numbers, names and entry functions."""

from __future__ import annotations

import pytest

from tests.unit.kernel.kernels import KERNELS
from tracelang.kernel.recorded import RecordedKernel
from tracelang.kernel.syscall_numbers import syscall_numbers
from tracelang.kernel.syscalls import SyscallTable
from tracelang.kernel.tracefs import TracepointFormat, parse_format
from tracelang.kernel.view import SyscallInfo

_GETPID = (
    "name: sys_enter_getpid\nID: 1\nformat:\n"
    "\tfield:int __syscall_nr;\toffset:8;\tsize:4;\tsigned:1;\n"
)


@pytest.mark.parametrize(
    ("architecture", "name", "number"),
    [
        ("x86_64", "read", 0),
        ("x86_64", "execve", 59),
        ("x86_64", "openat", 257),
        ("x86_64", "rseq", 334),
        ("aarch64", "io_setup", 0),
        ("aarch64", "openat", 56),
        ("aarch64", "execve", 221),
        ("aarch64", "rseq", 293),
        ("riscv64", "execve", 221),
        ("x86_64", "pidfd_send_signal", 424),
        ("aarch64", "pidfd_send_signal", 424),
        ("x86_64", "clone3", 435),
        ("aarch64", "clone3", 435),
        ("aarch64", "mseal", 462),
    ],
)
def test_numbers(architecture: str, name: str, number: int) -> None:
    assert syscall_numbers(architecture)[name] == number


def test_no_two_calls_share_a_number() -> None:
    for architecture in ("x86_64", "aarch64"):
        numbers = syscall_numbers(architecture)
        assert len(set(numbers.values())) == len(numbers)


def test_an_unknown_architecture_has_no_numbers() -> None:
    assert syscall_numbers("vax") == {}


def build_table(architecture: str, *functions: str) -> SyscallTable:
    def read(_category: str, event: str) -> TracepointFormat | None:
        return parse_format("syscalls", _GETPID.replace("sys_enter_getpid", event))

    events = [
        ("syscalls", "sys_enter_getpid"),
        ("syscalls", "sys_exit_getpid"),
        ("sched", "sys_enter_x"),
    ]
    return SyscallTable(architecture, lambda: events, read, functions.__contains__)


@pytest.mark.parametrize(
    ("architecture", "functions", "entry"),
    [
        ("x86_64", ("__x64_sys_getpid", "__do_sys_getpid"), "__x64_sys_getpid"),
        ("x86_64", ("__do_sys_getpid",), "__do_sys_getpid"),
        ("aarch64", ("__arm64_sys_getpid",), "__arm64_sys_getpid"),
        ("ppc64le", ("sys_getpid",), "sys_getpid"),
        ("x86_64", (), ""),
    ],
)
def test_the_entry_function_is_the_one_the_kernel_has(
    architecture: str, functions: tuple[str, ...], entry: str
) -> None:
    assert build_table(architecture, *functions)["getpid"].entry_function == entry


def test_the_table_holds_what_has_an_entry_tracepoint() -> None:
    table = build_table("x86_64")
    assert list(table) == ["getpid"]
    assert "getpid" in table
    assert table.get("x") is None


def test_a_call_has_its_own_arguments() -> None:
    calls = RecordedKernel(KERNELS / "debian-6.1").syscalls()
    arguments = (
        ("dfd", "int"),
        ("filename", "const char *"),
        ("flags", "int"),
        ("mode", "umode_t"),
    )
    assert calls["openat"] == SyscallInfo("openat", 257, arguments, "__x64_sys_openat", True)
    assert calls["getpid"].arguments == ()


def test_every_recorded_call_has_a_number_and_an_entry_function() -> None:
    for name in ("debian-6.1", "linux-6.18"):
        kernel = RecordedKernel(KERNELS / name)
        assert len(kernel.syscalls()) > 300
        lacking = [
            n for n, c in kernel.syscalls().items() if c.number is None or not c.entry_function
        ]
        assert lacking == []


def test_usual_names_lead_to_the_tables() -> None:
    kernel = RecordedKernel(KERNELS / "debian-6.1")
    aliases = kernel.syscall_aliases()
    assert aliases["stat"] == "newstat"
    assert set(aliases.values()) <= set(kernel.syscalls())
    assert not set(aliases) & set(kernel.syscalls())
