"""What accepted text means: the trees, their spans and the script's own data."""

from __future__ import annotations

from dataclasses import fields
from ipaddress import IPv4Network, ip_address

import pytest

from tests.unit.syntax.case_files import read_cases
from tests.unit.syntax.trees import AT, KEYWORDS
from tracelang.diagnostics import DiagnosticError
from tracelang.source import SourceFile, Span
from tracelang.syntax import ast
from tracelang.syntax.ast import (
    Address,
    AddressRange,
    Binary,
    Call,
    Comparison,
    Conditional,
    Duration,
    Expr,
    Fraction,
    Index,
    Integer,
    LegRole,
    Member,
    Membership,
    Name,
    ProbeRule,
    Size,
    SpanRule,
    String,
    Target,
    TypeName,
    Unary,
)
from tracelang.syntax.parse import parse_expression, parse_script


def read(script: str) -> ast.Script:
    return parse_script(SourceFile("test.trace", script))


def name(text: str) -> Name:
    return Name(text, span=AT)


def number(value: int, base: int = 10) -> Integer:
    return Integer(value, base, span=AT)


def compare(operator: str, left: Expr, right: Expr) -> Comparison:
    return Comparison(operator, left, right, span=AT)


def binary(operator: str, left: Expr, right: Expr) -> Binary:
    return Binary(operator, left, right, span=AT)


A, B, C, D = map(name, "abcd")
EXPRESSIONS: list[tuple[str, Expr]] = [
    ("a or b and c", binary("or", A, binary("and", B, C))),
    ("not a == b", Unary("not", compare("==", A, B), span=AT)),
    ("not a and b", binary("and", Unary("not", A, span=AT), B)),
    ("a == b | c", compare("==", A, binary("|", B, C))),
    ("a | b ^ c & d", binary("|", A, binary("^", B, binary("&", C, D)))),
    ("a & b << c", binary("&", A, binary("<<", B, C))),
    ("a << b + c", binary("<<", A, binary("+", B, C))),
    ("a - b - c", binary("-", binary("-", A, B), C)),
    ("a + b * c", binary("+", A, binary("*", B, C))),
    ("(a + b) * c", binary("*", binary("+", A, B), C)),
    ("-a * b", binary("*", Unary("-", A, span=AT), B)),
    ("-a.b", Unary("-", Member(A, "b", AT, span=AT), span=AT)),
    ("a[b].c", Member(Index(A, B, span=AT), "c", AT, span=AT)),
    ("a(b, c)", Call("a", (B, C), AT, span=AT)),
    ("a()", Call("a", (), AT, span=AT)),
    ("a if b else c if d else a", Conditional(B, A, Conditional(D, C, A, span=AT), span=AT)),
    ("a in (b, c)", Membership(A, (B, C), span=AT)),
    ("a not in b", Membership(A, (B,), negated=True, span=AT)),
    ("not a in (b)", Unary("not", Membership(A, (B,), span=AT), span=AT)),
    ("(a < b) == c", compare("==", compare("<", A, B), C)),
    ("a contains b", compare("contains", A, B)),
    ("a matches b or c", binary("or", compare("matches", A, B), C)),
    ("0x2a", number(42, 16)),
    ("0b1_01", number(5, 2)),
    ("0o17", number(15, 8)),
    ("1_000", number(1000)),
    ("18446744073709551615", number(2**64 - 1)),
    ("99.90", Fraction("99.90", span=AT)),
    ("10ms", Duration("10", "ms", 10_000_000, span=AT)),
    ("1.5s", Duration("1.5", "s", 1_500_000_000, span=AT)),
    ("10µs", Duration("10", "us", 10_000, span=AT)),
    ("10μs", Duration("10", "us", 10_000, span=AT)),
    ("2m", Duration("2", "m", 120 * 10**9, span=AT)),
    ("4KiB", Size("4", "KiB", 4096, span=AT)),
    ("4KB", Size("4", "KB", 4000, span=AT)),
    ("0B", Size("0", "B", 0, span=AT)),
    ("10.0.0.1", Address(ip_address("10.0.0.1"), span=AT)),
    ("fe80::1", Address(ip_address("fe80::1"), span=AT)),
    ("::", Address(ip_address("::"), span=AT)),
    (
        "a in 10.0.0.0/8",
        Membership(A, (AddressRange(IPv4Network("10.0.0.0/8"), span=AT),), span=AT),
    ),
    (r'"\n\t\\\"\x41\0\101\u00e9\U0001F600\e"', String('\n\t\\"A\0Aé\U0001f600\x1b', span=AT)),
    (
        "cast(a, struct sock **)",
        Call("cast", (A, TypeName("struct", "sock", 2, span=AT)), AT, span=AT),
    ),
    ("enum(a, b)", Call("enum", (A, B), AT, span=AT)),
]


@pytest.mark.parametrize(("text", "tree"), EXPRESSIONS)
def test_expressions(text: str, tree: Expr) -> None:
    assert parse_expression(text, "test") == tree


TARGETS = [
    ("kprobe:vfs_read", "kprobe", ("vfs_read",), 0),
    ("kprobe:vfs_read+0x10", "kprobe", ("vfs_read",), 16),
    ("kprobe:vfs_read+16", "kprobe", ("vfs_read",), 16),
    ("k:vfs_read", "k", ("vfs_read",), 0),
    ('uprobe:"/my path/x":func', "uprobe", ("/my path/x", "func"), 0),
    ('uprobe:"/a+16":"f, g(h)#;"+4', "uprobe", ("/a+16", "f, g(h)#;"), 4),
    ('uprobe:a:"f+16"', "uprobe", ("a", "f+16"), 0),
    ("uprobe:/lib/libstdc++.so.6:_Znwm", "uprobe", ("/lib/libstdc++.so.6", "_Znwm"), 0),
    ("usdt:bin:prov:name", "usdt", ("bin", "prov", "name"), 0),
    ("tracepoint:sys?alls:[a-c]*", "tracepoint", ("sys?alls", "[a-c]*"), 0),
    ("uprobe:a:_ZN1aC$LT$b$GT$E@@V.1-2", "uprobe", ("a", "_ZN1aC$LT$b$GT$E@@V.1-2"), 0),
    ("software:faults:1", "software", ("faults", "1"), 0),
    ("profile:99hz", "profile", ("99hz",), 0),
    ("begin", "begin", (), 0),
]


@pytest.mark.parametrize(("text", "kind", "parts", "offset"), TARGETS)
def test_targets(text: str, kind: str, parts: tuple[str, ...], offset: int) -> None:
    for script in (f"probe {text}", text, f"{text}# comment", f"{text};", f"probe {text},end"):
        rule = read(script).items[0]
        assert isinstance(rule, ProbeRule)
        target = rule.targets[0].options[0]
        assert target == Target(kind, parts, offset, span=AT)
        assert target.span.text == text


@pytest.mark.parametrize("word", KEYWORDS)
def test_keywords_are_names_where_names_stand(word: str) -> None:
    script = (
        f"param {word} = 1 let {word} = {word}.{word} + {word}({word}) kprobe:f({word}: {word}) "
    )
    script += (
        f"where {word} == 1 and not {word} in ({word}, 2) capture {word}, a as {word}, {word} "
    )
    script += f'aggregate count() by {word}, {word} top 5 by {word} print "%d", {word}'
    rule = read(script).items[2]
    assert isinstance(rule, ProbeRule)
    assert [type(clause).__name__ for clause in rule.clauses] == [
        *("Where", "Capture", "Aggregate", "Top", "Print")
    ]
    capture = rule.clauses[1]
    assert isinstance(capture, ast.Capture)
    assert [f.alias for f in capture.fields] == [None, word, None]
    assert capture.fields[0].expression == name(word)


def test_not_stays_an_operator() -> None:
    with pytest.raises(DiagnosticError):
        read("kprobe:f capture not")


def test_legs() -> None:
    rule = read(
        "span from kprobe:a, kprobe:b or kprobe:c when x key y, z "
        "via half: kprobe:d key e cancel kprobe:g to kprobe:h key i capture j"
    ).items[0]
    assert isinstance(rule, SpanRule)
    assert [(leg.role, leg.label) for leg in rule.legs] == [
        (LegRole.FROM, None),
        (LegRole.VIA, "half"),
        (LegRole.CANCEL, None),
        (LegRole.TO, None),
    ]
    first = rule.legs[0]
    assert [len(choice.options) for choice in first.targets] == [1, 2]
    assert (first.when, first.keys) == (name("x"), (name("y"), name("z")))
    assert len(rule.clauses) == 1


def test_declarations() -> None:
    param, param2, let, table, stop, stop2, _ = read(
        'param a: int = -5 "help" param b = true let c = a '
        'table t { 0x1: "A", -2: "B", else: "C" } '
        "stop after 10s stop after 3 events kprobe:f"
    ).items
    assert param == ast.Param(
        "a", "int", Unary("-", number(5), span=AT), "help", name_span=AT, span=AT
    )
    assert param2 == ast.Param("b", None, name("true"), name_span=AT, span=AT)
    assert let == ast.Let("c", name("a"), name_span=AT, span=AT)
    assert table == ast.Table("t", ((1, "A"), (-2, "B")), "C", name_span=AT, span=AT)
    assert isinstance(table, ast.Table)
    assert [span.text for span in table.entry_spans] == ['0x1: "A"', '-2: "B"', 'else: "C"']
    assert stop == ast.Stop(Duration("10", "s", 10**10, span=AT), span=AT)
    assert stop2 == ast.Stop(events=3, span=AT)


@pytest.mark.parametrize(
    ("script", "description"),
    [
        ("# one\n#   two\n\n# three\nkprobe:f", "one\n  two"),
        ("#!/usr/bin/tracelang\n# one\nkprobe:f", "one"),
        ("\n\n#one\n#\n#two\nkprobe:f", "one\n\ntwo"),
        ("kprobe:f # one", ""),
        ("kprobe:f\n# one", ""),
        ("probe\n# one\nkprobe:f", ""),
        ("param x = 1\n# one\nkprobe:f", ""),
    ],
)
def test_the_leading_comment_is_the_description(script: str, description: str) -> None:
    assert read(script).description == description


@pytest.mark.parametrize("script", read_cases("accepted").values())
def test_spans_lie_within_those_of_their_parents(script: str) -> None:
    tree = read(script)
    for item in tree.items:
        _check_spans(item)


def _check_spans(node: object, around: Span | None = None) -> None:
    if isinstance(node, tuple):
        for element in node:
            _check_spans(element, around)
    elif isinstance(node, ast.Node):
        if around:
            assert around.start <= node.span.start < node.span.end <= around.end
        text = node.span.text
        assert text == text.strip()
        if isinstance(node, Name):
            assert text.strip("() ") == node.name
        if isinstance(node, Member):
            assert node.name_span.text == node.name
        for attribute in fields(node):
            _check_spans(getattr(node, attribute.name), node.span)
