"""Every mistake file: its wrong scripts are refused as it says, its right ones accepted."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tracelang.diagnostics import Diagnostic, DiagnosticError
from tracelang.source import SourceFile
from tracelang.syntax import parse
from tracelang.syntax.mistake_files import Example, Mistake, read_mistake, read_mistakes
from tracelang.syntax.parse import parse_script

WRONG = [(m, e) for m in read_mistakes() for e in m.examples if e.line]
RIGHT = [(m, e) for m in read_mistakes() for e in m.examples if not e.line]


def refuse(script: str) -> Diagnostic:
    with pytest.raises(DiagnosticError) as caught:
        parse_script(SourceFile("wrong.trace", script))
    return caught.value.diagnostics[0]


def as_pattern(text: str) -> str:
    return ".*".join(map(re.escape, re.split(r"\{\w+\}", text)))


@pytest.mark.parametrize(
    ("mistake", "example"), WRONG, ids=lambda value: getattr(value, "name", "")
)
def test_the_wrong_script_gets_its_message(mistake: Mistake, example: Example) -> None:
    diagnostic = refuse(example.script)
    assert diagnostic.code == mistake.code
    assert diagnostic.primary is not None
    span = diagnostic.primary.span
    assert (span.line, span.column) == (example.line, example.column)
    assert re.fullmatch(as_pattern(mistake.message), diagnostic.message)
    for expected in mistake.help:
        assert any(re.fullmatch(as_pattern(expected), line) for line in diagnostic.help)


@pytest.mark.parametrize(
    ("mistake", "example"), RIGHT, ids=lambda value: getattr(value, "name", "")
)
def test_the_right_script_is_accepted(mistake: Mistake, example: Example) -> None:
    parse_script(SourceFile("right.trace", example.script))


@pytest.mark.parametrize("mistake", read_mistakes(), ids=lambda mistake: mistake.name)
def test_a_mistake_file_says_what_it_is_and_shows_it(mistake: Mistake) -> None:
    assert mistake.what
    assert any(example.line for example in mistake.examples)
    assert any(not example.line for example in mistake.examples)
    holes = set(re.findall(r"\{(\w+)\}", " ".join((mistake.message, *mistake.help))))
    assert holes <= {"place", *re.compile(mistake.at).groupindex}


def test_every_code_is_documented() -> None:
    documented = parse.__doc__ or ""
    for mistake in read_mistakes():
        assert mistake.code in documented or f"{mistake.code[:-1]}x" in documented


def test_help_holds_the_words_of_the_script() -> None:
    assert refuse("probe kprobe:f where comm == 'my \"bash'").help == ('write `"my "bash"`',)
    assert refuse("syscall:read where duration > 1.5 s").help == ("write `1.5s`",)
    assert refuse("probe kprobe:f /pid == 1/ { }").help == ("write `where pid == 1`",)
    assert refuse("probe kretprobe vfs_read").help == ("write `kretprobe:vfs_read`",)


@pytest.mark.parametrize(
    ("script", "code", "place", "message", "hint"),
    [
        ("probe syscall:openat capture )", "T106", (1, 30), "this `)` closes nothing", "remove it"),
        ("probe kprobe:f capture *", "T108", (1, 24), "`*` cannot stand here", "capture EXPR"),
        ("probe kprobe:f top", "T107", (1, 16), "nothing follows `top`", "top N [by NAME]"),
        ("probe kprobe:f capture a as", "T107", (1, 28), "a name must follow", "capture EXPR"),
        ("probe kprobe:f capture f(a", "T106", (1, 25), "this `(` is not closed", "add `)`"),
        ("probe kprobe:f capture a[1", "T106", (1, 25), "this `[` is not closed", "add `]`"),
        ('table t { 1: "a"', "T106", (1, 9), "this `{` is not closed", "add `}`"),
        ("let x = a kprobe:b where", "T107", (1, 20), "nothing follows `where`", "where EXPR"),
        ("let x = 5 where pid", "T151", (1, 11), "`where` belongs to a rule", "write the target"),
        ("probe kprobe:f capture a,, b", "T150", (1, 25), "nothing follows this comma", "remove"),
        ("probe kprobe:f capture f(,)", "T108", (1, 26), "`,` cannot stand here", "capture EXPR"),
        ("kprobe:f where and b", "T108", (1, 16), "nothing stands before `and`", "where EXPR"),
        ("kprobe:f or capture a", "T107", (1, 10), "nothing follows `or`", "write a target"),
        ("span form kprobe:a to kprobe:b", "T109", (1, 6), "no target or leg", "`from`"),
        ("probe kprobe:f capture pid limt 5/s", "T109", (1, 28), "`limt`", "`limit`"),
        ('syscall:read where comm contain "a"', "T109", (1, 25), "`contain`", "`contains`"),
        ("probe kprobe:a::b", "T117", (1, 7), "empty part", "quoted"),
        ("probe kprobe: capture pid", "T117", (1, 7), "not finished", "after the colon"),
        ('probe uprobe:a:"b"+x', "T117", (1, 19), "`+x` is not an offset", "+0x10"),
        ("probe kprobe:f+18446744073709551616", "T113", (1, 7), "64 bits", ""),
        ("syscall:read every 0s", "T121", (1, 20), "longer than 0", ""),
        ("syscall:read every 5KiB", "T114", (1, 20), "not a time", "every 10s"),
        ("syscall:read limit 5/m", "T114", (1, 14), "a rate", "limit 5/s"),
        ("syscall:read capture 99hz", "T114", (1, 22), "`hz` is not a unit", "profile:99hz"),
        ("syscall:read capture 5parsec", "T114", (1, 22), "`parsec`", "units are"),
        ("syscall:read capture 1.5ns", "T112", (1, 22), "whole number of nanoseconds", ""),
        ("syscall:read where a in 5", "T108", (1, 25), "wants a list", "in (5)"),
        (r'syscall:read print "a\xff"', "T116", (1, 22), "is a byte", r"\u00ff"),
        (r'syscall:read print "\ud800"', "T116", (1, 21), "not a Unicode character", ""),
        ("span to kprobe:a", "T119", (1, 1), "no `from`", "span from"),
        ('table t { 1.5: "a" }', "T120", (1, 11), "whole numbers", ""),
        ('table t { else: "a", else: "b" }', "T120", (1, 22), "two texts", "remove one"),
    ],
)  # fmt: skip
def test_other_mistakes(
    script: str, code: str, place: tuple[int, int], message: str, hint: str
) -> None:
    diagnostic = refuse(script)
    assert diagnostic.code == code
    assert diagnostic.primary is not None
    assert (diagnostic.primary.span.line, diagnostic.primary.span.column) == place
    assert message in diagnostic.message
    assert any(hint in line for line in diagnostic.help) or not hint


def test_a_clause_written_twice_points_at_both() -> None:
    diagnostic = refuse("kprobe:f capture a where b capture c")
    assert diagnostic.code == "T110"
    assert diagnostic.primary is not None
    assert (diagnostic.primary.span.column, diagnostic.primary.span.text) == (28, "capture")
    assert [label.span.column for label in diagnostic.secondary] == [10]


def test_a_leg_cannot_have_two_keys() -> None:
    diagnostic = refuse("span from kprobe:a key b key c to kprobe:d")
    assert (diagnostic.code, diagnostic.message) == ("T110", "this leg has `key` twice")
    assert "key pid, fd" in diagnostic.help[0]


def test_what_was_expected_is_told_in_users_words() -> None:
    diagnostic = refuse("probe kprobe:f capture a | | b")
    assert diagnostic.primary is not None
    assert diagnostic.primary.text == "expected an expression"
    after_target = refuse("probe kprobe:f % kprobe:g").primary
    assert after_target is not None
    assert "a clause such as `capture`" in after_target.text
    assert not re.search(r"[A-Z_]{3,}", after_target.text)


def test_a_malformed_mistake_file_is_a_defect(tmp_path: Path) -> None:
    file = tmp_path / "x.mistake"
    file.write_text("What.\n\nkode: T130\n\nwrong 1:1\n    x\n")
    with pytest.raises(ValueError, match="kode"):
        read_mistake(file)
