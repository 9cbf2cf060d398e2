"""Refused attachments: each names its place, what is missing, and a remedy."""

import errno

import pytest

from tracelang.diagnostics import Severity
from tracelang.mechanism import Mechanism, PerfEvent
from tracelang.plan.ir import Attachment
from tracelang.runtime.attach_errors import (
    describe,
    explain_attach,
    explain_lookup,
    is_of_place,
    warn_of_refused,
)
from tracelang.runtime.libbcc import BpfError


def attachment(mechanism: Mechanism, place: str, offset: int = 0) -> Attachment:
    return Attachment("rule_1", mechanism, place, 0, offset)


@pytest.mark.parametrize(
    ("mechanism", "number", "word"),
    [
        (Mechanism.KPROBE, errno.ENOENT, "no such function"),
        (Mechanism.KRETPROBE, errno.EINVAL, "does not allow probes"),
        (Mechanism.KPROBE, errno.EADDRNOTAVAIL, "several functions"),
        (Mechanism.UPROBE, errno.ENOENT, "no such file"),
        (Mechanism.URETPROBE, errno.EINVAL, "no code at that place"),
        (Mechanism.RAW_TRACEPOINT, errno.ENOENT, "no such raw tracepoint"),
        (Mechanism.TRACEPOINT, errno.E2BIG, "64 programs"),
        (Mechanism.FENTRY, errno.E2BIG, "too many programs"),
        (Mechanism.UPROBE, errno.EMFILE, "open files"),
        (Mechanism.UPROBE, 524, "cannot probe the instruction"),
        (Mechanism.TRACEPOINT, errno.EIO, "the kernel says: input/output error"),
    ],
)
def test_each_refusal_names_the_place_the_reason_and_a_remedy(
    mechanism: Mechanism, number: int, word: str
) -> None:
    error = explain_attach(attachment(mechanism, "some_place"), BpfError(number, ""), None)
    (diagnostic,) = error.diagnostics
    assert (diagnostic.code, error.status) == ("T322", 3)
    assert "some_place" in diagnostic.message
    assert word in diagnostic.notes[0]
    assert diagnostic.help[0]


@pytest.mark.parametrize(
    ("number", "of_place"),
    [
        (errno.EINVAL, True),
        (errno.EADDRNOTAVAIL, True),
        (errno.EMFILE, False),
        (errno.EPERM, False),
    ],
)
def test_a_wildcard_can_do_without_what_is_refused_for_what_it_is(
    number: int, of_place: bool
) -> None:
    refused = BpfError(number, "")
    error = explain_attach(attachment(Mechanism.KPROBE, "f"), refused, None)
    error.__cause__ = refused
    assert is_of_place(error) == of_place


def test_a_warning_names_some_of_the_refused_and_all_reasons() -> None:
    refused = {
        attachment(Mechanism.KPROBE, name): explain_attach(
            attachment(Mechanism.KPROBE, name), BpfError(number, ""), None
        )
        for name, number in zip("abcde", (22, 22, 99, 22, 99), strict=True)
    }
    warning = warn_of_refused(refused, None)
    assert (warning.code, warning.severity) == ("T325", Severity.WARNING)
    assert warning.message.endswith("`kprobe a`, `kprobe b`, `kprobe c` and 2 more")
    assert [note.split(" ")[0] for note in warning.notes] == ["the", "several"]


def test_a_refusal_for_rights_is_told_as_such() -> None:
    error = explain_attach(attachment(Mechanism.KPROBE, "f"), BpfError(errno.EACCES, ""), None)
    (diagnostic,) = error.diagnostics
    assert diagnostic.code == "T321"
    assert "attach to kprobe f" in diagnostic.message


def test_a_kernel_without_kprobes_is_told_as_such() -> None:
    missing = FileNotFoundError(errno.ENOENT, "", "/sys/bus/event_source/devices/kprobe/type")
    (diagnostic,) = explain_lookup(attachment(Mechanism.KPROBE, "f"), missing, None).diagnostics
    assert diagnostic.code == "T323"
    assert "without kprobes" in diagnostic.notes[0]


def test_a_lookup_without_room_for_files_is_no_missing_place() -> None:
    full = OSError(errno.EMFILE, "", "/sys/kernel/tracing/events/a/b/id")
    (diagnostic,) = explain_lookup(attachment(Mechanism.TRACEPOINT, "a:b"), full, None).diagnostics
    assert "open files" in diagnostic.notes[0]


@pytest.mark.parametrize(
    ("shown", "given"),
    [
        ("kprobe tcp_connect+0x4", attachment(Mechanism.KPROBE, "tcp_connect", 4)),
        ("raw tracepoint sys_enter", attachment(Mechanism.RAW_TRACEPOINT, "sys_enter")),
        (
            "perf event 1:0",
            Attachment("p", Mechanism.PERF_EVENT, "", 0, perf=PerfEvent(1, 0, period=5)),
        ),
    ],
)
def test_places_are_described_as_users_know_them(shown: str, given: Attachment) -> None:
    assert describe(given) == shown
