"""Scripts that the documentation shows without running them are right for Debian's kernel.

These are the `trace` blocks, and the commands in the last column of tables.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cases.compiling import Conditions, compile_case
from tracelang.cli.options import launch_options, parse
from tracelang.cli.run import build_parser

DOCS = Path(__file__).parents[2] / "docs"
KERNEL = "debian-6.1"
BLOCK = re.compile(r"^```trace\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ROW = re.compile(r"\| `(tracelang [^`]*)` \|$", re.MULTILINE)


def commands() -> Iterator[tuple[str, str]]:
    """Yield the page and text of each command in a table."""
    for page in sorted(DOCS.glob("*.md")):
        for command in ROW.findall(page.read_text(encoding="utf-8")):
            yield page.name, command.replace("\\|", "|")


def blocks() -> Iterator[tuple[str, str]]:
    """Yield the page and text of each script."""
    for page in sorted(DOCS.glob("*.md")):
        for script in BLOCK.findall(page.read_text(encoding="utf-8")):
            yield page.name, script


COMMANDS, BLOCKS = list(commands()), list(blocks())


def test_there_are_some() -> None:
    assert len([page for page, _ in COMMANDS if page == "coming-from.md"]) > 40
    assert BLOCKS


@pytest.mark.parametrize(("page", "command"), COMMANDS, ids=str)
def test_a_command_is_right(page: str, command: str) -> None:
    known, unknown = parse(build_parser(), shlex.split(command)[1:])
    assert (unknown, len(known.scripts)) == ([], 1)
    assert launch_options(known, {})
    assert compile_case(known.scripts[0], Conditions(KERNEL)).artifact.c_text


@pytest.mark.parametrize(("page", "script"), BLOCKS, ids=str)
def test_a_script_is_right(page: str, script: str) -> None:
    assert compile_case(script, Conditions(KERNEL)).artifact.c_text
