"""Functions of the prelude, compiled for this machine, against Python's exact integers."""

from __future__ import annotations

import ctypes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.codegen.c_programs import build_library
from tests.unit.codegen.test_templates import functions

U64 = st.one_of(st.integers(0, 2**64 - 1), st.sampled_from((0, 1, 2**63 - 1, 2**63, 2**64 - 1)))
S64 = st.one_of(st.integers(-(2**63), 2**63 - 1), st.sampled_from((0, -1, 1, -(2**63), 2**63 - 1)))
_NAMES = ("quotient_u64", "remainder_u64", "quotient_s64", "remainder_s64")
_SIGNED = ("equal_signed", "below_signed", "above_signed")
_SWAPS = ("swap16", "swap32", "swap64")


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    texts = functions()
    lines = [texts[n] for n in (*_NAMES, *_SIGNED, *_SWAPS, "same_text")]
    for name in _NAMES:
        t = name[-3:]
        lines.append(f"{t} call_{name}({t} a, {t} b) {{ return {name}(a, b); }}")
    lines += [f"bool call_{n}(u64 a, s64 b) {{ return {n}(a, b); }}" for n in _SIGNED]
    lines += [f"u64 call_{n}(u64 a) {{ return {n}(a); }}" for n in _SWAPS]
    lines.append(
        "bool call_same(const char *a, const char *b, int n) { return same_text(a, b, n); }"
    )
    return build_library(tmp_path_factory.mktemp("c"), "\n".join(lines))


def call(library: ctypes.CDLL, name: str, *values: int, unsigned: bool = False) -> int:
    function = library[f"call_{name}"]
    function.restype = ctypes.c_uint64 if unsigned else ctypes.c_int64
    return int(function(*(ctypes.c_uint64(v) for v in values)))


def truncated(a: int, b: int) -> int:
    quotient = abs(a) // abs(b)
    return quotient if (a < 0) == (b < 0) else -quotient


def as_signed(value: int) -> int:
    return (value + 2**63) % 2**64 - 2**63


@given(a=S64, b=S64)
def test_signed_division_is_cs_and_by_zero_it_is_zero(library: ctypes.CDLL, a: int, b: int) -> None:
    quotient = as_signed(truncated(a, b)) if b else 0
    assert call(library, "quotient_s64", a, b) == quotient
    assert call(library, "remainder_s64", a, b) == (a - b * truncated(a, b) if b else 0)


@given(a=U64, b=U64)
def test_unsigned_division(library: ctypes.CDLL, a: int, b: int) -> None:
    assert call(library, "quotient_u64", a, b, unsigned=True) == (a // b if b else 0)
    assert call(library, "remainder_u64", a, b, unsigned=True) == (a % b if b else 0)


@given(a=U64, b=S64)
def test_numbers_of_different_sign_compare_as_numbers(library: ctypes.CDLL, a: int, b: int) -> None:
    for name, holds in (("equal", a == b), ("below", a < b), ("above", a > b)):
        function = library[f"call_{name}_signed"]
        function.restype = ctypes.c_bool
        assert function(ctypes.c_uint64(a), ctypes.c_int64(b)) == holds


@given(value=U64)
def test_bytes_are_swapped(library: ctypes.CDLL, value: int) -> None:
    for size in (2, 4, 8):
        part = value % 2 ** (8 * size)
        swapped = int.from_bytes(part.to_bytes(size, "little"), "big")
        assert call(library, f"swap{size * 8}", part, unsigned=True) == swapped


TEXT = st.text("ab", max_size=7).map(str.encode)


@given(left=TEXT, right=TEXT, garbage=st.binary(min_size=8, max_size=8))
def test_texts_are_the_same_up_to_their_end(
    library: ctypes.CDLL, left: bytes, right: bytes, garbage: bytes
) -> None:
    function = library["call_same"]
    function.restype = ctypes.c_bool
    padded = [(t + b"\0" + garbage)[:8] for t in (left, right)]
    assert function(*padded, 8) == (left == right)
