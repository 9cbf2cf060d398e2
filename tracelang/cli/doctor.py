"""`tracelang doctor`: what this machine allows, tried and not guessed, and what mends it."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Final

from tracelang.cli import options
from tracelang.cli.doctor_kernel import check_kernel, check_probes, check_rights
from tracelang.cli.doctor_software import check_software
from tracelang.cli.doctor_trial import try_tracing
from tracelang.cli.finding import Verdict, as_data, render_findings
from tracelang.kernel.live import LiveKernel
from tracelang.render import Painter, wants_colour, width_of

_DESCRIPTION: Final = """\
Look at what tracing needs on this machine. Each way to trace is tried, not guessed,
and nothing is changed. With each thing that is missing comes what would mend it."""

_EPILOG: Final = "exit status: 0 when scripts can be run here, 3 when not"
_CANNOT: Final = 3


def build_parser() -> options.Parser:
    """Return the parser of the command's options."""
    parser = options.Parser(
        prog="tracelang doctor",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--json", action="store_true", help="the same as data, for programs")
    return parser


def execute(arguments: list[str]) -> int:
    """Run the command; return 0 when tracing is possible, 3 when not."""
    known = build_parser().parse_args(arguments)
    # Not `open_kernel`: that would mount tracefs, and a doctor only looks.
    kernel = LiveKernel()
    trial = try_tracing(kernel)
    findings = [
        *check_kernel(kernel),
        *check_probes(kernel),
        *check_rights(kernel),
        *check_software(),
        trial,
    ]
    possible = trial.verdict is not Verdict.MISSING
    if known.json:
        print(json.dumps({"possible": possible, "findings": as_data(findings)}, indent=2))
    else:
        print(render_findings(findings, Painter(on=wants_colour(sys.stdout)), width_of(sys.stdout)))
        print("Scripts can be run here." if possible else "Scripts cannot be run here, see above.")
    sys.stdout.flush()
    return 0 if possible else _CANNOT
