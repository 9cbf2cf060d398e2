"""`tracelang explain`: a script in words: where each part runs, what is attached, how and why."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from tracelang.cli import options
from tracelang.cli.compile import make_options
from tracelang.cli.explain_rule import Explainer, RuleText
from tracelang.cli.inputs import read_inputs
from tracelang.cli.kernels import open_kernel
from tracelang.cli.processes import choose_processes
from tracelang.cli.render import Painter, show, wants_colour
from tracelang.cli.run import default_buffer
from tracelang.pipeline import Compilation
from tracelang.syntax import ast

if TYPE_CHECKING:
    from tracelang.plan.processes import ProcessFilter

_DESCRIPTION: Final = """\
Say in words what a script does here: what it attaches to and why in that way, where each
condition is judged and what it reads, and what an event holds. Nothing is loaded: no root
is needed where the kernel lets its tracepoints be read, or with --kernel."""

_BOLD: Final = "1"
_SECOND: Final = 10**9


def execute(arguments: list[str]) -> int:
    """Run the command; return its exit status."""
    parser = _parser()
    known, unknown = options.parse(parser, arguments)
    given = options.script_arguments(unknown, tuple(parser._option_string_actions))
    sources = read_inputs(known.scripts)
    processes, _ = choose_processes(known)
    kernel = open_kernel(known.kernel)
    compilation = Compilation(sources, kernel, make_options(known, given, processes))
    paint = Painter(on=wants_colour(sys.stdout))
    # All of it is worked out before the first line: a script with mistakes is not half explained.
    text = "\n".join(_explain(compilation, known, paint))
    print(text)
    sys.stdout.flush()
    show(compilation.warnings)
    return 0


def _parser() -> options.Parser:
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


def _explain(compilation: Compilation, known: argparse.Namespace, paint: Painter) -> Iterator[str]:
    kernel, model, plan = compilation.kernel, compilation.model, compilation.plan
    yield f"{compilation.name} on Linux {kernel.release} ({kernel.architecture})"
    for param in model.params:
        value = compilation.options.binding.arguments.get(param.name, param.default)
        yield f"  option --{param.name.replace('_', '-')} is {value}: a constant in the program"
    written = [
        item for item in compilation.ast.items if isinstance(item, ast.ProbeRule | ast.SpanRule)
    ]
    explainer = Explainer(kernel, compilation.decoders, known.prefer)
    for rule in model.rules:
        text = RuleText(written[rule.number], rule, plan.outputs[rule.number])
        span = rule.span
        head = f"rule {rule.number + 1}" + (
            f", line {span.line}" if "\n" in span.source.text.strip() else ""
        )
        yield ""
        yield paint(head, _BOLD)
        yield from explainer.explain(text)
    yield ""
    yield paint("the run", _BOLD)
    yield f"  processes  {_processes(compilation.options.processes)}"
    yield f"  transport  {_transport(plan.transport, known.buffer or default_buffer())}"
    yield f"  ends       {_end(plan.stop_after, plan.stop_events)}"


def _processes(wanted: ProcessFilter) -> str:
    parts = []
    if wanted.follow:
        parts.append("those followed: the processes named and their descendants")
    elif wanted.pid is not None:
        parts.append(f"process {wanted.pid}")
    if wanted.cgroup is not None:
        parts.append(f"members of the cgroup with id {wanted.cgroup} and of those below it")
    if wanted.comm is not None:
        parts.append(f"tasks called `{wanted.comm}`")
    if not parts:
        return "all"
    return f"{', and '.join(parts)}; judged first, in the kernel"


def _transport(name: str, size: int) -> str:
    amount = f"{size // (1 << 20)} MiB" if size >= 1 << 20 else f"{size:,} bytes"
    if name == "ring":
        return (
            f"a ring buffer of {amount} for all processors, emptied by a timer; losses are counted"
        )
    return f"perf buffers of {amount} together, one for each processor; losses are counted"


def _end(after: int | None, events: int | None) -> str:
    parts = []
    if after is not None:
        parts.append(f"after {after / _SECOND:g} s")
    if events is not None:
        parts.append(f"after {events:,} events")
    return " or ".join([*parts, "by Ctrl-C"])
