"""The verifier's objections in the user's words. The logs are real, of Linux 6.18."""

import errno

import pytest

from tracelang.build.rights import Rights
from tracelang.mechanism import Mechanism
from tracelang.runtime.libbcc import BpfError
from tracelang.runtime.verifier import explain_refusal, last_lines
from tracelang.source import SourceFile, Span

RULE = Span(SourceFile("a.trace", "probe syscall:openat"), 0, 20)

TOO_LARGE = """\
BPF program is too large. Processed 1000001 insn
verification time 1461234 usec
stack depth 8
processed 1000001 insns (limit 1000000) max_states_per_insn 4 total_states 9804
"""
NULL_POINTER = """\
0: R1=ctx() R10=fp0
0: (85) call bpf_ktime_get_ns#5       ; R0=scalar()
1: (61) r0 = *(u32 *)(r0 +0)
R0 invalid mem access 'scalar'
processed 2 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0
"""
CONTEXT = """\
0: R1=ctx() R10=fp0
0: (79) r0 = *(u64 *)(r1 +16000)
invalid bpf_context access off=16000 size=8
processed 1 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0
"""
HELPER = """\
3: (b7) r4 = 8                        ; R4=8
4: (85) call bpf_skb_load_bytes#26
program of this type cannot use helper bpf_skb_load_bytes#26
processed 5 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0
"""
UNKNOWN = """\
10: (bf) r1 = r10                     ; R1=fp0 R10=fp0
12: (0f) r1 += r0
math between fp pointer and register with unbounded min value is not allowed
"""
NOT_IN_BTF = "libbpf: failed to find\nbpf: nosuchfn is not found in vmlinux BTF\n"


@pytest.mark.parametrize(
    ("number", "log", "code", "status", "note"),
    [
        (errno.E2BIG, TOO_LARGE, "T411", 1, "BPF program is too large. Processed 1000001 insn"),
        (errno.E2BIG, "", "T411", 1, None),
        (errno.EACCES, NULL_POINTER, "T902", 70, "R0 invalid mem access 'scalar'"),
        (errno.EACCES, CONTEXT, "T413", 1, "invalid bpf_context access off=16000 size=8"),
        (errno.EINVAL, HELPER, "T412", 1, "program of this type cannot use helper bpf_skb_load_by"),
        (errno.EACCES, UNKNOWN, "T902", 70, "math between fp pointer and register with unbounded"),
        (errno.EPERM, "", "T319", 3, None),
        (errno.EINVAL, "", "T902", 70, "it says: Invalid argument"),
    ],
)
def test_an_objection_and_what_it_means(
    number: int, log: str, code: str, status: int, note: str | None
) -> None:
    error = explain_refusal(BpfError(number, "", log), Mechanism.TRACEPOINT, "", RULE)
    (diagnostic,) = error.diagnostics
    assert (diagnostic.code, error.status) == (code, status)
    assert diagnostic.primary is not None
    assert diagnostic.primary.span is RULE
    assert diagnostic.help
    assert note is None or diagnostic.notes[-1].startswith(note)


def test_a_user_sees_one_line_of_the_log_and_a_report_has_four() -> None:
    user = explain_refusal(BpfError(errno.EACCES, "", CONTEXT), Mechanism.KPROBE, "", RULE)
    ours = explain_refusal(BpfError(errno.EACCES, "", NULL_POINTER), Mechanism.KPROBE, "", RULE)
    assert len(user.diagnostics[0].notes) == 1
    assert len(ours.diagnostics[0].notes) == 4


LOCKED = """\
5: (85) call bpf_probe_read_kernel#113
program of this type cannot use helper bpf_probe_read_kernel#113
"""


def test_lockdown_is_named_when_it_takes_a_helper_away() -> None:
    locked = Rights((), "confidentiality", seccomp=False, user_namespace=False)
    refused = BpfError(errno.EINVAL, "", LOCKED)
    error = explain_refusal(refused, Mechanism.TRACEPOINT, "", RULE, locked)
    (diagnostic,) = error.diagnostics
    assert (diagnostic.code, error.status) == ("T319", 3)
    assert diagnostic.message == "this process may not read kernel memory"
    assert "`confidentiality`" in diagnostic.notes[0]


def test_a_function_without_type_information_is_named() -> None:
    error = explain_refusal(BpfError(errno.EINVAL, NOT_IN_BTF), Mechanism.FENTRY, "nosuchfn", RULE)
    (diagnostic,) = error.diagnostics
    assert (diagnostic.code, error.status) == ("T320", 3)
    assert "`nosuchfn`" in diagnostic.message


def test_lines_are_cut_and_statistics_left_out() -> None:
    assert last_lines("x" * 500 + "\n\n" + TOO_LARGE.split("\n", 1)[1]) == ("x" * 160,)
