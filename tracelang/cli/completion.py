"""`tracelang completion`: the script that teaches a shell to complete tracelang."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

from tracelang.cli import options

SHELLS: Final = ("bash", "zsh", "fish")
_DESCRIPTION: Final = """\
Print what teaches a shell to complete commands, options, a script's own options, and targets,
fields and words inside a one-liner in quotes. To have it in every shell:

  bash   echo 'eval "$(tracelang completion bash)"' >> ~/.bashrc
  zsh    echo 'eval "$(tracelang completion zsh)"' >> ~/.zshrc       (below compinit)
  fish   echo 'tracelang completion fish | source' >> ~/.config/fish/config.fish"""


def build_parser() -> options.Parser:
    """Return the parser of the command's options."""
    parser = options.Parser(
        prog="tracelang completion",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("shell", choices=SHELLS, help="which shell")
    return parser


def execute(arguments: list[str]) -> int:
    """Run the command; return its exit status."""
    known = build_parser().parse_args(arguments)
    print((Path(__file__).parent / "shells" / known.shell).read_text(encoding="utf-8"), end="")
    return 0
