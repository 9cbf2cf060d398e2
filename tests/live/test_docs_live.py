"""Every command in the README and the documentation runs as it stands there.

A fenced block marked `sh` holds commands that are run, in a directory like the checkout; the
`python` blocks of a page are one program, which is run. `trace` is a script, which
`tests/cases/test_docs_scripts.py` checks, `console` shows a terminal and `text` anything else.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes import SLOWNESS, TracelangCommand

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([ROOT / "README.md", *ROOT.glob("docs/**/*.md")])
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
KNOWN_BLOCKS = {"sh", "python", "trace", "console", "text"}
EXPECTED_STATUS = re.compile(r"# exit status (\d+)\s*$")
LINK = re.compile(r"\]\((?!https?:)([^)#]+)")


# Documents trace the whole machine, for a second or so; a test may look at its own processes only,
# and there is nothing to wait for.
WRAPPER = """#!/bin/sh
case " $* " in *" -c "* | *" -p "* | *" --help "*) exec {real} "$@" ;; esac
case "$1" in
    run | list | describe | check | explain | replay | schema) exec {real} "$@" ;;
    emit | fmt | doctor | record-kernel | -*) exec {real} "$@" ;;
esac
case " $* " in *" -d "*) exec {real} "$@" -p $PPID --follow -d 200ms ;; esac
exec {real} "$@" -p $PPID --follow
"""


def blocks(document: Path) -> list[tuple[str, str]]:
    return [(found[1], found[2]) for found in BLOCK.finditer(document.read_text())]


def commands(document: Path) -> Iterator[str]:
    """Yield the commands of the `sh` blocks; a block that writes a file is one command."""
    for language, text in blocks(document):
        if language == "sh":
            writes = "<<" in text or " -w " in text
            yield from [text] if writes else split_lines(text)


def split_lines(text: str) -> Iterator[str]:
    """Yield a block's commands: one whose quotes are open goes on in the next line."""
    waiting = ""
    for line in text.splitlines(keepends=True):
        waiting += line
        if waiting.count("'") % 2 == 0 and not line.endswith("\\\n"):
            yield waiting.rstrip("\n")
            waiting = ""
    assert not waiting, f"an open quote: {waiting}"


def name_of(document: Path) -> str:
    return str(document.relative_to(ROOT))


ALL = [(document, command) for document in DOCUMENTS for command in commands(document)]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A directory with what the commands expect of the checkout, where they may leave files."""
    for name in ("examples", "tests", "docs", "README.md", ".venv"):
        (tmp_path / name).symlink_to(ROOT / name)
    wrapper = tmp_path / "bin" / "tracelang"
    wrapper.parent.mkdir()
    wrapper.write_text(WRAPPER.format(real=Path(sys.executable).parent / "tracelang"))
    wrapper.chmod(0o755)
    return tmp_path


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_every_block_says_what_it_is(document: Path) -> None:
    assert {language for language, _ in blocks(document)} <= KNOWN_BLOCKS


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_every_link_leads_somewhere(document: Path) -> None:
    for target in LINK.findall(document.read_text()):
        assert (document.parent / target).exists(), target


@pytest.mark.parametrize(
    ("document", "command"), ALL, ids=[f"{name_of(d)}: {c.splitlines()[0][:60]}" for d, c in ALL]
)
def test_every_command_runs(
    tracelang: TracelangCommand, place: Path, document: Path, command: str
) -> None:
    expected = EXPECTED_STATUS.search(command)
    done = subprocess.run(
        ["bash", "-ec", command],
        cwd=place,
        env=os.environ
        | dict(tracelang.environment)
        | {"PATH": f"{place / 'bin'}:{Path(sys.executable).parent}:{os.environ['PATH']}"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60 * SLOWNESS,
        check=False,
    )
    assert done.returncode == (int(expected[1]) if expected else 0), done.stderr
    assert "Traceback" not in done.stderr
    if not expected:
        assert "error[" not in done.stderr


PROGRAMS = [d for d in DOCUMENTS if any(language == "python" for language, _ in blocks(d))]


@pytest.mark.parametrize("document", PROGRAMS, ids=name_of)
def test_the_python_of_a_page_runs(place: Path, document: Path) -> None:
    parts = [text for language, text in blocks(document) if language == "python"]
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", "\n".join(parts)],
        cwd=place,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120 * SLOWNESS,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
