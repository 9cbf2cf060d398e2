"""`tracelang emit`: any stage of a compilation, as text."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from typing import Final

from tracelang.cli import options
from tracelang.launch.compile import ScriptCompiler
from tracelang.launch.inputs import read_inputs
from tracelang.launch.kernels import open_kernel
from tracelang.pipeline import Compilation
from tracelang.render import show

_DESCRIPTION: Final = "Show a stage of the compilation."


def build_parser() -> options.Parser:
    """Return the parser of the command's options."""
    parser = options.Parser(prog="tracelang emit", description=_DESCRIPTION, allow_abbrev=False)
    parser.add_argument("stage", choices=tuple(_STAGES), help="which stage")
    parser.add_argument("scripts", nargs="+", metavar="TEXT_OR_FILE", help="the script")
    options.add_kernel(parser)
    options.add_compiling(parser)
    return parser


def execute(arguments: list[str]) -> int:
    """Run the command; return its exit status."""
    parser = build_parser()
    known, unknown = options.parse(parser, arguments)
    given = options.script_arguments(unknown, ())
    print(_STAGES[known.stage](known, given), end="")
    return 0


def _compile(known: argparse.Namespace, given: Mapping[str, str]) -> Compilation:
    sources = read_inputs(known.scripts)
    wanted = options.launch_options(known, given)
    return Compilation(sources, open_kernel(known.kernel), wanted.for_compiling())


def _ast(known: argparse.Namespace, given: Mapping[str, str]) -> str:
    from tracelang.cli.dump import dump

    return dump(_compile(known, given).ast)


def _plan(known: argparse.Namespace, given: Mapping[str, str]) -> str:
    from tracelang.cli.dump import dump

    return dump(_compile(known, given).plan)


def _c(known: argparse.Namespace, given: Mapping[str, str]) -> str:
    return _compile(known, given).artifact.c_text


def _ctypes(known: argparse.Namespace, given: Mapping[str, str]) -> str:
    return _compile(known, given).artifact.ctypes_text


def _asm(known: argparse.Namespace, given: Mapping[str, str]) -> str:
    from tracelang.build.disassemble import disassemble

    wanted = options.launch_options(known, given)
    with ScriptCompiler.open(wanted) as compiler:
        script = compiler.compile(read_inputs(known.scripts), wanted)
    show(script.warnings)
    return disassemble(script.built)


_STAGES: Final[Mapping[str, Callable[[argparse.Namespace, Mapping[str, str]], str]]] = {
    "ast": _ast,
    "plan": _plan,
    "c": _c,
    "ctypes": _ctypes,
    "asm": _asm,
}
