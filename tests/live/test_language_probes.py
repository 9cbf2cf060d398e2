"""Every kind of probe of this kernel: it fires as often as it should, with what was passed."""

from __future__ import annotations

import os
import platform
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from tests.live.runs import Event, python_command, trace
from tests.live.shop import build_shop
from tests.processes import TracelangCommand

U64_MAX = 2**64 - 1
EVERYTHING = """
probe begin capture pid print "begin"
probe uprobe:{shop}:handle(
    id: s32, text: str, to: struct sockaddr_in, small: u8, low: s16, big: u64)
  capture id, text, port(to.sin_port) as port, ip(to.sin_addr.s_addr) as addr, small, low, big,
    arg0, func
probe uretprobe:{shop}:handle capture retval, cast(retval, s64) as signed
probe usdt:{shop}:shop:sold(count: s32, what: str, price: s64)
  capture count, what, price, arg3, arg4, args.arg0 as first
probe usdt:{shop}:shop:sold where cast(arg0, s32) == 1 capture str(arg1) as what
probe syscall:getpgid capture args.pid as wanted, pid, func, probe
probe sysret:getpgid capture retval, errno(retval) as error, pid
probe tracepoint:syscalls:sys_enter_getpgid capture args.pid as wanted
probe rawtracepoint:sys_enter where id == 121 capture id, pid
probe kprobe:sys_getpgid capture args.pid as wanted
probe tracepoint:raw_syscalls:sys_exit where id == 121 capture ret
probe end capture pid
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if platform.machine() != "x86_64":
        pytest.skip("the program's static probe is written for x86-64")
    return build_shop(tmp_path_factory.mktemp("shop"))


@pytest.fixture(scope="module")
def events(tracelang: TracelangCommand, shop: Path) -> list[Event]:
    return trace(tracelang, EVERYTHING.format(shop=shop), "-c", str(shop))


def of_rule(events: list[Event], rule: int, *names: str) -> list[tuple[object, ...]]:
    return [tuple(e[name] for name in names) for e in events if e["rule"] == rule]


def test_begin_is_first_and_end_is_last(events: list[Event]) -> None:
    rules = [e["rule"] for e in events]
    assert (rules[0], rules[-1], rules.count(1), rules.count(12)) == (1, 12, 1, 1)


def test_user_functions_bring_declared_arguments(events: list[Event], shop: Path) -> None:
    names = ("id", "text", "port", "addr", "small", "low", "big", "arg0", "func")
    assert of_rule(events, 2, *names) == [
        (21, "first", 4711, "10.20.30.40", 200, -2, U64_MAX, 21, "handle"),
        (-3, "second", 0, "0.0.0.0", 0, -(2**15), 2**63, 2**32 - 3, "handle"),
    ]


def test_user_returns_bring_the_value(events: list[Event]) -> None:
    assert of_rule(events, 3, "retval", "signed") == [(42, 42), (-(2**63), -(2**63))]


def test_static_probes_bring_their_arguments(events: list[Event]) -> None:
    assert of_rule(events, 4, "count", "what", "price", "arg3", "arg4", "first") == [
        (-1, "apple", 0, -5, ord("p"), -1),
        (0, "apple", -5_000_000_000, -5, ord("p"), 0),
        (1, "apple", -10_000_000_000, -5, ord("p"), 1),
    ]
    assert of_rule(events, 5, "what") == [("apple",)]


def test_static_probes_may_declare_structs(tracelang: TracelangCommand, shop: Path) -> None:
    script = f"probe usdt:{shop}:shop:sold(_, what: struct sockaddr) capture what.sa_family as two"
    events = trace(tracelang, script, "-c", str(shop))
    assert [e["two"] for e in events] == [int.from_bytes(b"ap", sys.byteorder)] * 3


def test_system_calls_enter_and_return(events: list[Event]) -> None:
    pid = next(e["pid"] for e in events if e["rule"] == 6)
    entry = [(0, pid, "getpgid", "syscall:getpgid"), (-1, pid, "getpgid", "syscall:getpgid")]
    assert of_rule(events, 6, "wanted", "pid", "func", "probe") == entry
    returns = of_rule(events, 7, "retval", "error_text", "pid")
    assert returns == [(os.getpgrp(), "", pid), (-3, "ESRCH", pid)] or returns[1] == (
        -3,
        "ESRCH",
        pid,
    )
    assert of_rule(events, 11, "ret") == [(returns[0][0],), (-3,)]


def test_tracepoints_raw_ones_and_historic_names_agree(events: list[Event]) -> None:
    assert of_rule(events, 8, "wanted") == of_rule(events, 10, "wanted") == [(0,), (-1,)]
    pid = next(e["pid"] for e in events if e["rule"] == 6)
    assert of_rule(events, 9, "id", "pid") == [(121, pid)] * 2


def test_two_rules_on_one_event_both_fire_in_order(tracelang: TracelangCommand, shop: Path) -> None:
    rule = "probe syscall:getpgid capture args.pid as who "
    events = trace(tracelang, rule * 2, "-c", str(shop))
    assert [(e["rule"], e["who"]) for e in events] == [(1, 0), (2, 0), (1, -1), (2, -1)]


def test_lists_wildcards_and_first_existing(tracelang: TracelangCommand, shop: Path) -> None:
    script = f"""
    probe syscall:getpgi[d], syscall:getpg?d capture func
    probe syscall:no_such_call or kprobe:no_such_function or syscall:getpgid capture func
    probe syscall:get*gid where func == "getpgid" capture probe
    probe uprobe:{shop}:hand*, uprobe:{shop}:sell, u:{shop}:deep* capture func
    probe ur:{shop}:deeper capture retval
    probe t:syscalls:sys_enter_getpgid, rt:sys_enter where first_of(id, 121) == 121 capture func
    """
    events = trace(tracelang, script, "-c", str(shop))
    assert of_rule(events, 2, "func") == [("getpgid",)] * 2
    assert of_rule(events, 3, "probe") == [("syscall:getpgid",)] * 2
    expected = ["handle"] * 2 + ["sell"] * 3 + ["deeper"] * 4
    assert [e["func"] for e in events if e["rule"] == 4] == expected
    assert of_rule(events, 5, "retval") == [(1,), (2,), (3,), (4,)]
    assert (
        sorted(str(e["func"]) for e in events if e["rule"] == 6)
        == ["sys_enter"] * 2 + ["sys_enter_getpgid"] * 2
    )
    assert {e["func"] for e in events if e["rule"] == 1} == {"getpgid"}


CALLS = """
import os
os.getpid(); os.getppid(); os.getpgid(0); os.getpgrp(); os.getpid()
"""


@pytest.mark.needs("uprobe")
@pytest.mark.parametrize("kind", ["uprobe", "uretprobe"])
def test_functions_of_a_wildcard_are_told_apart(tracelang: TracelangCommand, kind: str) -> None:
    wanted = ["getpid", "getppid", "getpgid", "getpgrp", "getpid"]
    events = trace(tracelang, f"{kind}:libc:getp* capture func", "-c", python_command(CALLS))
    called = [event["func"] for event in events if event["func"] in wanted]
    assert any(called[n:][: len(wanted)] == wanted for n in range(len(called)))


def test_offsets_into_a_function(tracelang: TracelangCommand, shop: Path) -> None:
    # 4 bytes into `sell` is the instruction behind endbr64.
    events = trace(tracelang, f"probe uprobe:{shop}:sell+4 capture func, probe", "-c", str(shop))
    assert len(events) == 3
    assert events[0]["probe"].endswith(":sell+0x4")


BUSY = """
import os, time
os.sched_setaffinity(0, {1})
end = time.process_time() + 0.4
while time.process_time() < end: pass
"""


def test_profiles_sample_the_running_task(tracelang: TracelangCommand) -> None:
    events = trace(
        tracelang, "probe profile:500hz capture pid, cpu, comm", "-c", python_command(BUSY)
    )
    assert 100 <= len(events) <= 260
    assert len({e["pid"] for e in events}) == 1
    assert sum(e["cpu"] == 1 for e in events) > len(events) * 0.7


def test_intervals_come_once_a_period_from_one_processor(tracelang: TracelangCommand) -> None:
    events = trace(tracelang, "probe interval:100ms capture cpu, ts", "-n", "5")
    # A processor that is kept from running comes late, or leaves a period out.
    assert len({e["cpu"] for e in events}) == 1
    steps = [b["ts"] - a["ts"] for a, b in pairwise(events)]
    assert sum(steps) / len(steps) > 50e6, steps


FAULTS = """
import mmap
m = mmap.mmap(-1, 500 * 4096)
m.madvise(mmap.MADV_NOHUGEPAGE)
for n in range(500): m[n * 4096] = 1
"""
SLEEPS = "import time\nfor n in range(20): time.sleep(0.001)"


def test_software_events_fire_for_each_period(tracelang: TracelangCommand) -> None:
    each = trace(
        tracelang, "probe software:page-faults:1 capture pid", "-c", python_command(FAULTS)
    )
    tenth = trace(tracelang, "probe s:faults:10 capture pid", "-c", python_command(FAULTS))
    base = trace(
        tracelang, "probe software:page-faults:1 capture pid", "-c", python_command("pass")
    )
    assert len(each) - len(base) == pytest.approx(500, abs=60)
    assert len(tenth) == pytest.approx(len(each) / 10, rel=0.2)
    switches = trace(
        tracelang, "probe software:context-switches:1 capture pid", "-c", python_command(SLEEPS)
    )
    assert len(switches) >= 20
