"""`tracelang check`: everything short of loading, without root."""

from __future__ import annotations

import sys
from typing import Final

from tracelang.cli import options
from tracelang.diagnostics import DiagnosticError, fail
from tracelang.launch.compile import ScriptCompiler
from tracelang.launch.inputs import read_inputs
from tracelang.launch.kernels import open_kernel
from tracelang.render import show

_DESCRIPTION: Final = "Check scripts without running them; no root is needed."


def build_parser() -> options.Parser:
    """Return the parser of the command's options."""
    parser = options.Parser(prog="tracelang check", description=_DESCRIPTION, allow_abbrev=False)
    parser.add_argument(
        "scripts", nargs="+", metavar="FILE", help="scripts, or one-liners in quotes"
    )
    parser.add_argument("-q", dest="quiet", action="store_true", help="say nothing of good scripts")
    options.add_kernel(parser)
    options.add_compiling(parser)
    return parser


def execute(arguments: list[str]) -> int:
    """Run the command; return its exit status: the worst of all scripts."""
    parser = build_parser()
    known, unknown = options.parse(parser, arguments)
    given = options.script_arguments(unknown, ())
    if not known.scripts:
        raise fail("U100", "no script is given")
    wanted = options.launch_options(known, given)
    if known.kernel is not None:
        compiler = ScriptCompiler(None, open_kernel(known.kernel))
    else:
        compiler = ScriptCompiler.open(wanted)
    worst = 0
    for text in known.scripts:
        try:
            sources = read_inputs([text])
            script = compiler.check(sources, wanted)
            show(script.warnings)
            if not known.quiet:
                count = len(script.plan.attachments)
                print(f"{sources[0].name}: ok, {count} probe{'s' * (count != 1)}")
        except DiagnosticError as error:
            sys.stdout.flush()
            show(error.diagnostics)
            worst = max(worst, error.status)
    return worst
