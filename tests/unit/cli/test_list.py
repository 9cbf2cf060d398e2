"""`tracelang list` on recorded kernels: which names a glob finds, what is said of others."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.cli.commands import WITH_KPROBES, WITHOUT_KPROBES, Commands


def test_without_a_glob_every_kind_is_summarised(run: Commands) -> None:
    answer = run("list", kernel=WITH_KPROBES)
    assert answer.status == 0
    forms = [line.split()[0] for line in answer.lines if line[:1].isalpha()]
    assert forms[:3] == ["kprobe:FUNCTION", "kretprobe:FUNCTION", "fentry:FUNCTION"]
    assert {"tracepoint:CATEGORY:EVENT", "syscall:NAME", "begin", "end"} <= set(forms)
    assert "e.g. tracepoint:sched:sched_process_fork capture comm, pid, child_pid" in answer.stdout
    assert len(answer.lines) < 100


@pytest.mark.parametrize("glob", ["", ":"])
def test_an_empty_glob_is_none(run: Commands, glob: str) -> None:
    assert run("list", glob, kernel=WITH_KPROBES) == run("list", kernel=WITH_KPROBES)


def test_the_summary_counts_and_says_what_is_missing(run: Commands) -> None:
    answer = run("list", kernel=WITHOUT_KPROBES)
    heads = {
        line.split()[0]: number for number, line in enumerate(answer.lines) if line[:1].isalpha()
    }
    of_kprobe = answer.lines[heads["kprobe:FUNCTION"] + 1]
    of_syscall = answer.lines[heads["syscall:NAME"] + 1]
    assert "none here: this kernel has no kprobes" in of_kprobe
    listed = run("list", "syscall:*", kernel=WITHOUT_KPROBES).lines
    assert of_syscall.strip() == f"{len(listed)} here"


@pytest.mark.parametrize("glob", ["t:sched:sched_switch", "tracepoint:sched:sched_sw[i]tch"])
def test_aliases_and_wildcards_are_understood(run: Commands, glob: str) -> None:
    answer = run("list", glob, kernel=WITH_KPROBES)
    assert (answer.lines, answer.stderr, answer.status) == (
        ["tracepoint:sched:sched_switch"],
        "",
        0,
    )


@pytest.mark.parametrize("glob", ["sched_process_fork", "*process_fork", "sched_process_for?"])
def test_without_a_colon_it_matches_anywhere(run: Commands, glob: str) -> None:
    lines = run("list", glob, kernel=WITHOUT_KPROBES).lines
    assert lines == [
        "tracepoint:sched:sched_process_fork",
        "rawtracepoint:sched_process_fork",
    ]


def test_matching_anywhere_lists_a_place_once(run: Commands) -> None:
    lines = run("list", "tcp_connect", kernel=WITH_KPROBES).lines
    assert "kprobe:tcp_connect" in lines
    assert not [line for line in lines if line.startswith(("kretprobe:", "fentry:", "fexit:"))]


def test_a_category_may_stand_without_the_kind(run: Commands) -> None:
    lines = run("list", "sched:sched_switch", kernel=WITH_KPROBES).lines
    assert lines == ["tracepoint:sched:sched_switch"]


def test_the_name_of_a_kind_lists_all_of_it(run: Commands) -> None:
    assert run("list", "software", kernel=WITH_KPROBES).lines[0] == "software:cpu-clock:1"
    assert run("list", "begin", kernel=WITH_KPROBES).lines == ["begin"]


def test_verbose_adds_typed_fields(run: Commands) -> None:
    assert run("list", "-v", "kprobe:tcp_connect", kernel=WITH_KPROBES).lines == [
        "kprobe:tcp_connect",
        "    sk: struct sock *",
    ]
    assert run("list", "-v", "fexit:tcp_connect", kernel=WITH_KPROBES).lines == [
        "fexit:tcp_connect",
        "    sk: struct sock *",
        "    retval: int",
    ]
    switch = run("list", "-v", "t:sched:sched_switch", kernel=WITH_KPROBES).lines
    assert "    prev_comm: char[16]" in switch
    assert "    prev_state: long, shown as flag names" in switch


def test_what_the_kernel_cannot_do_is_said_with_the_reason(run: Commands) -> None:
    answer = run("list", "kprobe:tcp_connect", kernel=WITHOUT_KPROBES)
    assert answer.status == 1
    assert answer.stdout == ""
    said, error, *_ = answer.stderr.splitlines()
    assert said.startswith("kprobe: none, this kernel has no kprobes")
    assert error.startswith("error[T202]")


def test_nothing_found_suggests_what_is_near(run: Commands) -> None:
    answer = run("list", "tracepoint:sched:sched_swich", kernel=WITH_KPROBES)
    assert answer.status == 1
    assert "error[T202]: no target of this machine matches" in answer.stderr
    assert "did you mean `tracepoint:sched:sched_switch`" in answer.stderr


def test_a_script_lists_its_own_probes(run: Commands, tmp_path: Path) -> None:
    script = tmp_path / "own.trace"
    script.write_text(
        "probe kprobe:tcp_connect(socket: struct sock) or syscall:connect capture comm\n"
        "probe tracepoint:sched:sched_process_f* capture pid\n"
        "probe syscall:no_such_call capture pid\n"
    )
    answer = run("list", script, kernel=WITH_KPROBES)
    assert answer.lines == [
        "kprobe:tcp_connect",
        "tracepoint:sched:sched_process_fork",
        "tracepoint:sched:sched_process_free",
    ]
    assert answer.status == 1
    assert "error[T202]" in answer.stderr
    verbose = run("list", "-v", script, kernel=WITH_KPROBES).lines
    assert verbose[:2] == ["kprobe:tcp_connect", "    socket: struct sock *"]


def test_a_binary_is_named_one_at_a_time(run: Commands) -> None:
    answer = run("list", "uprobe:*", kernel=WITH_KPROBES)
    assert (answer.status, answer.stdout) == (1, "")
    assert "`uprobe` lists one program or library at a time" in answer.stderr


def test_a_missing_script_is_a_usage_error(run: Commands) -> None:
    answer = run("list", "no/such.trace", kernel=WITH_KPROBES)
    assert answer.status == 2
    assert "error[U110]" in answer.stderr
