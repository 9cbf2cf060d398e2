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
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import cast

import pytest

from tests.processes import SLOWNESS, Completed, TracelangCommand, finish

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([ROOT / "README.md", *ROOT.glob("docs/**/*.md")])
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
KNOWN_BLOCKS = {"sh", "python", "trace", "console", "text"}
EXPECTED_STATUS = re.compile(r"# exit status (\d+)\s*$")
AT_ONCE = 4
"""Commands that run at a time: much of what they do is to wait."""
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


def make_place(directory: Path) -> Path:
    """Fill a directory with what commands expect of the checkout; they may leave files in it."""
    for name in ("examples", "tests", "docs", "README.md", ".venv"):
        (directory / name).symlink_to(ROOT / name)
    wrapper = directory / "bin" / "tracelang"
    wrapper.parent.mkdir()
    wrapper.write_text(WRAPPER.format(real=Path(sys.executable).parent / "tracelang"))
    wrapper.chmod(0o755)
    return directory


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Such a directory for one test."""
    return make_place(tmp_path)


def run_command(command: str, place: Path, environment: Mapping[str, str]) -> Completed:
    path = f"{place / 'bin'}:{Path(sys.executable).parent}:{os.environ['PATH']}"
    process = subprocess.Popen(
        ["bash", "-ec", command],
        cwd=place,
        env=os.environ | dict(environment) | {"PATH": path},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    return finish(process)


@pytest.fixture(scope="session")
def results(
    request: pytest.FixtureRequest,
    tracelang: TracelangCommand,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Mapping[tuple[Path, str], Future[Completed]]]:
    """What the commands of the chosen tests leave: a few run at once, as most of them wait.

    They do not see each other: each traces its own processes only.
    """
    wanted = [
        cast(
            "tuple[Path, str]", (item.callspec.params["document"], item.callspec.params["command"])
        )
        for item in request.session.items
        if isinstance(item, pytest.Function)
        and getattr(item.function, "__name__", "") == "test_every_command_runs"
    ]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield {
            key: pool.submit(
                run_command,
                key[1],
                make_place(tmp_path_factory.mktemp("place")),
                tracelang.environment,
            )
            for key in wanted
        }
        pool.shutdown(cancel_futures=True)


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
    results: Mapping[tuple[Path, str], Future[Completed]], document: Path, command: str
) -> None:
    expected = EXPECTED_STATUS.search(command)
    done = results[document, command].result()
    assert done.status == (int(expected[1]) if expected else 0), done.stderr
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
        env=os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120 * SLOWNESS,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
