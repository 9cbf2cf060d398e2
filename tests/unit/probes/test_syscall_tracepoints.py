"""Which tracepoint a system call is traced by: its own, or the one that every call passes."""

from __future__ import annotations

import pytest

from tests.cases.compiling import Conditions, compile_case

READ = "probe syscall:read capture fd"
WRITE = "probe syscall:write capture fd"
RESULT = "probe sysret:write capture retval"
OPEN = "probe syscall:openat capture comm"
OTHER = "probe interval:1s"


def places(script: str, kernel: str = "linux-6.18") -> list[str]:
    return [a.place for a in compile_case(script, Conditions(kernel=kernel)).plan.attachments]


@pytest.mark.parametrize("kernel", ["linux-6.18", "debian-6.1"])
def test_calls_that_are_made_all_the_time_by_the_one_that_all_pass(kernel: str) -> None:
    assert places(READ, kernel) == ["sys_enter"]


@pytest.mark.parametrize("kernel", ["linux-6.18", "debian-6.1"])
def test_their_returns_and_spans_by_their_own(kernel: str) -> None:
    assert places(RESULT, kernel) == ["syscalls:sys_exit_write"]
    span = places("span syscall:read capture duration", kernel)
    assert span == ["syscalls:sys_exit_read", "syscalls:sys_enter_read"]
    legs = places("span from syscall:read to syscall:write capture duration", kernel)
    assert legs == ["syscalls:sys_enter_write", "syscalls:sys_enter_read"]


def test_a_call_made_now_and_then_by_its_own() -> None:
    assert places(OPEN) == ["syscalls:sys_enter_openat"]


def test_a_rule_about_one_of_each_has_one_program() -> None:
    script = "probe syscall:read, syscall:write, syscall:futex aggregate count() by func"
    assert places(script) == ["sys_enter"]


def test_a_rule_about_a_rare_and_a_busy_call_has_one_for_each() -> None:
    assert places("probe syscall:read, syscall:openat aggregate count() by func") == [
        "sys_enter",
        "syscalls:sys_enter_openat",
    ]


def test_many_rules_do_not_run_one_another() -> None:
    assert places(f"{READ} {OTHER}")[0] == "sys_enter"
    assert places(f"{READ} {WRITE}") == ["syscalls:sys_enter_read", "syscalls:sys_enter_write"]


def test_where_the_kernel_has_no_raw_tracepoints_by_their_own() -> None:
    assert places(READ, "linux-6.18 without raw_tracepoint") == ["syscalls:sys_enter_read"]
