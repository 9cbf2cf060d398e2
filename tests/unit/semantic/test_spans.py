"""What a span's sides must remember, and what its end can see for itself."""

from __future__ import annotations

import pytest

from tests.cases.compiling import Conditions, compile_case
from tracelang.semantic.expressions import ArgumentValue, Arithmetic, Choice, Stored
from tracelang.semantic.model import RuleModel, SpanModel
from tracelang.semantic.sides import TIME

GUEST = "debian-6.1"


def bind(text: str, kernel: str = "linux-6.18", prefer: str = "") -> tuple[RuleModel, SpanModel]:
    (rule,) = compile_case(text, Conditions(kernel, prefer=prefer)).model.rules
    assert rule.pairing is not None
    return rule, rule.pairing


def test_only_what_the_rule_asks_for_is_remembered() -> None:
    _, span = bind("span syscall:openat where dfd > 0 and retval < 0 capture filename, duration")
    (start,) = span.starts
    assert [str(value.type) for value in start.stored] == ["bool", "text"]


def test_a_value_asked_for_twice_is_remembered_once() -> None:
    _, span = bind("span syscall:openat where dfd + retval > 1 capture dfd, start.dfd, hex(dfd)")
    assert len(span.starts[0].stored) == 1


def test_on_one_thread_its_numbers_need_no_room() -> None:
    _, span = bind("span syscall:openat capture pid, tid, duration, start.ts")
    assert span.starts[0].stored == ()


def test_between_threads_they_do() -> None:
    _, span = bind("span from syscall:openat key dfd to syscall:close key fd capture pid, end.pid")
    assert len(span.starts[0].stored) == 1


@pytest.mark.parametrize("kind", ["kprobe", "fentry"])
def test_an_exit_that_sees_the_arguments_needs_no_memory_of_them(kind: str) -> None:
    rule, span = bind(
        f"span {kind}:vfs_read where count > 3 capture count * 2, retval, file, duration",
        GUEST,
        "fentry",
    )
    assert span.starts[0].stored == ()
    (end,) = rule.bound
    assert isinstance(end.captures[0].value, Arithmetic)
    assert isinstance(end.captures[2].value, ArgumentValue)


def test_what_an_argument_points_to_is_read_at_the_start() -> None:
    """It may have changed by the time of the return."""
    _, span = bind(
        "span fentry:vfs_read capture file.f_pos, path(file), count, buf(args.buf, 4)", GUEST
    )
    assert len(span.starts[0].stored) == 3


def test_a_kretprobe_sees_no_arguments() -> None:
    _, span = bind("span kprobe:vfs_read capture count", GUEST, "kprobe")
    assert len(span.starts[0].stored) == 1


def test_the_end_of_two_functions_is_no_exit_of_the_other() -> None:
    _, span = bind(
        "span from fentry:vfs_read to fexit:vfs_write capture start.count, end.count", GUEST
    )
    assert len(span.starts[0].stored) == 1


# --- Stages ---------------------------------------------------------------------------------------

STAGED = "span from syscall:openat via half: syscall:read via late: syscall:write to syscall:close"


def test_each_stage_remembers_what_is_read_of_it() -> None:
    _, span = bind(f"{STAGED} capture filename, half.count, half.pid, late.count + half.count")
    assert [(leg.label, leg.stage, len(leg.stored)) for leg in span.legs] == [
        ("half", 1, 1),
        ("late", 2, 1),
    ]
    assert len(span.starts[0].stored) == 1
    assert span.stages == 2


def test_times_of_stages_are_remembered_anyway() -> None:
    rule, span = bind(f"{STAGED} capture half.duration, late.ts - half.ts, late.time, half.elapsed")
    assert all(leg.stored == () for leg in (*span.legs, *span.starts))
    duration, difference, time, elapsed = (c.value for c in rule.bound[0].captures)
    assert isinstance(duration, Choice)
    assert isinstance(difference, Arithmetic)
    assert (time, elapsed) == (
        Stored(time.type, TIME, stage=2, decoding=time.decoding),
        Stored(time.type, TIME, stage=1, decoding=elapsed.decoding),
    )


def test_several_events_of_a_stage_each_read_their_own() -> None:
    _, span = bind(
        "span from syscall:openat via half: syscall:read, syscall:getdents64 to syscall:close "
        "capture half.count, half.comm"
    )
    assert [(leg.targets, len(leg.stored)) for leg in span.legs] == [((1,), 2), ((2,), 2)]


def test_the_usual_fields_tell_when_each_stage_was_reached() -> None:
    rule, _ = bind(STAGED)
    assert [c.name for c in rule.bound[0].captures][-3:] == ["half", "late", "duration"]


def test_a_bare_name_is_never_a_stage_s() -> None:
    rule, span = bind(f"{STAGED} capture comm, half.comm")
    assert len(span.starts[0].stored) == 1
    assert [getattr(c.value, "stage", None) for c in rule.bound[0].captures] == [0, 1]


# --- Inside ---------------------------------------------------------------------------------------


def test_a_call_asked_about_twice_is_one() -> None:
    model = compile_case(
        "let r = inside(syscall:read) syscall:openat where r capture inside(syscall:read) as x"
    ).model
    (call,) = model.calls
    assert [place.probe for place in (*call.entries, *call.returns)] == [
        "syscall:read",
        "sysret:read",
    ]


def test_of_alternatives_the_first_there_is_counts() -> None:
    model = compile_case("syscall:openat where inside(kprobe:none or syscall:read)").model
    assert [place.probe for place in model.calls[0].entries] == ["syscall:read"]
