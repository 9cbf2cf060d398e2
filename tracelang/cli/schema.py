"""`tracelang schema`: the JSON Schema of what a script writes with `-o json`."""

from __future__ import annotations

import io
import json
from typing import Final

from tracelang.cli import options
from tracelang.launch.inputs import read_inputs
from tracelang.launch.kernels import open_kernel

_DESCRIPTION: Final = "Print the JSON Schema (2020-12) of the lines `-o json` writes."


def build_parser() -> options.Parser:
    """Return the command's parser."""
    parser = options.Parser(prog="tracelang schema", description=_DESCRIPTION, allow_abbrev=False)
    parser.add_argument("scripts", nargs="+", metavar="TEXT_OR_FILE", help="the script")
    options.add_kernel(parser)
    options.add_compiling(parser)
    parser.set_defaults(
        pid=None, follow=False, command=None, comm=None, cgroup=None, container=None
    )
    return parser


def execute(arguments: list[str]) -> int:
    """Run the command; return its exit status."""
    known, unknown = options.parse(build_parser(), arguments)
    given = options.script_arguments(unknown, known.own_options)
    from tracelang.decoders.protocol import DecodeContext
    from tracelang.pipeline import Compilation
    from tracelang.runtime.accounting import Accounting
    from tracelang.sinks.protocol import SinkSetup
    from tracelang.sinks.schema import schema_of

    wanted = options.launch_options(known, given).for_compiling()
    compilation = Compilation(read_inputs(known.scripts), open_kernel(known.kernel), wanted)
    outputs = compilation.plan.shown
    contexts = {
        o.rule: DecodeContext(lambda _ts: 0, lambda: 0, known.strlen, lambda: None, o.targets)
        for o in outputs
    }
    setup = SinkSetup(outputs, io.StringIO(), compilation.decoders, contexts)
    print(json.dumps(schema_of(setup, Accounting().counts()), indent=2))
    return 0
