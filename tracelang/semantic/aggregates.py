"""Aggregates: which functions there are, and what an `aggregate` clause means for one place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from tracelang.dataclass import dataclass
from tracelang.decoders.protocol import Decoding
from tracelang.diagnostics import fail
from tracelang.registry import did_you_mean, nearest
from tracelang.semantic.columns import column_name, natural_decoding, unique_names
from tracelang.semantic.expressions import Arithmetic, Constant, Expression
from tracelang.semantic.model import AggregateColumn, AggregateModel, DerivedColumn, Formula
from tracelang.semantic.names import Resolves
from tracelang.semantic.types import DURATION, S64, U64, Flavour, Int, Pointer, is_scalar
from tracelang.semantic.values import as_text, describe, integer_of
from tracelang.source import Span
from tracelang.syntax import ast

_PLAIN: Final = ("sum", "avg", "min", "max", "stats", "last", "distinct", "hist")
_PERCENTILES: Final = {"p50": "50", "p90": "90", "p99": "99"}
FUNCTIONS: Final = ("count", *_PLAIN, "lhist", *_PERCENTILES, "percentile")
"""Every aggregate, in the order of the documentation."""

_SCALES: Final = {"us": 1_000, "ms": 1_000_000, "s": 1_000_000_000}
"""Decoders of durations that an aggregate takes as arithmetic: buckets are of what is shown."""

_KEEPS_DECODING: Final = ("sum", "avg", "min", "max", "last", "percentile")
MOST_STEPS: Final = 1000
_BOUND: Final = 1 << 63


@dataclass(frozen=True, slots=True)
class AggregateParts:
    """An aggregate clause, taken apart: aggregates, derived columns, and their order."""

    calls: tuple[tuple[str, ast.Call], ...]
    derived: tuple[tuple[str, ast.Expr], ...]
    order: tuple[str, ...]


def take_apart(
    clause: ast.Aggregate, every: ast.Every | None, top: ast.Top | None
) -> AggregateModel:
    """Return what a clause asks for, the same for every place; T280 and up where it is wrong."""
    parts = _split(clause)
    columns = tuple(_column(name, call) for name, call in parts.calls)
    kinds = {column.name: column.function for column in columns}
    derived = []
    for name, expr in parts.derived:
        derived.append(DerivedColumn(name, _formula(expr, kinds)))
        kinds[name] = "derived"
    by = _top_column(top, parts.order) if top is not None else None
    return AggregateModel(
        columns,
        tuple(derived),
        parts.order,
        every.period.nanoseconds if every is not None else None,
        every is not None and every.mode is ast.EveryMode.RESET,
        top.count if top is not None else None,
        by,
    )


def _split(clause: ast.Aggregate) -> AggregateParts:
    names = unique_names(_name(field) for field in clause.functions)
    calls: list[tuple[str, ast.Call]] = []
    derived: list[tuple[str, ast.Expr]] = []
    for name, field in zip(names, clause.functions, strict=True):
        expr = field.expression
        if isinstance(expr, ast.Call) and expr.function in FUNCTIONS:
            calls.append((name, expr))
        elif isinstance(expr, ast.Name) and expr.name in FUNCTIONS:
            raise fail(
                "T280", f"`{expr.name}` is a function", expr.span, help=[f"write `{expr.name}(…)`"]
            )
        elif isinstance(expr, ast.Call):
            raise _unknown(expr)
        else:
            derived.append((name, expr))
    if not calls:
        span = clause.functions[0].span
        raise fail(
            "T280", "nothing is aggregated here", span, help=[f"there are: {', '.join(FUNCTIONS)}"]
        )
    return AggregateParts(tuple(calls), tuple(derived), tuple(names))


def _name(field: ast.Field) -> str:
    if field.alias or not isinstance(field.expression, ast.Call):
        return column_name(field)
    call = field.expression
    if call.function == "count" or not call.arguments:
        return call.function
    inner = column_name(ast.Field(call.arguments[0], span=field.span))
    return f"{call.function}_{inner}"


def _unknown(call: ast.Call) -> Exception:
    near = did_you_mean(nearest(call.function, FUNCTIONS))
    return fail(
        "T281",
        f"there is no aggregate `{call.function}`",
        call.function_span,
        help=[" ".join([*near, f"there are: {', '.join(FUNCTIONS)}"])],
    )


def _column(name: str, call: ast.Call) -> AggregateColumn:
    """Return an aggregate with its constant parameters."""
    wanted = {"count": 0, "lhist": 4, "percentile": 2}.get(call.function, 1)
    if len(call.arguments) != wanted:
        forms = {
            "count": "count()",
            "lhist": "lhist(VALUE, LOW, HIGH, STEP)",
            "percentile": "percentile(VALUE, 99.9)",
        }
        form = forms.get(call.function, f"{call.function}(VALUE)")
        raise fail("T282", f"`{call.function}` is written `{form}`", call.span)
    if call.function in _PERCENTILES:
        return AggregateColumn(name, "percentile", (_PERCENTILES[call.function],))
    if call.function == "percentile":
        return AggregateColumn(name, "percentile", (_rank(call.arguments[1]),))
    if call.function == "lhist":
        return AggregateColumn(name, "lhist", _steps(call))
    return AggregateColumn(name, call.function, ())


def _rank(expr: ast.Expr) -> str:
    text = expr.span.text
    if not isinstance(expr, ast.Integer | ast.Fraction) or not 0 < float(text) <= 100:
        raise fail("T283", "a percentile is a number above 0, at most 100", expr.span)
    return text


def _steps(call: ast.Call) -> tuple[int, ...]:
    numbers = [_literal(e) for e in call.arguments[1:]]
    low, high, step = numbers
    for number, expr in zip(numbers, call.arguments[1:], strict=True):
        if not -_BOUND <= number < _BOUND:
            raise fail("T283", "a histogram's bounds are signed 64-bit numbers", expr.span)
    if step <= 0 or high <= low or (high - low) % step or (high - low) // step > MOST_STEPS:
        raise fail(
            "T283",
            f"from {low} to {high} there are no whole steps of {step}, or more than {MOST_STEPS}",
            call.span,
            help=["write `lhist(VALUE, LOW, HIGH, STEP)` with HIGH - LOW a multiple of STEP"],
        )
    return low, high, step


def _literal(expr: ast.Expr) -> int:
    match expr:
        case ast.Integer(value) | ast.Duration(_, _, value) | ast.Size(_, _, value):
            return value
        case ast.Unary("-", inner):
            return -_literal(inner)
    raise fail("T283", "the bounds of a histogram are constants", expr.span)


def _top_column(top: ast.Top, names: tuple[str, ...]) -> str | None:
    if top.by is None or top.by in names:
        return top.by
    near = did_you_mean(nearest(top.by, names))
    raise fail(
        "T284",
        f"there is no column `{top.by}`",
        top.span,
        help=[" ".join([*near, f"there are: {', '.join(names)}"])],
    )


def _formula(expr: ast.Expr, kinds: Mapping[str, str]) -> Formula:
    """Return a derived column's arithmetic over columns, given with their functions."""
    match expr:
        case ast.Integer(value):
            return ("number", value)
        case ast.Fraction(text):
            return ("number", float(text))
        case ast.Duration(_, _, value) | ast.Size(_, _, value):
            return ("number", value)
        case ast.Name(name) if name in kinds:
            if kinds[name] in ("hist", "lhist", "stats"):
                raise fail("T285", f"`{name}` is not one number", expr.span)
            return ("name", name)
        case ast.Unary("-", operand):
            return ("-", ("number", 0), _formula(operand, kinds))
        case ast.Binary("+" | "-" | "*" | "/" | "%" as operator, left, right):
            return (operator, _formula(left, kinds), _formula(right, kinds))
    raise fail(
        "T285",
        "a derived column is arithmetic over the columns before it",
        expr.span,
        help=[f"use their names: {', '.join(sorted(kinds))}"],
    )


# --- Values ---------------------------------------------------------------------------------------


def bind_values(
    clause: ast.Aggregate, model: AggregateModel, resolver: Resolves
) -> tuple[Expression | None, ...]:
    """Return what each aggregate of the clause takes at the resolver's place (None: nothing)."""
    calls = [
        field.expression
        for field in clause.functions
        if isinstance(field.expression, ast.Call) and field.expression.function in FUNCTIONS
    ]
    return tuple(
        None if column.function == "count" else _value(call, resolver)
        for column, call in zip(model.columns, calls, strict=True)
    )


def _value(call: ast.Call, resolver: Resolves) -> Expression:
    value = resolver.resolve(call.arguments[0])
    # Text would be told apart by where it lies in memory.
    value = as_text(value, resolver.scope.script) or value
    is_address = isinstance(value.type, Pointer) and call.function not in ("distinct", "last")
    if not is_scalar(value.type) or is_address:
        raise fail(
            "T286",
            f"`{call.function}` takes a number, this is {describe(value)}",
            call.arguments[0].span,
            help=["count texts by making them keys: `count() by …`"],
        )
    decoder = value.decoding.decoder if value.decoding is not None else ""
    if decoder in _SCALES:
        return _scaled(value, _SCALES[decoder], call.span)
    return value


def _scaled(value: Expression, scale: int, span: Span) -> Expression:
    plain = replace(value, decoding=None)
    if (known := integer_of(plain)) is not None:
        return Constant(S64, known // scale, span=span)
    signed = isinstance(value.type, Int) and value.type.signed
    type_ = S64 if signed else U64
    return Arithmetic(type_, "/", plain, Constant(type_, scale), span=span)


def result_decoding(column: AggregateColumn, value: Expression | None) -> Decoding:
    """Return how an aggregate's result is shown: as its values are, if it is one of their kind."""
    if column.function in ("hist", "lhist"):
        return Decoding("histogram")
    if value is None or column.function not in _KEEPS_DECODING:
        return Decoding("number")
    decoding = value.decoding
    if decoding is None and isinstance(value.type, Int) and value.type.flavour is Flavour.DURATION:
        decoding = natural_decoding(DURATION)
    if decoding is None:
        return Decoding("number")
    if column.function == "avg":
        amounts = ("duration", "size")
        shown = decoding.decoder in amounts
        return Decoding("average", (decoding.decoder,)) if shown else Decoding("number")
    return decoding
