"""Completion of half-written scripts: what is offered at the `|`, best first, and what is not."""

from __future__ import annotations

import pytest

from tests.unit.kernel.kernels import KERNELS
from tracelang.complete.candidates import Candidate
from tracelang.complete.engine import complete
from tracelang.complete.machine import Machine
from tracelang.complete.meaning import describe_place
from tracelang.kernel.recorded import RecordedKernel

STAGED = (
    "span from tracepoint:block:block_rq_insert key dev, sector "
    "via issued: tracepoint:block:block_rq_issue key dev, sector "
    "to tracepoint:block:block_rq_complete key dev, sector "
)
SPAN = "span from tracepoint:sched:sched_wakeup key args.pid to tracepoint:sched:sched_switch "


@pytest.fixture(scope="module")
def machine() -> Machine:
    """A kernel with kprobes and 60,000 functions."""
    return Machine(RecordedKernel(KERNELS / "debian-6.1"))


def _at(text: str, machine: Machine, *, by_steps: bool = False) -> tuple[Candidate, ...]:
    offset = text.index("|")
    return complete(text.replace("|", ""), offset, machine, by_steps=by_steps).candidates


def _words(text: str, machine: Machine) -> list[str]:
    return [candidate.text for candidate in _at(text, machine)]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        # Targets: by the kind, by any part, by an alias, by letters in their order.
        ("|", "kprobe:"),
        ("tracep|", "tracepoint:"),
        ("opena|", "syscall:openat"),
        ("tracepoint:sched_sw|", "tracepoint:sched:sched_switch"),
        ("t:sched:sw|", "tracepoint:sched:sched_switch"),
        ("kprobe:tcp_conne|", "kprobe:tcp_connect"),
        ("kprobe:tcpconne|", "kprobe:tcp_connect"),
        ("syscall:openat, sysret:op|", "sysret:open"),
        ("syscall:openat or kprobe:vfs_rea|", "kprobe:vfs_read"),
        ("span from tracepoint:sched:sched_swi|", "tracepoint:sched:sched_switch"),
        # At the beginning of a line.
        ("syscall:openat\n|", "where"),
        ("syscall:openat capture comm,\n|", "dfd"),
        ("span from syscall:openat key tid\n|", "to"),
        ("span from syscall:openat |", "key"),
        # Clauses and other words.
        ("syscall:openat |", "where"),
        ("syscall:openat where uid == 0 cap|", "capture"),
        ("syscall:openat aggregate count() |", "by"),
        ("syscall:openat aggregate count() by comm ev|", "every"),
        ("span f|", "from"),
        # Fields, the script's own names, builtins, functions.
        ("syscall:openat where f|", "filename"),
        ("kprobe:tcp_connect capture s|", "sk"),
        ("sysret:openat where r|", "retval"),
        ("span syscall:read where d|", "duration"),
        ("param limit_us = 3 probe syscall:read where count > l|", "limit_us"),
        ("let wide = uid > 3 probe syscall:read where w|", "wide"),
        ('table WHAT { 1: "a" } probe syscall:read capture WH|', "WHAT("),
        ("syscall:openat where la| capture us(cpu) as lately", "lately"),
        ("syscall:openat capture us|", "user"),
        ("syscall:openat capture errn|", "errno("),
        ("syscall:openat aggregate hi|", "hist("),
        ("syscall:openat aggregate count() as many, ma|", "max("),
        ("syscall:read aggregate sum(cou|", "count"),
        ("syscall:openat aggregate count() as many top 3 by |", "many"),
        # Members, typed by BTF, through whatever stands before the `.`.
        ("syscall:openat capture task.mm.exe_f|", "exe_file"),
        ("kprobe:tcp_connect capture cast(sk, struct tcp_sock).snd_cw|", "snd_cwnd"),
        ("rawtracepoint:sched_switch where next.pri|", "prio"),
        ("kprobe:vfs_read(f: struct file) capture f.f_path.den|", "dentry"),
        ("tracepoint:signal:signal_generate capture args.pi|", "pid"),
        (SPAN + "capture end.prev|", "prev_comm"),
        (SPAN + "capture start.tar|", "target_cpu"),
        # Stages of a span, what they have, and what is written of one.
        (STAGED + "capture iss|", "issued."),
        (STAGED + "capture issued.|", "duration"),
        (STAGED + "capture issued.nr_|", "nr_sector"),
        (STAGED + "aggregate hist(issued.dur|", "duration"),
        (STAGED + "where issued.task.par|", "parent"),
        (
            "span from syscall:openat via half: tracepoint:sched_sw|",
            "tracepoint:sched:sched_switch",
        ),
        ("span from syscall:openat via half: syscall:read key f|", "fd"),
        ("span from syscall:openat vi|", "via"),
        # What only one place takes.
        ("syscall:openat capture flags(args.flags, op|", "open"),
        ("kprobe:tcp_connect capture cast(sk, struct tcp_so|", "tcp_sock"),
        ("syscall:openat where retval == ENOEN|", "ENOENT"),
        ("kprobe:tcp_set_state where state == TCP_ESTA|", "TCP_ESTABLISHED"),
        ("param min: dur|", "duration"),
        ("syscall:openat limit 5/|", "s"),
    ],
)
def test_the_best_comes_first(machine: Machine, text: str, first: str) -> None:
    assert _words(text, machine)[0] == first


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("probe foo bar; probe syscall:openat capture comm, filen|", "filename"),
        ("syscall:openat where ) ( capture filen|", "filename"),
        ("syscall:openat where uid == capture filen|", "filename"),
        ("syscall:openat sample 5 in 2 capture filen|", "filename"),
        ("syscall:openat where uid == 0 where |", "filename"),
    ],
)
def test_an_earlier_mistake_does_not_matter(machine: Machine, text: str, wanted: str) -> None:
    assert wanted in _words(text, machine)


@pytest.mark.parametrize(
    ("text", "unwanted"),
    [
        ("syscall:openat where uid == 0 |", "where"),
        ("syscall:openat |", "every"),
        ("syscall:openat capture comm |", "aggregate"),
        ("syscall:openat |", "syscall:"),
        ("syscall:openat where |", "count("),
        ("syscall:read, syscall:openat capture |", "filename"),
    ],
)
def test_what_does_not_fit_is_not_offered(machine: Machine, text: str, unwanted: str) -> None:
    assert unwanted not in _words(text, machine)


@pytest.mark.parametrize(
    "text",
    ['syscall:openat where comm == "sh|', "# about sys|", "syscall:openat capture comm as |"],
)
def test_texts_comments_and_new_names_are_left_alone(machine: Machine, text: str) -> None:
    assert not _at(text, machine)


def test_a_candidate_says_what_it_is(machine: Machine) -> None:
    def detail(text: str) -> str:
        return _at(text, machine)[0].detail

    assert detail("syscall:openat capture filen|") == "char *"
    assert detail("syscall:opena|") == "(dfd, filename, flags, mode)"
    assert detail("syscall:openat capture task.mm.exe_f|") == "struct file *"
    assert detail("syscall:openat capture cpu|") == "u32 · the processor the event fired on"


def test_a_shell_gets_targets_part_by_part(machine: Machine) -> None:
    def steps(text: str) -> list[str]:
        return [candidate.text for candidate in _at(text, machine, by_steps=True)]

    assert "tracepoint:sched:" in steps("tracepoint:s|")
    assert all(word.count(":") == 2 for word in steps("tracepoint:s|"))
    assert "tracepoint:sched:sched_switch" in steps("tracepoint:sched:|")
    assert steps("syscall:openat2|") == ["syscall:openat2"]


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("syscall:op|enat", "entry of a system call, with its own arguments (dfd, filename, flags"),
        ("syscall:openat wh|ere uid == 0", "where EXPR: keep only events"),
        ("syscall:openat where ui|d == 0", "uid: u32 · the real user"),
        ("syscall:openat capture task.m|m.exe_file", "task.mm: struct mm_struct *"),
        ("syscall:openat capture task.mm.exe_file|", "task.mm.exe_file: struct file *"),
        ("syscall:openat where x == ENO|ENT", "ENOENT = 2"),
        ("syscall:openat capture he|x(mode)", "hex(…): "),
        (STAGED + "capture issued.du|ration", "issued.duration: duration"),
        (STAGED + "capture issued.co|mm", "issued.comm: text"),
        (STAGED + "capture iss|ued.comm", "issued.: what the stage `issued` has"),
        ("syscall:openat aggregate hi|st(mode)", "hist(X): a histogram"),
        ('syscall:openat where filename == "wh|ere"', ""),
        ("syscall:openat capture no|thing", ""),
        ("syscall:openat capture comm\n|", ""),
        ("syscall:openat\n|", ""),
    ],
)
def test_a_word_has_a_meaning(machine: Machine, text: str, meaning: str) -> None:
    found = describe_place(text.replace("|", ""), text.index("|"), machine)
    assert found.startswith(meaning)
    assert bool(found) == bool(meaning)
