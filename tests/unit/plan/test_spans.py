"""Spans and watched calls in the Plan: what is kept, and in which order it is attached."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.cases.compiling import Conditions, compile_case
from tracelang.diagnostics import DiagnosticError
from tracelang.plan.code.statements import Declare, Guard, If, Line, Select, Statement
from tracelang.plan.ir import Plan, Program


def plan_of(text: str, kernel: str = "linux-6.18", prefer: str = "") -> Plan:
    return compile_case(text, Conditions(kernel, prefer=prefer)).plan


def names(program: Program) -> list[str]:
    """Return the names of all statements of a program."""

    def walk(statements: tuple[Statement, ...]) -> Iterator[str]:
        for statement in statements:
            yield type(statement).__name__
            if isinstance(statement, If):
                yield from walk(statement.then)
                yield from walk(statement.otherwise)

    return list(walk((*program.body, *program.finish)))


def test_ends_come_before_starts() -> None:
    """So one event ends a span before it starts the next."""
    plan = plan_of(
        "span from syscall:openat via a: syscall:read to syscall:close cancel syscall:dup"
    )
    assert [p.name for p in plan.programs] == [
        "rule_1_end_1",
        "rule_1_cancel_1",
        "rule_1_via_1",
        "rule_1_start_1",
    ]
    assert [a.program for a in plan.attachments] == [p.name for p in plan.programs]


def test_a_start_keeps_its_time_its_target_and_what_is_asked_of_it() -> None:
    (span,) = plan_of("span syscall:openat capture dfd, filename, retval").spans
    assert [(f.name, f.type.name) for f in span.start.fields] == [
        ("ts", "u64"),
        ("target", "u32"),
        ("value_0", "s32"),
        ("value_1", "char"),
    ]
    assert not span.deep


def test_a_function_s_exit_leaves_only_the_time() -> None:
    plan = plan_of(
        "span kprobe:vfs_read where count > 1 capture count, retval", "debian-6.1", "fentry"
    )
    assert [f.name for f in plan.spans[0].start.fields] == ["ts", "target"]


def test_stages_have_their_place_behind_the_start() -> None:
    (span,) = plan_of(
        "span from syscall:openat key dfd via a: syscall:read key fd via b: syscall:write key fd "
        "to syscall:close key fd capture filename, a.count, b.comm"
    ).spans
    assert [f.name for f in span.start.fields] == [
        "ts",
        "target",
        "value_0",
        "via_1_ts",
        "via_1_value_0",
        "via_2_ts",
        "via_2_value_0",
    ]
    assert (span.keys, span.deep) == (1, False)


def test_a_start_empties_its_stages_and_a_stage_those_after_it() -> None:
    plan = plan_of(
        "span from syscall:openat via a: syscall:read via b: syscall:write to syscall:close "
        "capture a.comm, b.comm"
    )
    cleared = {p.name: names(p).count("ClearStart") for p in plan.programs}
    assert cleared == {"rule_1_end_1": 0, "rule_1_via_1": 1, "rule_1_via_2": 0, "rule_1_start_1": 2}
    end = plan.programs[0]
    assert "CountSkipped" in names(end)


def test_only_ends_that_are_kept_count_as_without_a_stage() -> None:
    end = plan_of(
        "span from syscall:openat via a: syscall:read to syscall:close where duration > 5"
    ).programs[0]
    found = names(end)
    assert found.index("CountSkipped") > len(found) - found[::-1].index("Guard") - 1


def test_too_much_to_remember_is_refused() -> None:
    with pytest.raises(DiagnosticError) as caught:
        assert plan_of(
            "span from syscall:openat via a: syscall:openat to syscall:close "
            "capture str(filename, 4000), str(a.filename, 4000), str(end.comm), "
            "buf(args.filename, 400)"
        )
    assert [d.code for d in caught.value.diagnostics] == ["T264"]


# --- Inside ---------------------------------------------------------------------------------------


def test_entries_are_watched_before_the_rules_and_returns_after() -> None:
    plan = plan_of("syscall:read where inside(syscall:read) capture fd")
    assert [a.program for a in plan.attachments] == [
        "inside_exit",
        "inside_1_enter_1",
        "rule_1",
        "inside_1_leave_1",
    ]
    assert plan.watches


def test_a_question_an_option_turned_off_costs_nothing() -> None:
    text = "param deep = false syscall:read where deep and inside(syscall:write) or fd == 1"
    plan = plan_of(text)
    assert [p.name for p in plan.programs] == ["rule_1"]
    assert not plan.watches


def test_calls_of_one_shape_share_a_program() -> None:
    plan = plan_of("syscall:read where inside(kprobe:vfs_*)", "debian-6.1")
    watching = [p.name for p in plan.programs if p.name.startswith("inside")]
    assert watching == ["inside_1_enter_1", "inside_1_leave_1", "inside_exit"]
    places = {a.place for a in plan.attachments if a.program == "inside_1_enter_1"}
    assert {"vfs_read", "vfs_write"} <= places


def test_all_calls_are_selected_by_number() -> None:
    plan = plan_of("tracepoint:sched:sched_switch where inside(syscall:*)")
    assert {s.name for s in plan.selections} == {
        "inside_1_enter_1_targets",
        "inside_1_leave_1_targets",
    }


def test_calls_of_functions_are_told_apart_by_their_depth() -> None:
    (span,) = plan_of("span kprobe:vfs_read capture duration", "debian-6.1").spans
    assert span.deep


def test_what_a_condition_says_of_the_thread_is_judged_before_a_span_begins() -> None:
    plan = plan_of("span syscall:openat where pid == 7 and flags > 5 and tid != 8 capture duration")
    for program in plan.programs:
        first = [type(s).__name__ for s in program.body if not isinstance(s, Line | Declare)][:3]
        assert first == ["Guard", "Guard", "SpanKey"], program.name
    (end,) = (p for p in plan.programs if p.finish)
    assert sum(isinstance(s, Guard) for s in end.finish) == 1  # what the start remembers of `flags`


def test_what_a_condition_says_of_the_thread_in_an_or_is_judged_at_the_end() -> None:
    plan = plan_of("span syscall:openat where pid == 7 or retval < 0 capture duration")
    assert not any(isinstance(s, Guard) for p in plan.programs for s in p.body)


def test_the_thread_is_judged_before_a_number_that_has_to_be_read() -> None:
    (program,) = plan_of("sysret:* where uid != 5 and pid == 7 aggregate count()").programs
    kinds = [type(s) for s in program.body]
    assert kinds.index(Guard) < kinds.index(Select)


def test_a_number_in_the_context_is_looked_up_before_the_thread_is_judged() -> None:
    """Most of what the program sees is none of its targets, and asking who runs takes a helper."""
    (program,) = plan_of("syscall:* where uid != 5 and pid == 7 aggregate count()").programs
    kinds = [type(s) for s in program.body]
    assert kinds.index(Select) < kinds.index(Guard)
