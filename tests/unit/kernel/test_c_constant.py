"""Constant expressions of C, as tracepoint formats have them."""

from __future__ import annotations

import pytest

from tracelang.kernel.c_constant import evaluate


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("7", 7),
        ("0x1F", 31),
        ("010", 8),
        ("-1", -1),
        ("1UL << 3", 8),
        ("(1 << 4)", 16),
        ("1 << 2 | 1", 5),
        ("1 | 2 & 2 ^ 3", 1 | ((2 & 2) ^ 3)),
        ("2 + 3 * 4 - 1", 13),
        ("8 - 2 - 1", 5),
        ("256 >> 4 >> 2", 4),
        ("~0 & 0xff", 255),
        ("~0", (1 << 64) - 1),
        ("( unsigned long)(( gfp_t)((((1UL))) << (10)))", 1024),
        ("(unsigned int) -1", -1),
        ("((1 << (0)) | (1ULL << 33))", 1 | 1 << 33),
    ],
)
def test_constants_have_cs_value(text: str, value: int) -> None:
    assert evaluate(text) == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        "NAME",
        "REC->x",
        "1 +",
        "(1",
        "1)",
        "1 2",
        "((void *)0)",
        '"text"',
        "sizeof(int)",
        "1 ? 2 : 3",
    ],
)
def test_anything_else_has_none(text: str) -> None:
    assert evaluate(text) is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("SIX", 6),
        ("(SIX)", 6),
        ("(SIX) - 1", 5),
        ("(1 << SIX) | 1", 65),
        ("(int) SIX", 6),
        ("SEVEN", None),
        ("(SEVEN) 1", 1),
    ],
)
def test_names_of_constants_have_their_value(text: str, value: int | None) -> None:
    assert evaluate(text, {"SIX": 6}.get) == value
