"""Operators on constants: what the kernel would compute with values of their types."""

from __future__ import annotations

import operator as op
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracelang.diagnostics import DiagnosticError
from tracelang.semantic import operators
from tracelang.semantic.expressions import Builtin, Constant, Expression
from tracelang.semantic.types import BOOL, DURATION, S64, SIGNED_DURATION, U32, U64
from tracelang.semantic.values import boolean, integer, integer_of
from tracelang.source import SourceFile, Span

PLACE = Span(SourceFile("t", "x"), 0, 1)
NUMBERS = st.one_of(
    st.integers(-(2**63), 2**64 - 1),
    st.integers(-10, 10),
    st.sampled_from((2**63 - 1, 2**63, 2**64 - 1, -(2**63))),
)


def truncated(a: int, b: int) -> int:
    quotient = abs(a) // abs(b)
    return quotient if (a < 0) == (b < 0) else -quotient


def remainder(a: int, b: int) -> int:
    return a - b * truncated(a, b)


EXACT: dict[str, Callable[[int, int], int]] = {
    "+": op.add, "-": op.sub, "*": op.mul, "&": op.and_, "|": op.or_, "^": op.xor,
    "/": truncated, "%": remainder, "<<": op.lshift, ">>": op.rshift,
}  # fmt: skip
COMPARE: dict[str, Callable[[int, int], bool]] = {
    "==": op.eq, "!=": op.ne, "<": op.lt, "<=": op.le, ">": op.gt, ">=": op.ge,
}  # fmt: skip


def wrapped(value: int, u64: bool) -> int:
    value %= 2**64
    return value if u64 or value < 2**63 else value - 2**64


def fold(operator: str, a: int, b: int) -> int:
    result = operators.arithmetic(operator, integer(a), integer(b), PLACE)
    number = integer_of(result)
    assert number is not None
    return number


@given(st.sampled_from(sorted(EXACT)), NUMBERS, NUMBERS)
def test_constants_are_computed_as_64_bits_would(operator: str, a: int, b: int) -> None:
    if operator in ("/", "%") and b == 0:
        b = 1
    if operator in ("<<", ">>"):
        b %= 64
    u64 = a >= 2**63 if operator == ">>" else max(a, b) >= 2**63
    if operator != "-" and u64:
        a, b = a % 2**64, b % 2**64
    assert fold(operator, a, b) == wrapped(EXACT[operator](a, b), u64 and operator != "-")


@given(NUMBERS)
def test_signs_and_complements(number: int) -> None:
    for operator, exact in (("-", -number), ("~", ~number)):
        found = operators.negate(operator, integer(number), PLACE)
        assert integer_of(found) == wrapped(exact, operator == "~" and number >= 2**63)


def test_a_result_keeps_its_type() -> None:
    lowest = operators.negate("~", integer(2**63 - 1), PLACE)
    assert integer_of(operators.negate("-", lowest, PLACE)) == -(2**63)
    low_bit = operators.arithmetic("&", integer(2**63 + 1), integer(1), PLACE)
    assert (low_bit.type, integer_of(low_bit)) == (U64, 1)


def test_a_difference_of_durations_may_be_negative() -> None:
    duration, limit = Builtin(DURATION, "duration"), Constant(DURATION, 10)
    difference = operators.arithmetic("-", duration, limit, PLACE)
    results = [difference]
    results += [operators.arithmetic(o, difference, integer(2), PLACE) for o in "+-*/%"]
    results += [operators.arithmetic("+", integer(-2), duration, PLACE)]
    results += [operators.arithmetic("*", duration, integer(-2), PLACE)]
    results += [operators.choose(Builtin(BOOL, "holds"), difference, duration, PLACE)]
    assert {r.type for r in results} == {SIGNED_DURATION}
    assert operators.arithmetic("/", duration, integer(2), PLACE).type == DURATION
    assert operators.arithmetic("/", difference, limit, PLACE).type == S64
    below = operators.arithmetic("-", limit, Constant(DURATION, 11), PLACE)
    assert (below.type, integer_of(below)) == (SIGNED_DURATION, -1)


@given(st.sampled_from(sorted(COMPARE)), NUMBERS, NUMBERS)
def test_constants_compare_as_numbers(operator: str, a: int, b: int) -> None:
    found = operators.compare_numbers(operator, integer(a), integer(b), PLACE)
    assert integer_of(found) == int(COMPARE[operator](a, b))


@given(st.sampled_from(sorted(COMPARE)), st.integers(0, 2**32 - 1), NUMBERS)
def test_what_a_type_cannot_be_is_decided(operator: str, possible: int, constant: int) -> None:
    left = Builtin(U32, "pid")
    found = integer_of(operators.compare_numbers(operator, left, integer(constant), PLACE))
    if 0 <= constant < 2**32:
        assert found is None
    else:
        assert found == int(COMPARE[operator](possible, constant))


@pytest.mark.parametrize(("operator", "divisor"), [("/", 0), ("%", 0), ("<<", 64), (">>", -1)])
def test_what_makes_no_sense_is_refused(operator: str, divisor: int) -> None:
    with pytest.raises(DiagnosticError) as caught:
        operators.arithmetic(operator, Builtin(U32, "pid"), integer(divisor), PLACE)
    assert caught.value.diagnostics[0].code == "T212"


@pytest.mark.parametrize(
    ("operator", "known", "result"),
    [("and", 0, 0), ("and", 1, None), ("or", 1, 1), ("or", 0, None)],
)
def test_the_side_that_cannot_matter_is_left_out(
    operator: str, known: int, result: int | None
) -> None:
    other = Builtin(boolean(1).type, "holds")
    for sides in ((boolean(known), other), (other, boolean(known))):
        found = operators.logical(operator, sides[0], sides[1], PLACE)
        assert integer_of(found) == result
        if result is None:
            assert found == other


@pytest.mark.parametrize(
    ("operator", "left", "right", "type_"),
    [
        ("+", U32, S64, S64),
        ("+", U64, S64, U64),
        ("-", U64, U64, S64),
        (">>", U64, S64, U64),
        (">>", S64, U64, S64),
        ("/", U64, U64, U64),
    ],
)
def test_types_of_results(operator: str, left: object, right: object, type_: object) -> None:
    values: list[Expression] = [Builtin(t, f"v{i}") for i, t in enumerate((left, right))]  # type: ignore[arg-type]
    assert operators.arithmetic(operator, values[0], values[1], PLACE).type == type_


def test_a_choice_that_is_known_is_made() -> None:
    one, two = integer(1), integer(2)
    assert operators.choose(boolean(1), one, two, PLACE) is one
    assert operators.choose(boolean(0), one, two, PLACE) is two
    chosen = operators.choose(Builtin(U32, "pid"), one, two, PLACE)
    assert not isinstance(chosen, Constant)
