"""Parameters: a script's options, their types, and the values a run gives them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from ipaddress import ip_address
from typing import Final

from tracelang.diagnostics import DiagnosticError, Reporter, fail
from tracelang.registry import nearest
from tracelang.semantic.model import Constant, ParamModel
from tracelang.semantic.texts import address_constant
from tracelang.semantic.types import DURATION, Text
from tracelang.semantic.values import boolean, integer
from tracelang.source import SourceFile, Span
from tracelang.syntax import ast
from tracelang.syntax.literals import BYTES, NANOSECONDS, parse_amount

TYPES: Final = ("int", "str", "bool", "duration", "size", "ip")
_EXPECTED: Final = {
    "int": "an integer such as 42 or 0x2a",
    "bool": "yes or no",
    "duration": "a duration such as 10ms",
    "size": "a size such as 4KiB",
    "ip": "an address such as 10.0.0.1",
}


def bind_params(
    params: tuple[ast.Param, ...], given: Mapping[str, str], reporter: Reporter
) -> tuple[tuple[ParamModel, ...], dict[str, Constant]]:
    """Return the script's parameters with this run's values, and each as a constant.

    `given` are the values from the command line by name, as text. An unknown name is U101, a value
    of the wrong type U102; a default that does not fit its declared type is T250.
    """
    models: list[ParamModel] = []
    constants: dict[str, Constant] = {}
    for param in params:
        try:
            model, constant = _bind(param, given.get(param.name))
        except DiagnosticError as error:
            reporter.add(*error.diagnostics)
            continue
        if param.name in constants:
            twice = fail("T251", f"the parameter `{param.name}` is declared twice", param.name_span)
            reporter.add(*twice.diagnostics)
        models.append(model)
        constants[param.name] = constant
    for name in given:
        if name not in {p.name for p in params}:
            reporter.add(*_unknown(name, [p.name for p in params]).diagnostics)
    return tuple(models), constants


def _unknown(name: str, known: list[str]) -> DiagnosticError:
    near = nearest(name, known)
    help_ = [f"did you mean {' or '.join(f'`--{n}`' for n in near)}?"] if near else []
    has = ", ".join(f"--{n}" for n in known) if known else "no options of its own"
    return fail("U101", f"the script has no option `--{name}`", help=[*help_, f"it has: {has}"])


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
        )
    constant = default if given is None else _from_text(param, type_, given)
    if type_ == "duration" and isinstance(constant.value, int):
        constant = replace(constant, type=DURATION)
    value = constant.value if given is None else given
    return ParamModel(param.name, type_, param.default.span.text, value, param.help), constant


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
    span = param.name_span
    try:
        return _parse(type_, text, span)
    except ValueError:
        raise fail(
            "U102",
            f"`--{param.name}` takes {_EXPECTED[type_]}, not `{text}`",
            Span(SourceFile(f"--{param.name}", text), 0, len(text)),
        ) from None


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
            return Constant(DURATION, parse_amount(text, NANOSECONDS), span=span)
        case "size":
            return integer(parse_amount(text, BYTES, "B"), span)
        case "ip":
            return address_constant(ip_address(text), span)
    return Constant(Text(len(text.encode())), text, span=span)
