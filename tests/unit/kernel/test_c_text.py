"""Kernel types as C text."""

from __future__ import annotations

import pytest

from tests.unit.kernel.btf_builder import BtfBuilder
from tracelang.kernel.btf import Btf
from tracelang.kernel.c_text import declare, describe_function, describe_named

STRUCT = """\
struct foo { /* size: 32 */
    int a;                                               /*     0        4 */
    unsigned int low:3;                                  /*     4: 0     4 */
    unsigned int high:5;                                 /*     4: 3     4 */
    union {
        int in;                                          /*     8        4 */
        char *text;                                      /*     8        8 */
    };                                                   /*     8        8 */
    int tail[];                                          /*    32        0 */
};"""


def build() -> tuple[Btf, dict[str, int]]:
    b = BtfBuilder()
    ids = {"int": b.integer("int", 4, 1), "uint": b.integer("unsigned int", 4)}
    ids["char"] = b.integer("char", 1, 1)
    ids["text"] = b.add(2, "", ids["char"])
    const = b.add(10, "", ids["char"])
    ids["const text"] = b.add(2, "", const)
    ids["user text"] = b.add(2, "", b.add(18, "user", const))
    ids["const pointer"] = b.add(10, "", ids["text"])
    ids["array"] = b.add(3, "", 0, (ids["int"], ids["int"], 4))
    ids["matrix"] = b.add(3, "", 0, (ids["array"], ids["int"], 2))
    ids["to array"] = b.add(2, "", ids["array"])
    flexible = b.add(3, "", 0, (ids["int"], ids["int"], 0))
    anonymous = b.struct("", 8, (("in", ids["int"], 0), ("text", ids["text"], 0)), kind=5)
    members = (
        ("a", ids["int"], 0),
        ("low", ids["uint"], 3 << 24 | 32),
        ("high", ids["uint"], 5 << 24 | 35),
        ("", anonymous, 64),
        ("tail", flexible, 256),
    )
    ids["foo"] = b.struct("foo", 32, members, flag=True)
    ids["foo pointer"] = b.add(2, "", ids["foo"])
    function = b.function(
        "run", 0, (("foo", ids["foo pointer"]), ("text", ids["const text"]), ("", 0))
    )
    ids["callback"] = b.add(2, "", function - 1)
    b.function("nothing", ids["int"], ())
    b.enum("colour", (("RED", 0), ("BLUE", -1)), signed=True)
    b.add(8, "number", ids["int"])
    b.add(8, "foo_t", ids["foo"])
    b.add(8, "state_t", b.enum("", (("ON", 1),)))
    b.add(7, "later")
    b.add(14, "counter", ids["int"], (1,))
    return Btf(b.build()), ids


@pytest.mark.parametrize(
    ("type_", "text"),
    [
        ("int", "int x"),
        ("text", "char *x"),
        ("const text", "const char *x"),
        ("user text", "const char __user *x"),
        ("const pointer", "char *const x"),
        ("array", "int x[4]"),
        ("matrix", "int x[2][4]"),
        ("to array", "int (*x)[4]"),
        ("foo pointer", "struct foo *x"),
        ("callback", "void (*x)(struct foo *foo, const char *text, ...)"),
    ],
)
def test_declarations(type_: str, text: str) -> None:
    btf, ids = build()
    assert declare(btf, ids[type_], "x") == text


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("struct foo", STRUCT),
        ("foo", STRUCT),
        ("run", "void run(struct foo *foo, const char *text, ...);"),
        ("nothing", "int nothing(void);"),
        ("enum colour", "enum colour { /* size: 4 */\n    RED = 0,\n    BLUE = -1,\n};"),
        ("BLUE", "enum colour { /* size: 4 */\n    RED = 0,\n    BLUE = -1,\n};"),
        ("number", "typedef int number; /* size: 4 */"),
        ("foo_t", f"typedef struct foo foo_t; /* size: 32 */\n\n{STRUCT}"),
        ("state_t", "typedef enum { /* size: 4 */\n    ON = 1,\n} state_t;"),
        ("counter", "int counter;"),
        ("int", "int; /* size: 4 */"),
        ("struct none", None),
        ("none", None),
        ("union foo", None),
    ],
)
def test_descriptions(name: str, text: str | None) -> None:
    assert describe_named(build()[0], name) == text


def test_functions_are_described_by_name() -> None:
    btf, _ = build()
    assert describe_function(btf, "nothing") == "int nothing(void);"
    assert describe_function(btf, "foo") is None
