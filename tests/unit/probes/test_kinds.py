"""Every probe kind: what it says of itself is true on a recorded kernel."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.cases.compiling import Conditions, compile_case, open_recorded
from tracelang.diagnostics import DiagnosticError
from tracelang.mechanism import Mechanism
from tracelang.probes import load_probe_kinds
from tracelang.semantic.probe_kind import ProbeKind, TargetScope
from tracelang.semantic.type_table import TypeTable

KINDS = list(load_probe_kinds())
ACCEPTED = sorted((Path(__file__).parents[2] / "cases" / "accept").glob("*.trace"))
FULL = "debian-6.1+hardware"
"""A kernel with every mechanism there is."""
_ELSEWHERE = ("usdt",)
"""Kinds whose examples need a program of their own; their tests are beside this file."""


def scope_of(kernel: str) -> TargetScope:
    view = open_recorded(kernel)
    return TargetScope(view, TypeTable(view.btf))


@pytest.mark.parametrize("kind", KINDS, ids=lambda k: k.name)
def test_a_kind_describes_itself(kind: ProbeKind) -> None:
    assert kind.summary
    assert kind.summary[0].islower()
    assert not kind.summary.endswith(".")
    assert kind.form.partition(":")[0] == kind.name
    assert re.search(rf"\b{kind.name}\b", kind.example)
    assert (kind.resolve.__doc__ or "").startswith("Return")


def test_no_word_means_two_kinds() -> None:
    words = [word for kind in KINDS for word in (kind.name, *kind.aliases)]
    assert len(words) == len(set(words))


@pytest.mark.parametrize(
    "kind", [k for k in KINDS if k.name not in _ELSEWHERE], ids=lambda k: k.name
)
def test_its_example_compiles(kind: ProbeKind) -> None:
    plan = compile_case(kind.example, Conditions(FULL)).plan
    assert plan.attachments


@pytest.mark.parametrize(
    "kind", [k for k in KINDS if k.name not in _ELSEWHERE], ids=lambda k: k.name
)
def test_it_is_used_by_a_script_that_is_accepted(kind: ProbeKind) -> None:
    used = re.compile(rf"\b{kind.name}\b")
    assert any(used.search(file.read_text(encoding="utf-8")) for file in ACCEPTED)


@pytest.mark.parametrize("kind", KINDS, ids=lambda k: k.name)
def test_the_targets_it_lists_can_be_used(kind: ProbeKind) -> None:
    names = kind.names(scope_of(FULL))
    for name, _ in zip(names, range(3), strict=False):
        assert name.partition(":")[0] == kind.name
        if kind.name not in ("uprobe", "uretprobe", "usdt"):
            assert compile_case(f"probe {name} capture cpu", Conditions(FULL)).plan.attachments


@pytest.mark.parametrize(
    ("target", "kernel", "mechanism", "place"),
    [
        ("kprobe:vfs_read", "debian-6.1", Mechanism.KPROBE, "vfs_read"),
        ("kretprobe:vfs_read", "debian-6.1", Mechanism.KRETPROBE, "vfs_read"),
        ("fentry:vfs_read", "debian-6.1", Mechanism.FENTRY, "vfs_read"),
        ("fexit:vfs_read", "debian-6.1", Mechanism.FEXIT, "vfs_read"),
        ("kprobe:sys_close", "debian-6.1", Mechanism.KPROBE, "__x64_sys_close"),
        ("kprobe:sys_close", "linux-6.18", Mechanism.TRACEPOINT, "syscalls:sys_enter_close"),
        ("kretprobe:sys_close", "linux-6.18", Mechanism.TRACEPOINT, "syscalls:sys_exit_close"),
        ("syscall:close", "linux-6.18", Mechanism.TRACEPOINT, "syscalls:sys_enter_close"),
        ("t:sched:sched_switch", "linux-6.18", Mechanism.TRACEPOINT, "sched:sched_switch"),
        ("rt:sched_switch", "linux-6.18", Mechanism.RAW_TRACEPOINT, "sched_switch"),
        ("rt:sched:sched_switch", "linux-6.18", Mechanism.RAW_TRACEPOINT, "sched_switch"),
        ("begin", "linux-6.18", Mechanism.RUN, "begin"),
    ],
)
def test_where_a_target_is_attached(
    target: str, kernel: str, mechanism: Mechanism, place: str
) -> None:
    (attachment,) = compile_case(f"probe {target} capture cpu", Conditions(kernel)).plan.attachments
    assert (attachment.mechanism, attachment.place) == (mechanism, place)


def test_functions_are_reached_by_fentry_where_that_is_preferred() -> None:
    for prefer, mechanism in (("", "kprobe"), ("kprobe", "kprobe"), ("fentry", "fentry")):
        plan = compile_case(
            "kprobe:vfs_read capture cpu", Conditions("debian-6.1", prefer=prefer)
        ).plan
        assert plan.attachments[0].mechanism.value == mechanism
        assert plan.outputs[0].targets[0][0] == "kprobe:vfs_read"


@pytest.mark.parametrize(
    ("rate", "period", "frequency", "all_cpus"),
    [
        ("profile:99hz", 0, 99, True),
        ("profile:hz:99", 0, 99, True),
        ("profile:10ms", 10_000_000, 0, True),
        ("profile:100000hz", 0, 100_000, True),
        ("profile:10us", 10_000, 0, True),
        ("interval:1s", 1_000_000_000, 0, False),
        ("interval:4hz", 250_000_000, 0, False),
        ("interval:1m", 60_000_000_000, 0, False),
        ("software:page-faults", 1, 0, True),
        ("software:context-switches:100", 100, 0, True),
    ],
)
def test_rates_and_periods(rate: str, period: int, frequency: int, all_cpus: bool) -> None:
    (attachment,) = compile_case(f"probe {rate} capture cpu").plan.attachments
    assert attachment.perf is not None
    perf = attachment.perf
    assert (perf.period, perf.frequency, perf.all_cpus) == (period, frequency, all_cpus)


@pytest.mark.parametrize(
    "rate", ["profile:0hz", "profile:9us", "profile:100001hz", "profile:1.5hz", "interval:0s"]
)
def test_rates_there_are_not(rate: str) -> None:
    with pytest.raises(DiagnosticError) as caught:
        _ = compile_case(f"probe {rate} capture cpu").plan
    assert caught.value.diagnostics[0].code in ("T234", "T112", "T114", "T117")


def test_wildcards_match_in_every_part_and_each_place_once() -> None:
    plan = compile_case("probe t:sched:sched_wakeup*, t:sc*d:sched_wakeup capture func").plan
    functions = [function for _, function in plan.outputs[0].targets]
    assert functions == sorted(set(functions))
    assert {"sched_wakeup", "sched_wakeup_new"} <= set(functions)


def test_many_system_calls_share_programs() -> None:
    plan = compile_case("probe syscall:* capture func").plan
    assert len(plan.outputs[0].targets) > 300
    assert len(plan.programs) < 5
