"""Text that is hostile, enormous or empty."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tracelang.diagnostics import Diagnostic, DiagnosticError
from tracelang.source import SourceFile
from tracelang.syntax.ast import ProbeRule, Where
from tracelang.syntax.format import format_script
from tracelang.syntax.parse import MAX_SCRIPT, parse_expression, parse_script
from tracelang.syntax.reading import MAX_BRACKETS, MAX_DEPTH


def refuse(script: str) -> Diagnostic:
    with pytest.raises(DiagnosticError) as caught:
        parse_script(SourceFile("limits.trace", script))
    return caught.value.diagnostics[0]


@pytest.mark.parametrize("script", ["", "  \n\t ", "# only a comment\n", ";;", "\ufeff"])
def test_a_script_without_items_traces_nothing(script: str) -> None:
    diagnostic = refuse(script)
    assert diagnostic.code == "T103"
    assert "syscall:openat" in diagnostic.help[0]


@pytest.mark.parametrize("char", ["\0", "\x01", "\x1b", "\x7f", "\x1c", "\udc80"])
def test_control_characters_are_refused_where_they_stand(char: str) -> None:
    diagnostic = refuse(f'syscall:read\nprint "a{char}b"')
    assert diagnostic.code == "T101"
    assert diagnostic.primary is not None
    assert (diagnostic.primary.span.line, diagnostic.primary.span.column) == (2, 9)


def test_a_script_may_be_as_long_as_the_limit_and_no_longer() -> None:
    script = "syscall:read #".ljust(MAX_SCRIPT, "x")
    parse_script(SourceFile("long", script))
    assert refuse(script + "x").code == "T102"
    assert refuse("syscall:read #" + "é" * (MAX_SCRIPT // 2)).code == "T102"


def test_brackets_nest_to_the_limit_and_no_further() -> None:
    def nested(count: int) -> str:
        return f"kprobe:f where {'(' * count}a{')' * count}"

    parse_script(SourceFile("nested", nested(MAX_BRACKETS)))
    diagnostic = refuse(nested(MAX_BRACKETS + 1))
    assert diagnostic.code == "T104"
    assert diagnostic.primary is not None
    assert diagnostic.primary.span.column == 16 + MAX_BRACKETS


def test_brackets_one_behind_another_do_not_nest() -> None:
    parse_expression(" + ".join(["(a)"] * (MAX_DEPTH - 1)), "flat")


@pytest.mark.parametrize(
    "script",
    [
        "kprobe:f where " + "a+" * 10_000 + "a",
        "kprobe:f where " + "not " * 10_000 + "a",
        "kprobe:f where " + "-" * 10_000 + "a",
        "kprobe:f where " + "a if b else " * 10_000 + "c",
        "kprobe:f where a" + ".b" * 10_000,
        "kprobe:f where a" + "[1]" * 10_000,
        "kprobe:f where " + "a and " * 10_000 + "b",
    ],
)
def test_long_chains_are_refused_without_recursion(script: str) -> None:
    assert refuse(script).code == "T104"


@pytest.mark.parametrize("script", ["(" * 100_000, "[" * 100_000, "a(" * 100_000])
def test_a_hundred_thousand_brackets_are_refused(script: str) -> None:
    assert refuse("kprobe:f where b == " + script).code in ("T104", "T108")


def test_the_deepest_tree_can_be_formatted_and_compared() -> None:
    script = "kprobe:f where " + "not " * (MAX_DEPTH - 1) + "a\n"
    tree = parse_script(SourceFile("deep", script))
    again = parse_script(SourceFile("deep", format_script(tree)))
    assert again == tree
    assert refuse(script.replace("not a", "not not a")).code == "T104"


def test_long_lists_are_no_problem() -> None:
    count = 20_000
    script = "kprobe:f capture " + ", ".join(["a"] * count)
    tree = parse_script(SourceFile("wide", script))
    assert format_script(tree).count("a,") == count - 1


def test_thousands_of_digits_are_one_number_too_large() -> None:
    assert refuse("kprobe:f where a == " + "9" * 10_000).code == "T113"
    assert refuse("kprobe:f where a == 0x" + "f" * 10_000).code == "T113"
    assert refuse("kprobe:f where a == " + "9" * 10_000 + "ms").code == "T113"
    assert refuse("kprobe:f+" + "9" * 10_000).code == "T113"


def test_windows_line_ends_and_a_byte_order_mark_are_white_space() -> None:
    text = "\ufeff# what\r\n# it is\r\nprobe syscall:read\r\n  where a # b\r\n"
    script = parse_script(SourceFile("dos", text))
    assert script.description == "what\nit is"
    assert [comment.text for comment in script.comments] == ["# what", "# it is", "# b"]
    assert isinstance(script.items[0], ProbeRule)
    assert isinstance(script.items[0].clauses[0], Where)


def test_threads_do_not_mix_up_their_scripts() -> None:
    def read(number: int) -> list[str]:
        text = f"# {number}\nkprobe:f{number} # {number}"
        return [comment.text for comment in parse_script(SourceFile("thread", text)).comments]

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(read, range(200)))
    assert results == [[f"# {number}"] * 2 for number in range(200)]
