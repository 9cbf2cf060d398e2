"""`tracelang describe`: each sort of name, and what is said of an unknown one."""

from __future__ import annotations

import pytest

from tests.unit.cli.commands import WITH_KPROBES, WITHOUT_KPROBES, Commands
from tracelang.decoders import load_decoders
from tracelang.semantic import aggregates, prelude
from tracelang.semantic.names import BUILTINS
from tracelang.semantic.words import WORDS


@pytest.mark.parametrize("name", ["struct sock_common", "sock_common"])
def test_a_struct_is_shown_with_offsets(run: Commands, name: str) -> None:
    answer = run("describe", name, kernel=WITH_KPROBES)
    assert answer.status == 0
    assert answer.lines[0] == "struct sock_common { /* size: 136 */"
    daddr = next(line for line in answer.lines if "__be32 skc_daddr;" in line)
    assert daddr.split("/*")[1].split() == ["0", "4", "*/"]


def test_the_words_of_a_name_need_no_quotes(run: Commands) -> None:
    quoted = run("describe", "enum pid_type", kernel=WITH_KPROBES)
    assert run("describe", "enum", "pid_type", kernel=WITH_KPROBES) == quoted
    assert "    PIDTYPE_TGID = 1," in quoted.lines


@pytest.mark.parametrize(
    ("path", "lines"),
    [
        (
            "struct sock.__sk_common.skc_daddr",
            ["__be32", "in `struct sock_common`, offset 0, 4 bytes"],
        ),
        ("sock.__sk_common", ["struct sock_common", "in `struct sock`, offset 0, 136 bytes"]),
        (
            "task.nsproxy.net_ns.ns.inum",
            ["unsigned int", "in `struct ns_common`, offset 16, 4 bytes"],
        ),
        ("sock.sk_userlocks", ["u8", "in `struct sock`, offset 512, 4 bits from bit 4"]),
    ],
)
def test_a_dotted_path_is_followed(run: Commands, path: str, lines: list[str]) -> None:
    type_, place = run("describe", path, kernel=WITH_KPROBES).lines[:2]
    assert type_ == f"{path}: {lines[0]}"
    assert place.strip() == lines[1]


def test_a_member_that_is_a_struct_is_shown_too(run: Commands) -> None:
    answer = run("describe", "sock.__sk_common", kernel=WITH_KPROBES)
    assert "struct sock_common { /* size: 136 */" in answer.lines


def test_a_wrong_member_suggests_the_right_one(run: Commands) -> None:
    answer = run("describe", "struct sock.__sk_comon", kernel=WITH_KPROBES)
    assert (answer.status, answer.stdout) == (1, "")
    assert "error[T205]" in answer.stderr
    assert "did you mean `__sk_common`?" in answer.stderr


def test_what_has_no_members_is_said(run: Commands) -> None:
    answer = run("describe", "sock.sk_lock.owned.x", kernel=WITH_KPROBES)
    assert answer.status == 1
    assert "error[T206]: `sock.sk_lock.owned` has no members" in answer.stderr


def test_a_function_comes_with_the_ways_to_probe_it(run: Commands) -> None:
    lines = run("describe", "tcp_connect", kernel=WITH_KPROBES).lines
    assert lines[0] == "int tcp_connect(struct sock *sk);"
    assert "    kprobe:tcp_connect: sk: struct sock *" in lines
    assert "    fexit:tcp_connect: sk: struct sock *; retval: int" in lines


def test_a_function_that_cannot_be_probed_says_why_and_what_instead(run: Commands) -> None:
    text = run("describe", "tcp_connect", kernel=WITHOUT_KPROBES).stdout
    assert "cannot be probed here:" in text
    assert "no kprobes (CONFIG_KPROBE_EVENTS is not built in)" in text
    assert "`tracepoint:sock:inet_sock_set_state`" in text


@pytest.mark.parametrize(
    "name",
    ["sched:sched_switch", "tracepoint:sched:sched_switch", "t:sched:sched_switch", "sched_switch"],
)
def test_a_tracepoint_has_fields_with_symbolic_names(run: Commands, name: str) -> None:
    text = run("describe", name, kernel=WITHOUT_KPROBES).stdout
    assert "    prev_comm   char[16]\n" in text
    assert "1 S, 2 D, 4 T, 8 t, 0x10 X" in text


def test_a_system_call_has_its_number_and_arguments(run: Commands) -> None:
    lines = run("describe", "syscall:openat", kernel=WITH_KPROBES).lines
    assert lines[1] == "    number 257 on x86_64, kernel function __x64_sys_openat"
    assert [line.split()[0] for line in lines[3:]] == ["dfd", "filename", "flags", "mode"]
    both = run("describe", "openat", kernel=WITH_KPROBES).stdout
    assert "sysret:openat: return of a system call" in both


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("PIDTYPE_TGID", "PIDTYPE_TGID = 1, of the kernel's"),
        ("ENOENT", "ENOENT = 2, of the C library: No such file or directory"),
        ("SIGKILL", "SIGKILL = 9, of the C library: Killed"),
        ("O_CREAT", "O_CREAT = 64 (0x40), of the C library"),
    ],
)
def test_a_constant_has_its_value(run: Commands, name: str, first: str) -> None:
    assert run("describe", name, kernel=WITH_KPROBES).lines[0] == first


def test_every_word_of_the_language_is_described() -> None:
    decoders = {d.name for d in load_decoders() if d.example}
    missing = {*BUILTINS, *prelude.FUNCTIONS, *aggregates.FUNCTIONS} - set(WORDS) - decoders
    assert not missing


@pytest.mark.parametrize(
    "name", ["comm", "hex", "where", "container_of", "netns", "kprobe", "begin"]
)
def test_a_word_has_its_form_meaning_and_an_example(run: Commands, name: str) -> None:
    form, meaning, example, *_ = run("describe", name, kernel=WITH_KPROBES).lines
    assert form.startswith(name)
    assert meaning.strip()
    assert example.startswith("    e.g. ")


def test_an_unknown_name_suggests_a_near_one(run: Commands) -> None:
    answer = run("describe", "tsak_struct", kernel=WITH_KPROBES)
    assert (answer.status, answer.stdout) == (1, "")
    assert "error[T235]: nothing is called `tsak_struct` here" in answer.stderr
    assert "`task_struct`" in answer.stderr


@pytest.mark.parametrize(
    "name", ["sched:sched_swich", "syscall:opnat", "kprobe:", "nothing:at:all", ":"]
)
def test_an_unknown_target_is_the_users_mistake(run: Commands, name: str) -> None:
    answer = run("describe", name, kernel=WITH_KPROBES)
    assert (answer.status, answer.stdout) == (1, "")
    assert answer.stderr.startswith("error[T2")


@pytest.mark.parametrize("name", ["sock..x", "sock.", ".", "struct", "struct foo bar", "ñ", ""])
def test_what_is_no_name_is_unknown(run: Commands, name: str) -> None:
    answer = run("describe", name, kernel=WITH_KPROBES)
    assert (answer.status, answer.stdout) == (1, "")
    assert answer.stderr.startswith("error[T235]")


def test_a_wildcard_is_for_list(run: Commands) -> None:
    answer = run("describe", "t:sched:*", kernel=WITH_KPROBES)
    assert answer.status == 1
    assert "tracelang list -v 't:sched:*'" in answer.stderr
