"""`tracelang fmt`: scripts in the canonical layout."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from tracelang.cli import options
from tracelang.launch.inputs import read_inputs

_DESCRIPTION: Final = (
    "Lay scripts out in the canonical way. Files are rewritten; text goes to standard output."
)


def build_parser() -> options.Parser:
    """Return the parser of the command's options."""
    parser = options.Parser(prog="tracelang fmt", description=_DESCRIPTION, allow_abbrev=False)
    parser.add_argument(
        "scripts", nargs="+", metavar="FILE", help="files, `-`, or one-liners in quotes"
    )
    parser.add_argument(
        "--check", action="store_true", help="change nothing, name what would change"
    )
    return parser


def execute(arguments: list[str]) -> int:
    """Run the command; with `--check`, the status is 1 when a file would change."""
    known = build_parser().parse_args(arguments)
    from tracelang.syntax.format import format_script
    from tracelang.syntax.parse import parse_script

    status = 0
    for source in read_inputs(known.scripts):
        text = format_script(parse_script(source))
        if source.name.startswith("<"):
            sys.stdout.write(text)
        elif text != source.text and known.check:
            print(f"{source.name}: not in the canonical layout")
            status = 1
        elif text != source.text:
            Path(source.name).write_text(text, encoding="utf-8")
            print(f"{source.name}: laid out anew")
    return status
