"""Stacks in the outputs: as lines, objects, folded, and in a flame graph."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from io import StringIO
from typing import Any

import pytest

from tests.unit.sinks.known_stacks import KSTACK, STACKS, USTACK, KnownStacks, rows
from tests.unit.sinks.outputs import Shape, make_sink, output_of
from tests.unit.sinks.test_summary import COUNT, HIST, KEY, PID, summed
from tracelang.decoders.frames import Frames
from tracelang.diagnostics import DiagnosticError
from tracelang.plan.c_types import S64, U64
from tracelang.plan.ir import RuleOutput
from tracelang.sinks.flame_tree import grow_tree, total_functions
from tracelang.sinks.folding import Level, Part
from tracelang.sinks.protocol import SinkOptions, feed

Rows = list[tuple[object, ...]]
DURATION: Shape = ("spent", "duration", S64)
COMM = b"cat\0"


def shown(kind: str, output: RuleOutput, *batches: Rows, **more: Any) -> str:
    stream = StringIO(newline="")
    sink = make_sink(kind, output, stream=stream, stacks=STACKS, **more)
    sink.begin()
    for batch in batches:
        feed(sink, batch)
    sink.end()
    return stream.getvalue()


# --- Lines and objects ----------------------------------------------------------------------------


def test_one_stack_stands_below_its_line() -> None:
    assert shown("table", output_of(KEY, USTACK), rows((COMM, 1), (COMM, 2))) == (
        "COMM\ncat\n    read\n    work\n    main\n\ncat\n    [prog]+0x1234\n    main\n\n"
    )


def test_two_stacks_are_told_apart_by_their_names_and_an_empty_one_is_not_shown() -> None:
    text = shown("table", summed((KSTACK, KEY, USTACK), (COUNT,)), rows((3, COMM, 1, 7)))
    assert text == (
        "COMM                    N\ncat                     7\n"
        "  kstack\n    ext4_read\n    vfs_read\n    do_syscall_64\n"
        "  ustack\n    read\n    work\n    main\n\n"
    )
    text = shown("table", summed((KSTACK, USTACK), (COUNT,)), rows((3, 0, 7)))
    assert "kstack" in text
    assert "ustack" not in text


def test_stacks_alone_need_no_header() -> None:
    assert shown("table", output_of(KSTACK), rows((3,))).startswith("    ext4_read\n")


def test_a_histogram_stands_below_its_stack() -> None:
    text = shown("table", summed((USTACK,), (HIST,)), rows((1, ((1, 2, 3),))))
    assert text.startswith("h\n    read\n    work\n    main\n[1]  3 |")


def test_a_format_shows_a_stack_as_lines() -> None:
    output = output_of(KEY, USTACK, format_="%s:%s")
    assert shown("text", output, rows((COMM, 1))) == "cat:\n    read\n    work\n    main\n"


def test_json_has_a_list_of_calls_and_leaves_out_what_is_not_known() -> None:
    output = output_of(USTACK)
    found = [
        json.loads(line) for line in shown("json", output, rows((1,), (2,), (4,))).split("\n")[:3]
    ]
    assert found[0]["ustack"][0] == {"name": "read", "module": "libc.so.6", "offset": 7}
    assert found[1]["ustack"][0] == {"module": "prog", "offset": 0x1234}
    assert found[2]["ustack"] == [{"offset": 0x7F00}]


def test_csv_has_folded_stacks() -> None:
    assert shown("csv", output_of(USTACK, KSTACK), rows((1, 3))) == (
        "ustack,kstack\r\nmain;work;read,do_syscall_64;vfs_read;ext4_read\r\n"
    )


def test_names_of_single_addresses() -> None:
    output = output_of(("at", "ksym", U64), ("call", "usym", U64))
    assert "some_function" in shown("table", output, rows((4096, 1)))
    (event,) = map(json.loads, shown("json", output, rows((4096, 1))).splitlines())
    assert (event["at"], event["at_text"], event["call"]) == (4096, "some_function", "read")


def replace_columns(output: RuleOutput, columns: Any) -> RuleOutput:
    assert output.aggregate is not None
    return replace(output, aggregate=replace(output.aggregate, columns=columns))


# --- Folded ---------------------------------------------------------------------------------------


def test_folded_stacks_begin_with_the_keys_and_end_with_the_kernel() -> None:
    output = summed((KSTACK, KEY, PID, USTACK), (COUNT,))
    assert shown("folded", output, rows((3, COMM, 42, 1, 7), (0, COMM, 42, 2, 1))) == (
        "cat;42;main;[prog]+0x1234 1\ncat;42;main;work;read;do_syscall_64;vfs_read;ext4_read 7\n"
    )


def test_events_weigh_one_each_and_only_their_words_are_levels() -> None:
    batch = rows((COMM, 42, 1), (COMM, 43, 1), (COMM, 44, 2))
    assert shown("folded", output_of(KEY, PID, USTACK), batch) == (
        "cat;main;[prog]+0x1234 1\ncat;main;work;read 2\n"
    )


@pytest.mark.parametrize("kind", ["folded", "flamegraph"])
def test_a_stack_is_named_once_however_often_it_comes(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    named = type(STACKS).frames

    def frames(self: KnownStacks, number: int) -> Frames:
        asked.append(number)
        return named(self, number)

    monkeypatch.setattr(type(STACKS), "frames", frames)
    shown(kind, output_of(USTACK), *[rows((1,), (2,), (1,))] * 50)
    assert sorted(asked) == [1, 2]


def test_a_level_has_no_separators_in_it() -> None:
    assert shown("folded", output_of(USTACK), rows((5,))) == "operator<:>(a b) 1\n"


@pytest.mark.parametrize(("reset", "weight"), [(True, 5), (False, 3)])
def test_periods_are_added_up_and_totals_replace_each_other(reset: bool, weight: int) -> None:
    output = summed((USTACK,), (COUNT,), every=10**9, reset=reset)
    assert shown("folded", output, rows((1, 2)), rows((1, 3))) == f"main;work;read {weight}\n"


@pytest.mark.parametrize("kind", ["folded", "flamegraph"])
def test_what_has_no_stack_or_no_weight_is_refused(kind: str) -> None:
    columns = (("h", "hist", (), False),)
    for output, code in (
        (output_of(KEY), "U303"),
        (summed((KEY,), (COUNT,)), "U303"),
        (replace_columns(summed((USTACK,), (HIST,)), columns), "U304"),
    ):
        with pytest.raises(DiagnosticError) as caught:
            make_sink(kind, output, stream=StringIO(), stacks=STACKS)
        (diagnostic,) = caught.value.diagnostics
        assert (diagnostic.code, diagnostic.status) == (code, 2)


# --- The flame graph ------------------------------------------------------------------------------


def level(name: str, part: Part = Part.USER) -> Level:
    return Level(name, "prog", part)


def test_the_tree_adds_up_what_calls_have_in_common() -> None:
    main, a, b = level("main"), level("a"), level("b")
    root = grow_tree({(main, a): 3, (main, b): 4, (main,): 1})
    assert (root.weight, root.own, root.depth) == (8, 0, 3)
    (top,) = root.children.values()
    assert (top.weight, top.own) == (8, 1)
    assert {n.level.name: (n.weight, n.own) for n in top.children.values()} == {
        "a": (3, 3),
        "b": (4, 4),
    }


def test_a_recursive_function_counts_once() -> None:
    comm, fib = level("python", Part.KEY), level("fib")
    totals = total_functions({(comm, fib, fib, fib): 5, (comm, fib): 2})
    assert [(t.level.name, t.own, t.weight) for t in totals] == [("fib", 7, 7)]


def page_of(*values: tuple[object, ...], unit: Shape = COUNT) -> str:
    return shown("flamegraph", summed((KEY, USTACK, KSTACK), (unit,)), rows(*values))


def data_of(page: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.S)
    assert found is not None
    data: dict[str, Any] = json.loads(found[1])
    return data


def test_a_page_needs_nothing_else() -> None:
    page = page_of((COMM, 1, 3, 7))
    assert not re.search(r"(src|href)=|url\(|https?:", page)
    assert "default-src 'none'" in page
    assert "<title>syscall:openat and 1 more</title>" in page


def test_nothing_in_a_page_is_taken_for_code() -> None:
    page = page_of((b"<script>alert(1)", 5, 0, 7))
    assert "<script>alert" not in page
    assert "</script><b>" not in page
    assert page.count("<script") == page.count("</script>") == 2
    assert "syscall:openat &lt;b&gt; &amp; more" in page
    assert "<script>alert(1)" in data_of(page)["texts"]


def test_a_page_has_every_call_once_with_its_weight() -> None:
    data = data_of(page_of((COMM, 1, 3, 7), (COMM, 2, 0, 2)))
    texts, parts = data["texts"], data["parts"]

    def flat(node: list[Any], visit: Callable[[list[Any]], None]) -> None:
        visit(node)
        for child in node[5]:
            flat(child, visit)

    found = {}
    flat(data["root"], lambda n: found.update({texts[n[0]]: (texts[n[1]], parts[n[2]], n[3])}))
    assert found == {
        "all": ("", "key", 9),
        "cat": ("", "key", 9),
        "main": ("prog", "user", 9),
        "work": ("prog", "user", 7),
        "read": ("libc.so.6", "user", 7),
        "do_syscall_64": ("kernel", "kernel", 7),
        "vfs_read": ("kernel", "kernel", 7),
        "ext4_read": ("ext4", "module", 7),
        "[prog]+0x1234": ("prog", "unknown", 2),
    }


def test_a_page_of_durations_says_so() -> None:
    assert data_of(page_of((COMM, 1, 0, 1_500), unit=DURATION))["unit"] == "duration"


def test_a_page_without_events_is_a_page() -> None:
    assert data_of(page_of())["root"][3] == 0


def test_a_terminal_gets_no_page() -> None:
    with pytest.raises(DiagnosticError) as caught:
        make_sink(
            "flamegraph",
            output_of(USTACK),
            stream=StringIO(),
            options=SinkOptions(terminal=True),
            stacks=STACKS,
        )
    assert caught.value.diagnostics[0].code == "U305"
