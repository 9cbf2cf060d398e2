"""Tests on text and addresses of recorded events."""

from __future__ import annotations

from fnmatch import fnmatchcase
from functools import cache
from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.sinks.outputs import output_of
from tracelang.decoders import load_decoders
from tracelang.plan.c_types import S64, U32, byte_array
from tracelang.recording.query import bind_query
from tracelang.recording.schema import Head, RecordedRule
from tracelang.semantic.types import COMM, Ip, Text, Type
from tracelang.semantic.types import S64 as LONG
from tracelang.sinks.protocol import Row

_OUTPUT = output_of(
    ("comm", "text", byte_array(16, text=True)),
    ("path", "text", byte_array(10, text=True)),
    ("four", "ip", U32),
    ("six", "ip", byte_array(16, text=False)),
    ("ret", "errno", S64),
    ("place", "func", U32),
)
_TYPES: dict[str, Type] = {"comm": COMM, "path": Text(8), "four": Ip(4), "six": Ip(16), "ret": LONG}
_FOUR = int.from_bytes(IPv4Address("10.1.2.3").packed, "little")
_MAPPED = bytes(10) + b"\xff\xff" + IPv4Address("10.1.2.3").packed


def row(comm: bytes = b"bash", path: bytes = b"/etc/x", target: int = 0) -> Row:
    texts = comm.ljust(16, b"\0"), path.ljust(10, b"\0")
    return (5, 0, target, *texts, _FOUR, _MAPPED, -2, target)


@cache
def head() -> Head:
    return Head("0", "x", "x86_64", 0, 8, (), (RecordedRule(_OUTPUT, _TYPES),))


def holds(condition: str, event: Row) -> bool:
    (rule,) = bind_query(f"where {condition}", head(), load_decoders()).rules
    if event[2] not in rule.where:
        return False
    where = rule.where[event[2]]
    return where is None or bool(where(event))


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ('comm == "bash"', True),
        ('comm != "bash"', False),
        ('comm in ("sh", "bash")', True),
        ('path startswith "/etc"', True),
        ('path endswith "/x" and path contains "tc"', True),
        ('path matches "/*/?"', True),
        ('path matches "*/??"', False),
        ("comm == path", False),
        ('comm == "bash-and-much-longer"', False),
        ("four == 10.1.2.3 and four in 10.0.0.0/8 and four not in 10.2.0.0/16", True),
        ("six == 10.1.2.3 and six in 10.1.0.0/16", True),
        ("six in 2001:db8::/32", False),
        ('ret == "ENOENT" and ret < 0', True),
        ('func == "openat" and place == "openat"', True),
        ('probe == "syscall:open"', False),
        ("(four if ret < 0 else 1.1.1.1) == 10.1.2.3", True),
        ('(comm if ret > 0 else "none") == "none"', True),
    ],
)
def test_conditions(condition: str, expected: bool) -> None:
    assert holds(condition, row()) is expected


def test_what_fired_is_told_apart() -> None:
    assert not holds('func == "openat"', row(target=1))
    assert holds('func == "open"', row(target=1))


_ALPHABET = st.sampled_from([b"a", b"b", b"/", b"*", b"?", b"[", b".", b"\xff"])
_TEXT = st.lists(_ALPHABET, max_size=9).map(b"".join)


@given(_TEXT, st.text("ab/*?.", max_size=6))
def test_globs_are_those_of_the_language(text: bytes, pattern: str) -> None:
    expected = fnmatchcase(text.decode("latin-1"), pattern)
    if set(pattern) & set("*?") or len(pattern) <= 8:
        assert holds(f'path matches "{pattern}"', row(path=text)) is expected


@given(_TEXT, _TEXT)
def test_equal_texts_are_equal(left: bytes, right: bytes) -> None:
    assert holds("comm == path", row(comm=left, path=right)) is (left == right)
