"""Integer expressions in the kernel against Python's exact ones, on values a process really passed.

The process calls prctl and lseek with numbers that they refuse; the arguments are the values.
"""

from __future__ import annotations

import random
import re
from itertools import chain
from typing import Final

import pytest

from tests.live.numbers64 import Number, choose, evaluate, typed
from tests.live.runs import Event, python_command, trace
from tests.processes import TracelangCommand

EDGES: Final = (
    0, 1, 2, 3, 7, 63, 64, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF,
    2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**63 - 1, 2**63, 2**64 - 7, 2**64 - 2, 2**64 - 1,
)  # fmt: skip
OPTIONS: Final = (-1, -7, -(2**31), 2**31 - 1, 1_000_000_007, -1_000)
"""What prctl refuses, whatever its other arguments."""

LETS: Final = """
let i = option
let u = arg2
let v = arg3
let s = cast(arg4, s64)
let t = cast(arg5, s64)
let w = cast(arg2, u32)
let x = cast(arg5, s32)
let b = cast(arg3, u8)
let c = cast(arg4, s8)
let h = cast(arg3, u16)
let g = cast(arg5, s16)
"""
NAMES: Final = "iuvstwxbchg"


def make_vectors() -> list[tuple[int, int, int, int, int]]:
    """Every edge in every place at least once, mixed."""
    dice = random.Random(64)
    columns = [dice.sample(EDGES, len(EDGES)) for _ in range(4)]
    options = [OPTIONS[n % len(OPTIONS)] for n in range(len(EDGES))]
    same = [(-1, edge, edge, edge, edge) for edge in EDGES[::3]]
    return [*zip(options, *columns, strict=True), *same]


VECTORS: Final = make_vectors()
WORK: Final = python_command(
    "import ctypes; call = ctypes.CDLL(None).prctl\n"
    f"for option, *rest in {VECTORS}: call(option, *map(ctypes.c_ulong, rest))"
)


def names_of(vector: tuple[int, int, int, int, int]) -> dict[str, Number]:
    option, arg2, arg3, arg4, arg5 = vector
    places = {
        "i": (option, "s32"), "u": (arg2, "u64"), "v": (arg3, "u64"), "s": (arg4, "s64"),
        "t": (arg5, "s64"), "w": (arg2, "u32"), "x": (arg5, "s32"), "b": (arg3, "u8"),
        "c": (arg4, "s8"), "h": (arg3, "u16"), "g": (arg5, "s16"),
    }  # fmt: skip
    return {name: typed(*place) for name, place in places.items()}


COLUMNS: Final = 20
"""A rule's expressions: with very many the verifier, which walks every branch of each, gives up."""


def captured(tracelang: TracelangCommand, expressions: list[str]) -> list[Event]:
    """Return an event for each vector, which holds every expression under its text."""
    rules = [expressions[n : n + COLUMNS] for n in range(0, len(expressions), COLUMNS)]
    events = trace(tracelang, LETS + " ".join(map(rule_of, rules)), "-c", WORK)
    assert len(events) == len(VECTORS) * len(rules)
    merged: list[Event] = []
    for at in range(0, len(events), len(rules)):
        values = [
            list(e.values())[-len(rules[n]) :] for n, e in enumerate(events[at : at + len(rules)])
        ]
        merged.append(dict(zip(expressions, chain.from_iterable(values), strict=True)))
    return merged


def rule_of(expressions: list[str]) -> str:
    columns = ", ".join(f"({text}) as e{n}" for n, text in enumerate(expressions))
    return f"probe syscall:prctl capture {columns}"


def check(tracelang: TracelangCommand, expressions: list[str]) -> None:
    """Capture every expression for every vector, and compare with what Python makes of it."""
    events = captured(tracelang, expressions)
    wrong = []
    for event, vector in zip(events, VECTORS, strict=True):
        names = names_of(vector)
        for text, got in event.items():
            expected = evaluate(text, names)
            if got != expected or type(got) is not type(expected):
                used = {n: names[n].value for n in NAMES if re.search(rf"\b{n}\b", text)}
                wrong.append(f"{text} is {expected}, not {got}, for {used}")
    assert not wrong, f"{len(wrong)} wrong, such as\n" + "\n".join(wrong[:12])


COMPARISONS: Final = ("==", "!=", "<", "<=", ">", ">=")


def test_values_keep_width_and_sign(tracelang: TracelangCommand) -> None:
    signs = ("", "-", "~", "- -", "~-", "-~")
    check(tracelang, [f"{sign}{name}" for sign in signs for name in NAMES])


def test_comparisons_of_values_compare_the_numbers(tracelang: TracelangCommand) -> None:
    pairs = list(zip("uussuisiwiwwwbchub", "vsutiuisiwxuscbgcs", strict=True))
    check(tracelang, [f"{a} {operator} {b}" for a, b in pairs for operator in COMPARISONS])


@pytest.mark.parametrize("name", ["u", "s", "i", "w", "b", "c"])
def test_comparisons_with_constants_on_either_side(tracelang: TracelangCommand, name: str) -> None:
    constants = ["0", "1", "-1", "127", "-128", "255", "-7", "2147483647", "-2147483648",
                 "4294967295", "9223372036854775807", "-9223372036854775808",
                 "9223372036854775808", "18446744073709551615"]  # fmt: skip
    texts = [f"{name} {COMPARISONS[n % 6]} {c}" for n, c in enumerate(constants * 3)]
    texts += [f"{c} {COMPARISONS[(n + 2) % 6]} {name}" for n, c in enumerate(constants * 3)]
    check(tracelang, list(dict.fromkeys(texts)))


def test_arithmetic_of_two_values(tracelang: TracelangCommand) -> None:
    pairs = list(zip("uusuicgx", "vstiwbts", strict=True))
    operators = ["+", "-", "*", "/", "%", "&", "|", "^", "<<", ">>"]
    check(tracelang, [f"{a} {operator} {b}" for a, b in pairs for operator in operators])


def test_arithmetic_with_constants(tracelang: TracelangCommand) -> None:
    texts = []
    for name in "usic":
        divisors = (1, -1, 3, -3, 10, "0x7fffffffffffffff")
        texts += [f"{name} {operator} {n}" for operator in ("/", "%") for n in divisors]
        texts += [f"{name} {operator} {n}" for operator in ("<<", ">>") for n in (0, 1, 31, 32, 63)]
        texts += [f"100 / {name}", f"-100 % {name}", f"1 << {name}", f"-1 >> {name}", f"5 - {name}"]
        texts += [f"{name} & 0xff", f"{name} | -2", f"{name} ^ -1", f"-({name} + 1)"]
    check(tracelang, texts)


def test_constants_are_computed_exactly(tracelang: TracelangCommand) -> None:
    check(tracelang, [
        "7 / 2", "-7 / 2", "7 / -2", "-7 / -2", "7 % 3", "-7 % 3", "7 % -3", "-7 % -3",
        "1 + 2 * 3", "(1 + 2) * 3", "1 << 4 + 1", "6 & 3 == 2", "1 | 2 ^ 3 & 4", "-2 * 3", "~5 + 1",
        "10 - 4 - 3", "100 / 10 / 5", "1 << 62", "1 << 64 - 1 - 1", "0xffffffffffffffff",
        "-9223372036854775808", "5 in (4, 5)", "5 not in (4, 6)", "not 0", "not 1 == 2",
        "1 < 2 and 2 < 1 or 3 < 4", "-1 < 0xffffffffffffffff",
        "-16 >> 2", "7 & ~2", "1 << 63", "-(~9223372036854775807)", "b < -(~9223372036854775807)",
        "9223372036854775807 + 1", "18446744073709551615 + 2", "18446744073709551615 - 1",
    ])  # fmt: skip


def test_logic_membership_and_choice(tracelang: TracelangCommand) -> None:
    check(tracelang, [
        "u < v and s < t", "u < v or s < t", "not u < v", "not (u < v and s < t)", "not u",
        "not not u", "not not (u and v)", "not not (u or s)", "u == v or u == 1 and s > 0",
        "(u == v or u == 1) and s > 0", "i in (-1, -7)", "i not in (-1, -7)",
        "u in (0, 18446744073709551615)", "s in (-1, 127, 128)",
        "c in (-1, 255)", "u in (v, 1)", "s not in (t, -2)", "w in (4294967295, -1)",
        "(u < v) + (s < t)", "(u < v) == (s < t)", "b + (c < 0) * 1000",
        "u > 5 and u / (u - 5) < 3", "-b < c", "b - h < 0", "u - v < 0", "u + 1 > u", "s + 1 > s",
    ])  # fmt: skip


def test_choices_take_the_common_type(tracelang: TracelangCommand) -> None:
    texts = [
        ("u", "v"),
        ("s", "t"),
        ("u", "s"),
        ("i", "s"),
        ("c", "b"),
        ("x", "-1"),
        ("u", "-1"),
        ("100", "s"),
    ]
    written = [f"{a} if u < v else {b}" for a, b in texts]
    nested = "b if s < 0 else c if u < v else i"
    events = captured(tracelang, [*written, nested])
    for event, vector in zip(events, VECTORS, strict=True):
        names = names_of(vector)
        expected = [
            choose(names["u"] < names["v"], _side(a, names), _side(b, names)).value
            for a, b in texts
        ]
        expected.append(int(evaluate(nested, names)))
        assert list(event.values()) == expected, names


def _side(text: str, names: dict[str, Number]) -> Number:
    return Number(evaluate(text, names), text in ("u", "v"))


FILTERS: Final = [
    "u < v", "s <= t", "i == -1", "not (u == v) and s != 0", "u in (0, 1, 18446744073709551615)",
    "s % 7 == 0", "(u & 0xff) == 0x80 or c < 0", "-1 < i", "s < u", "u / 3 > 100 and not b == 7",
    "x < 0 and w > 100", "(s if s > 0 else -s) > 127", "u", "not u", "h == 65535 or g == -32768",
]  # fmt: skip


def test_filters_keep_exactly_the_events_they_name(tracelang: TracelangCommand) -> None:
    rules = [f"probe syscall:prctl where {text} capture i, u, v, s, t" for text in FILTERS]
    events = trace(tracelang, LETS + " ".join(rules), "-c", WORK)
    for number, text in enumerate(FILTERS, 1):
        found = [tuple(e[n] for n in "iuvst") for e in events if e["rule"] == number]
        kept = [names for names in map(names_of, VECTORS) if evaluate(text, names)]
        assert found == [tuple(names[n].value for n in "iuvst") for names in kept], text


def test_random_expressions(tracelang: TracelangCommand) -> None:
    dice = random.Random(2026)
    check(tracelang, [random_expression(dice, 3) for _ in range(60)])


def random_expression(dice: random.Random, depth: int) -> str:
    if depth == 0 or dice.random() < 0.15:
        return dice.choice(NAMES) if dice.random() < 0.75 else str(dice.choice(EDGES))
    left, right = random_expression(dice, depth - 1), dice.choice(NAMES)
    if dice.random() < 0.5:
        right = random_expression(dice, depth - 1)
        left = dice.choice(NAMES)
    kind = dice.random()
    if kind < 0.15:
        return f"{dice.choice('-~')}({left})"
    if kind < 0.3:
        return f"({left} {dice.choice(COMPARISONS)} {right})"
    return f"({left} {dice.choice(['+', '-', '*', '/', '%', '&', '|', '^'])} {right})"
