"""`tracelang SCRIPT --help`: what a script says of itself; it is only parsed."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Final

from tracelang.source import SourceFile
from tracelang.syntax import ast
from tracelang.syntax.parse import parse_script

_WIDTH: Final = 100
_WIDEST_OPTION: Final = 28
_WORDS: Final = {
    "int": "N",
    "str": "TEXT",
    "bool": "yes|no",
    "duration": "DURATION",
    "size": "SIZE",
    "ip": "ADDRESS",
}


def print_script_help(source: SourceFile) -> None:
    """Print a script's description, usage, params as options, and probes.

    Raises `DiagnosticError` (T1xx) for what is no script.
    """
    print(describe_script(parse_script(source)), end="")


def describe_script(script: ast.Script) -> str:
    """Return the help text of a parsed script, ending in a newline."""
    params = [item for item in script.items if isinstance(item, ast.Param)]
    parts = [_usage(script.source.name, params)]
    if script.description:
        parts.insert(0, script.description.strip())
    if params:
        options = [_option(p) for p in params]
        width = min(_WIDEST_OPTION, max(len(left) for left, _ in options)) + 2
        parts.append("\n".join(["options:", *(_line(*option, width) for option in options)]))
    probes = list(dict.fromkeys(_probes(script)))
    if probes:
        parts.append("\n".join(["probes:", *(f"  {probe}" for probe in probes)]))
    stops = [f"  {_stop(item)}" for item in script.items if isinstance(item, ast.Stop)]
    if stops:
        parts.append("\n".join(["ends by itself:", *stops]))
    parts.append("`tracelang run --help` lists the options that every script has.")
    return "\n\n".join(parts) + "\n"


def _usage(name: str, params: list[ast.Param]) -> str:
    own = "".join(f" [{_option(p)[0]}]" for p in params)
    written = name if not name.startswith("<") else "SCRIPT"
    return textwrap.fill(
        f"usage: tracelang {written}{own} [options of `run`]",
        _WIDTH,
        subsequent_indent=" " * 17,
        break_on_hyphens=False,
        break_long_words=False,
    )


def _option(param: ast.Param) -> tuple[str, str]:
    """Return a param as an option, and what there is to say of it."""
    type_ = param.type or _type_of(param.default)
    default = f"(default {_text(param.default)})"
    about = f"{param.help} {default}" if param.help else default
    return f"--{param.name.replace('_', '-')} {_WORDS.get(type_, type_.upper())}", about


def _text(default: ast.Expr) -> str:
    if isinstance(default, ast.String):
        return f'"{default.value}"'
    return " ".join(default.span.text.split())


def _type_of(default: ast.Expr) -> str:
    """Return the type a literal has where none is declared."""
    match default:
        case ast.String():
            return "str"
        case ast.Duration():
            return "duration"
        case ast.Size():
            return "size"
        case ast.Address():
            return "ip"
        case ast.Name():
            return "bool"
    return "int"


def _line(left: str, about: str, width: int) -> str:
    """Lay out one option; an option too wide for its column has its text on the next line."""
    margin = " " * (width + 2)
    body = textwrap.fill(
        about, _WIDTH, initial_indent=margin, subsequent_indent=margin, break_on_hyphens=False
    )
    if len(left) > width - 2:
        return f"  {left}\n{body}"
    return f"  {left:<{width}}{body.lstrip()}"


def _probes(script: ast.Script) -> Iterator[str]:
    """Yield the targets as written, with alternatives and declared arguments."""
    for item in script.items:
        match item:
            case ast.ProbeRule(targets):
                yield from map(_choice, targets)
            case ast.SpanRule(targets, legs):
                yield from (f"span {_choice(t)}" for t in targets)
                for leg in legs:
                    yield from (f"span {leg.role.value} {_choice(t)}" for t in leg.targets)


def _choice(choice: ast.TargetChoice) -> str:
    return " or ".join(_target(option) for option in choice.options)


def _target(target: ast.Target) -> str:
    return f"--{target.param}" if target.param else " ".join(target.span.text.split())


def _stop(stop: ast.Stop) -> str:
    if stop.after is not None:
        return f"after {stop.after.amount}{stop.after.unit}"
    return f"after {stop.events:,} events"
