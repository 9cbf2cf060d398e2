"""Expressions over recorded numbers against Python's exact ones: the rules of the language."""

from __future__ import annotations

from functools import cache

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.live.numbers64 import Number, choose, evaluate, typed
from tests.unit.sinks.outputs import output_of
from tracelang.decoders import load_decoders
from tracelang.plan.c_types import integer
from tracelang.recording.query import QueryRule, bind_query
from tracelang.recording.schema import Head, RecordedRule
from tracelang.semantic.types import Int

_TYPES = {
    "u": "u64", "v": "u64", "s": "s64", "t": "s64", "w": "u32", "x": "s32",
    "b": "u8", "c": "s8", "h": "u16", "g": "s16",
}  # fmt: skip
_EDGES = (0, 1, 2, 63, 64, 127, 128, 255, 2**31 - 1, 2**31, 2**32 - 1, 2**63 - 1, 2**63, 2**64 - 1)


@cache
def head() -> Head:
    ints = {n: Int(int(t[1:]) // 8, t[0] == "s") for n, t in _TYPES.items()}
    shapes = [(n, "int", integer(i.size, signed=i.signed)) for n, i in ints.items()]
    return Head("0", "x", "x86_64", 0, 128, (), (RecordedRule(output_of(*shapes), ints),))


def asked(clauses: str) -> QueryRule:
    (rule,) = bind_query(clauses, head(), load_decoders()).rules
    return rule


_LEAVES = st.one_of(
    st.sampled_from(sorted(_TYPES)), st.sampled_from([str(e) for e in _EDGES if e < 256])
)


def _combine(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    pairs = st.tuples(inner, st.sampled_from(["+", "-", "*", "&", "|", "^"]), inner)
    # A constant divisor or shift count may be refused; one that comes with the event never is.
    divided = st.tuples(inner, st.sampled_from(["/", "%", "<<", ">>"]), st.sampled_from("uvstwx"))
    return st.one_of(
        st.one_of(pairs, divided).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        inner.map(lambda e: f"(-{e})"),
        inner.map(lambda e: f"(~{e})"),
    )


_NUMBERS = st.recursive(_LEAVES, _combine, max_leaves=6)
_VALUES = st.lists(
    st.one_of(st.sampled_from(_EDGES), st.integers(0, 2**64 - 1)), min_size=10, max_size=10
)


def names_of(values: list[int]) -> dict[str, Number]:
    return {n: typed(v, t) for (n, t), v in zip(_TYPES.items(), values, strict=True)}


def row_of(names: dict[str, Number]) -> tuple[int, ...]:
    return (1, 0, 0, *(n.value for n in names.values()))


@settings(max_examples=150, deadline=None)
@given(_NUMBERS, _VALUES)
def test_arithmetic_is_that_of_64_bits(expression: str, values: list[int]) -> None:
    names = names_of(values)
    rule = asked(f"capture {expression} as r")
    assert rule.make[0](row_of(names))[-1] == evaluate(expression, names)


@settings(max_examples=150, deadline=None)
@given(_NUMBERS, st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), _NUMBERS, _VALUES)
def test_comparisons_are_of_numbers(left: str, symbol: str, right: str, values: list[int]) -> None:
    names = names_of(values)
    rule = asked(f"where {left} {symbol} {right} and u == u or not s > b")
    expected = evaluate(f"{left} {symbol} {right} or not s > b", names)
    where = rule.where.get(0, _never)
    assert (where is None or where(row_of(names))) == bool(expected)


def _never(_row: object) -> bool:
    return False


@settings(max_examples=50, deadline=None)
@given(_NUMBERS, _NUMBERS, _VALUES)
def test_choices_have_the_type_of_both_sides(then: str, otherwise: str, values: list[int]) -> None:
    names = names_of(values)
    rule = asked(f"capture ({then}) + 0 * u if b > c else ({otherwise}) + 0 * u as r")
    sides = [Number(evaluate(f"({side}) + 0 * u", names), u64=True) for side in (then, otherwise)]
    expected = choose(names["b"] > names["c"], *sides)
    assert rule.make[0](row_of(names))[-1] == expected


@given(_VALUES)
def test_casts_cut(values: list[int]) -> None:
    names = names_of(values)
    casts = ", ".join(f"cast(u, {t}) as as_{t}" for t in ("u8", "s8", "u16", "s16", "u32", "s32"))
    row = asked(f"capture {casts}").make[0](row_of(names))
    expected = [typed(names["u"].value, t) for t in ("u8", "s8", "u16", "s16", "u32", "s32")]
    assert list(row[3:]) == expected
