"""`tracelang explain`: a script in words: where each part runs, what is attached, how and why."""

from __future__ import annotations

import argparse
import sys
from typing import Final

from tracelang.cli import options
from tracelang.explain.script import explain_script
from tracelang.launch.inputs import read_inputs
from tracelang.launch.kernels import open_kernel
from tracelang.launch.processes import choose_processes
from tracelang.pipeline import Compilation
from tracelang.render import Painter, print_fitted, show, wants_colour

_DESCRIPTION: Final = """\
Say in words what a script does here: what it attaches to and why in that way, where each
condition is judged and what it reads, and what an event holds. Nothing is loaded: no root
is needed where the kernel lets its tracepoints be read, or with --kernel."""


def execute(arguments: list[str]) -> int:
    """Run the command; return its exit status."""
    parser = build_parser()
    known, unknown = options.parse(parser, arguments)
    given = options.script_arguments(unknown, tuple(parser._option_string_actions))
    sources = read_inputs(known.scripts)
    wanted = options.launch_options(known, given)
    processes, _ = choose_processes(wanted)
    compilation = Compilation(sources, open_kernel(known.kernel), wanted.for_compiling(processes))
    explain(compilation, known.buffer)
    return 0


def explain(compilation: Compilation, buffer: int | None) -> None:
    """Print what a script does, and its warnings; `buffer` is the size asked for, if one is."""
    paint = Painter(on=wants_colour(sys.stdout))
    # All of it is worked out before the first line: a script with mistakes is not half explained.
    text = "\n".join(explain_script(compilation, buffer, paint))
    print_fitted(text)
    sys.stdout.flush()
    show(compilation.warnings)


def build_parser() -> options.Parser:
    """Return the parser of the command's options."""
    parser = options.Parser(
        prog="tracelang explain",
        description=_DESCRIPTION,
        epilog="A script's own options are taken as well: --NAME VALUE.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("scripts", nargs="+", metavar="TEXT_OR_FILE", help="one-liners, files, or `-`")
    who = parser.add_argument_group("which processes, as for `run`").add_argument
    who("-c", dest="command", metavar="CMD", help="those of a command")
    who("-p", dest="pid", metavar="PID", help="one process")
    who("--follow", action="store_true", help="with -p: its descendants too")
    who("--comm", metavar="NAME", help="tasks of that name")
    who("--cgroup", metavar="PATH", help="members of a cgroup")
    who("--container", metavar="ID", help="a container")
    tune = parser.add_argument_group("fine points")
    options.add_compiling(tune)
    about = "bytes for events on their way"
    tune.add_argument("--buffer", metavar="SIZE", type=options.size, help=about)
    options.add_kernel(tune)
    return parser
