"""Several scripts as one: what two declare alike they share, and nothing else is lost."""

from __future__ import annotations

from tracelang.source import SourceFile
from tracelang.syntax.ast import Item, Let, Param, ProbeRule, Table
from tracelang.syntax.parse import parse_script
from tracelang.syntax.several import join_scripts


def joined(*texts: str) -> tuple[Item, ...]:
    return join_scripts([parse_script(SourceFile("case", text)) for text in texts]).items


def test_declarations_that_are_alike_stand_once() -> None:
    one = 'param pid = 0 "only this one" let big = count > 1 table T { 1: "a" } probe syscall:read'
    two = 'param pid = 0 "no other" let big = count  >  1 table T { 1: "a" } probe syscall:write'
    kinds = [type(item) for item in joined(one, two)]
    assert kinds == [Param, Let, Table, ProbeRule, ProbeRule]


def test_others_are_left_to_be_refused() -> None:
    items = joined("param pid = 0 syscall:read", "param pid = 1 syscall:write")
    assert [item.name for item in items if isinstance(item, Param)] == ["pid", "pid"]


def test_the_same_rule_twice_is_two_rules() -> None:
    assert len(joined("syscall:read", "syscall:read")) == 2


def test_one_script_that_declares_twice_is_wrong_as_before() -> None:
    assert len(joined("param a = 1 param a = 1 syscall:read")) == 3
