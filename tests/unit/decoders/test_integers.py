"""Integers in their writings."""

from __future__ import annotations

import pytest

from tests.unit.decoders.bound import bind, encode, show


@pytest.mark.parametrize(
    ("decoder", "raw", "expected"),
    [
        ("int", (1 << 64) - 1, "18446744073709551615"),
        ("int", -(1 << 63), "-9223372036854775808"),
        ("timestamp", 123456789012345, "123456789012345"),
        ("bool", 0, "false"),
        ("bool", 2, "true"),
        ("char", ord("a"), "a"),
        ("char", 10, r"\n"),
        ("char", -1, r"\xff"),
        ("char", 0, r"\x00"),
        ("hex", 255, "0xff"),
        ("hex", 0, "0x0"),
        ("hex", -1, "-0x1"),
        ("oct", 0o644, "0644"),
        ("oct", 0, "0"),
        ("pointer", 0xFFFF888000000000, "0xffff888000000000"),
        ("pointer", -1, "0xffffffffffffffff"),
    ],
)
def test_shows(decoder: str, raw: int, expected: str) -> None:
    assert show(decoder, raw) == expected


@pytest.mark.parametrize(
    ("decoder", "text", "expected"),
    [
        ("bool", "true", 1),
        ("bool", "yes", None),
        ("char", "a", 97),
        ("char", "ab", None),
        ("int", "1", None),
    ],
)
def test_encodes(decoder: str, text: str, expected: int | None) -> None:
    assert encode(decoder, text) == expected


def test_machine_truth_is_a_truth_value() -> None:
    reading = bind("bool")
    assert reading.machine is not None
    assert reading.machine(2) is True
