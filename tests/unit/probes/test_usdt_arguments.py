from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracelang.probes.usdt_arguments import read_arguments
from tracelang.semantic.sources import UsdtArgument

PLACES: Mapping[str, int] = {"counter": 0x100}


def read_one(text: str, architecture: str = "x86_64") -> UsdtArgument:
    (argument,), unreadable = read_arguments(text, architecture, PLACES.get)
    assert unreadable == ""
    return argument


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("4@$5", UsdtArgument(4, signed=False, constant=5)),
        ("-4@$-5", UsdtArgument(4, signed=True, constant=-5)),
        ("8@$0x10", UsdtArgument(8, signed=False, constant=16)),
        ("8@%rdi", UsdtArgument(8, signed=False, register="di")),
        ("-4@%eax", UsdtArgument(4, signed=True, register="ax")),
        ("2@%cx", UsdtArgument(2, signed=False, register="cx")),
        ("1@%dl", UsdtArgument(1, signed=False, register="dx")),
        ("1@%sil", UsdtArgument(1, signed=False, register="si")),
        ("-4@%r10d", UsdtArgument(4, signed=True, register="r10")),
        ("-4@-20(%rbp)", UsdtArgument(4, True, constant=-20, register="bp", dereference=True)),
        ("8@(%r12)", UsdtArgument(8, False, register="r12", dereference=True)),
        (
            "8@(%rax,%rbx,8)",
            UsdtArgument(8, False, register="ax", index="bx", scale=8, dereference=True),
        ),
        (
            "8@16(%rax,%rbx)",
            UsdtArgument(8, False, constant=16, register="ax", index="bx", dereference=True),
        ),
        (
            "4@0x20(,%rcx,4)",
            UsdtArgument(4, False, constant=32, index="cx", scale=4, dereference=True),
        ),
        (
            "4@counter(%rip)",
            UsdtArgument(4, False, constant=0x100, register="ip", dereference=True),
        ),
        (
            "4@counter+8(%rip)",
            UsdtArgument(4, False, constant=0x108, register="ip", dereference=True),
        ),
        (
            "4@8+counter(%rip)",
            UsdtArgument(4, False, constant=0x108, register="ip", dereference=True),
        ),
        (
            "4@counter-8(%rip)",
            UsdtArgument(4, False, constant=0xF8, register="ip", dereference=True),
        ),
    ],
)
def test_operands_of_x86(text: str, expected: UsdtArgument) -> None:
    assert read_one(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("-4@5", UsdtArgument(4, signed=True, constant=5)),
        ("8@-1", UsdtArgument(8, signed=False, constant=-1)),
        ("4@wzr", UsdtArgument(4, signed=False)),
        ("8@x0", UsdtArgument(8, signed=False, register="regs[0]")),
        ("-4@w30", UsdtArgument(4, signed=True, register="regs[30]")),
        ("8@sp", UsdtArgument(8, signed=False, register="sp")),
        ("4@[x19]", UsdtArgument(4, False, register="regs[19]", dereference=True)),
        ("-4@[sp, 60]", UsdtArgument(4, True, constant=60, register="sp", dereference=True)),
        ("-4@[sp, #-60]", UsdtArgument(4, True, constant=-60, register="sp", dereference=True)),
        (
            "8@[x0, x1]",
            UsdtArgument(8, False, register="regs[0]", index="regs[1]", dereference=True),
        ),
        (
            "8@[x0, x1, lsl 3]",
            UsdtArgument(8, False, register="regs[0]", index="regs[1]", scale=8, dereference=True),
        ),
    ],
)
def test_operands_of_aarch64(text: str, expected: UsdtArgument) -> None:
    assert read_one(text, "aarch64") == expected


@pytest.mark.parametrize(
    "operand",
    [
        "8@%xmm0",
        "8f@%xmm0",
        "1@%ah",
        "4@other(%rip)",
        "4@8(%rip)",
        "4@counter",
        "8@%fs:-8",
        "%rdi",
        "3@%rax",
        "8@",
        "8@5",
    ],
)
def test_the_first_that_cannot_be_read_ends_the_list(operand: str) -> None:
    found, unreadable = read_arguments(f"4@$1 {operand} 4@$2", "x86_64", PLACES.get)
    assert found == (UsdtArgument(4, signed=False, constant=1),)
    assert unreadable == operand


@pytest.mark.parametrize("operand", ["8@d0", "8@[d0]", "8@[x0, d1]", "8@[sp", "8@x31"])
def test_what_aarch64_cannot_read(operand: str) -> None:
    found, unreadable = read_arguments(operand, "aarch64", PLACES.get)
    assert found == ()
    assert unreadable == operand


def test_arguments_keep_their_order() -> None:
    found, _ = read_arguments("-4@[sp, 60] 8@x1 4@7", "aarch64", PLACES.get)
    assert [a.size for a in found] == [4, 8, 4]
    assert read_arguments("", "x86_64", PLACES.get) == ((), "")


@given(st.text(alphabet="-+0123456789@$%()[], abcdefrsxpil", max_size=60), st.booleans())
def test_any_text_is_read_or_named(text: str, arm: bool) -> None:
    found, unreadable = read_arguments(text, "aarch64" if arm else "x86_64", PLACES.get)
    assert unreadable in text
    assert len(found) + bool(unreadable) >= bool(text.strip())
