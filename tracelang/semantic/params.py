"""Parameters: a script's options, their types, and the values a run gives them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from ipaddress import ip_address
from typing import Final

from tracelang.diagnostics import DiagnosticError, Reporter, fail
from tracelang.registry import did_you_mean, nearest
from tracelang.semantic.expressions import Constant
from tracelang.semantic.model import ParamModel
from tracelang.semantic.texts import address_constant
from tracelang.semantic.types import DURATION, Text
from tracelang.semantic.values import boolean, integer
from tracelang.source import SourceFile, Span
from tracelang.syntax import ast
from tracelang.syntax.literals import BYTES, NANOSECONDS, parse_amount

TYPES: Final = ("int", "str", "bool", "duration", "size", "ip")
EXPECTED: Final = {
    "int": "an integer such as 42 or 0x2a",
    "str": "a text",
    "bool": "yes or no",
    "duration": "a duration such as 10ms",
    "size": "a size such as 4KiB",
    "ip": "an address such as 10.0.0.1",
}


def bind_params(
    params: tuple[ast.Param, ...],
    given: Mapping[str, str],
    reporter: Reporter,
    own_options: tuple[str, ...] = (),
) -> tuple[tuple[ParamModel, ...], dict[str, Constant]]:
    """Return the script's parameters with this run's values, and each as a constant.

    `given` are the values from the command line by name, as text. An unknown name is U101, a value
    of the wrong type U102; a default that does not fit its declared type is T250. `own_options` are
    those of the command itself, for hints.
    """
    models: list[ParamModel] = []
    constants: dict[str, Constant] = {}
    for param in params:
        try:
            model, constant = _bind(param, given.get(param.name))
        except DiagnosticError as error:
            reporter.add(*error.diagnostics)
            # The name is known all the same: where it is used is not wrong as well.
            constants[param.name] = _literal(param.default)[0]
            continue
        models.append(model)
        constants[param.name] = constant
    for name in given:
        if name not in {p.name for p in params}:
            reporter.add(*_unknown(name, [p.name for p in params], own_options).diagnostics)
    return tuple(models), constants


def _unknown(name: str, known: list[str], others: tuple[str, ...]) -> DiagnosticError:
    near = nearest(_spell(name), [*map(_spell, known), *others])
    help_ = did_you_mean(near, "--")
    has = ", ".join(f"`--{_spell(n)}`" for n in known)
    help_.append(f"it has: {has}" if known else "it has no options of its own")
    return fail("U101", f"the script has no option `--{_spell(name)}`", help=help_)


def _spell(name: str) -> str:
    """Return a param's name as its option is written."""
    return name.replace("_", "-")


def _bind(param: ast.Param, given: str | None) -> tuple[ParamModel, Constant]:
    default, inferred = _literal(param.default)
    type_ = param.type or inferred
    if type_ not in TYPES:
        raise fail(
            "T250",
            f"`{type_}` is not a type of parameters",
            param.span,
            help=[f"the types are: {', '.join(TYPES)}"],
        )
    if type_ != inferred and not (inferred == "int" and type_ in ("size", "bool", "duration")):
        raise fail(
            "T250",
            f"the default of `{param.name}` is of type {inferred}, declared is {type_}",
            param.default.span,
            help=[f"give it {EXPECTED[type_]}, or declare it `{inferred}`"],
        )
    if type_ == "bool":
        default = _truth(default, param)
    constant = default if given is None else _from_text(param, type_, given)
    if type_ == "duration" and isinstance(constant.value, int):
        constant = replace(constant, type=DURATION)
    value = constant.value if given is None else given
    return ParamModel(param.name, type_, param.default.span.text, value, param.help), constant


def _truth(default: Constant, param: ast.Param) -> Constant:
    if default.value not in (0, 1):
        raise fail(
            "T250",
            f"the default of `{param.name}` is neither true nor false",
            param.default.span,
            help=["write `true` or `false`, or declare it `int`"],
        )
    return boolean(default.value, param.default.span)


def _literal(expr: ast.Expr) -> tuple[Constant, str]:
    match expr:
        case ast.Integer(value):
            return integer(value, expr.span), "int"
        case ast.Unary("-", ast.Integer(value)):
            return integer(-value, expr.span), "int"
        case ast.String(text):
            return Constant(Text(len(text.encode())), text, span=expr.span), "str"
        case ast.Duration(_, _, nanoseconds):
            return Constant(DURATION, nanoseconds, span=expr.span), "duration"
        case ast.Size(_, _, size):
            return integer(size, expr.span), "size"
        case ast.Address(address):
            return address_constant(address, expr.span), "ip"
        case ast.Name("true" | "false" as word):
            return boolean(word == "true", expr.span), "bool"
    raise fail("T250", "a parameter's default is a literal", expr.span)


def _from_text(param: ast.Param, type_: str, text: str) -> Constant:
    option = f"--{_spell(param.name)}"
    try:
        constant = _parse(type_, text, param.name_span)
    except ValueError:
        given = f"not `{text}`" if text else "and nothing was given"
        raise fail(
            "U102", f"`{option}` takes {EXPECTED[type_]}, {given}", _all_of(option, text)
        ) from None
    if isinstance(constant.value, int) and not -(1 << 63) <= constant.value < 1 << 64:
        raise fail("U102", f"`{option}` takes at most 64 bits, not `{text}`", _all_of(option, text))
    return constant


def _all_of(option: str, text: str) -> Span | None:
    """Return the whole of an option's value as a place, or None where nothing was given."""
    return Span(SourceFile(option, text), 0, len(text)) if text else None


def _parse(type_: str, text: str, span: Span) -> Constant:
    match type_:
        case "int":
            return integer(int(text, 0), span)
        case "bool":
            words = {"yes": 1, "true": 1, "1": 1, "on": 1, "no": 0, "false": 0, "0": 0, "off": 0}
            if text.lower() not in words:
                raise ValueError(text)
            return boolean(words[text.lower()], span)
        case "duration":
            # Nothing is nothing in every unit.
            amount = 0 if text == "0" else parse_amount(text, NANOSECONDS)
            return Constant(DURATION, amount, span=span)
        case "size":
            return integer(parse_amount(text, BYTES, "B"), span)
        case "ip":
            return address_constant(ip_address(text), span)
    return Constant(Text(len(text.encode())), text, span=span)
