"""What any tracing language owes its user: `tests/cases/behaviour/*.case`, each a run of its own.

A case begins with its title behind `===`. `run:` are the arguments of `tracelang`; `work:` is
Python that runs as the traced command, each of its calls that fails being passed over. `stdin:`,
`status:` (0 unless said) and `stdout:`, `stderr:` (patterns, each to be found), `never:` (a pattern
that standard output must not have) and `file:` (a name in the case's folder and a pattern) say what
is expected. `see:` names the test that shows it where that is no single run.
"""

from __future__ import annotations

import ast
import re
import shlex
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Final

import pytest

from tests.live.runs import EXAMPLES
from tests.processes import Completed, TracelangCommand

ROOT: Final = Path(__file__).parents[2]
CASES: Final = ROOT / "tests/cases/behaviour"
_WORDS: Final = ("run", "work", "stdin", "status", "stdout", "stderr", "never", "file", "see")
_AT_ONCE: Final = 3
"""Runs spend half of their time waiting for the kernel to detach."""
_WORK: Final = """import os, subprocess, sys, time
def forgiving(call):
    def run(*a, **k):
        try: return call(*a, **k)
        except OSError: return None
    return run
os.getpgid, os.getpriority, open = map(forgiving, (os.getpgid, os.getpriority, open))
"""


class Case:
    """One promise: its title, and what is said of it by word."""

    def __init__(self, text: str) -> None:
        self.title, _, body = text.partition("\n")
        self.said: dict[str, list[str]] = {}
        for line in filter(None, body.splitlines()):
            word, _, rest = line.partition(": ")
            assert word in _WORDS, line
            self.said.setdefault(word, []).append(rest)

    def __str__(self) -> str:
        return self.title

    def one(self, word: str, default: str = "") -> str:
        """Return what is said once at most."""
        (text,) = self.said.get(word, [default])
        return text


def read_cases() -> list[Case]:
    """Return every case of every file."""
    texts = [path.read_text(encoding="utf-8") for path in sorted(CASES.glob("*.case"))]
    return [Case(t) for text in texts for t in re.split(r"^=== ", text, flags=re.M)[1:]]


ALL: Final = read_cases()
RUN: Final = [case for case in ALL if "run" in case.said]
SEEN: Final = [case for case in ALL if "see" in case.said]


def run_case(tracelang: TracelangCommand, case: Case, folder: Path) -> Completed:
    folder.mkdir()
    text = case.one("run").replace("{examples}", str(EXAMPLES)).replace("{tmp}", str(folder))
    arguments = shlex.split(text)
    if "work" in case.said:
        work = folder / "work.py"
        work.write_text(_WORK + case.one("work") + "\n")
        arguments += ["-c", shlex.join([sys.executable, "-S", str(work)])]
    return tracelang(*arguments, stdin=case.one("stdin"), cwd=folder)


@pytest.fixture(scope="module")
def runs(
    tracelang: TracelangCommand,
    tmp_path_factory: pytest.TempPathFactory,
    request: pytest.FixtureRequest,
) -> Iterator[dict[str, tuple[Path, Future[Completed]]]]:
    """The runs of all chosen tests, a few at a time, each in a folder of its own."""
    specs = (getattr(item, "callspec", None) for item in request.session.items)
    chosen = {id(spec.params.get("case")) for spec in specs if spec is not None}
    cases = [case for case in RUN if id(case) in chosen]
    folder = tmp_path_factory.mktemp("behaviour")
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        folders = {case.title: folder / str(number) for number, case in enumerate(cases)}
        started = {
            case.title: pool.submit(run_case, tracelang, case, folders[case.title])
            for case in cases
        }
        yield {title: (folders[title], future) for title, future in started.items()}
        pool.shutdown(cancel_futures=True)


@pytest.mark.parametrize("case", RUN, ids=str)
def test_owed(case: Case, runs: dict[str, tuple[Path, Future[Completed]]]) -> None:
    folder, future = runs[case.title]
    done = future.result()
    said = f"{done.stdout}\n--- standard error\n{done.stderr}"
    assert done.status == int(case.one("status", "0")), said
    for pattern in case.said.get("stdout", []):
        assert re.search(pattern, done.stdout.rstrip("\n"), re.M), f"no {pattern}\n{said}"
    for pattern in case.said.get("stderr", []):
        assert re.search(pattern, done.stderr, re.M), f"no {pattern}\n{said}"
    for pattern in case.said.get("never", []):
        assert not re.search(pattern, done.stdout, re.M), f"{pattern}\n{said}"
    for text in case.said.get("file", []):
        name, _, pattern = text.partition(" ")
        assert re.search(pattern, (folder / name).read_text(), re.M)


@pytest.mark.parametrize("case", SEEN, ids=str)
def test_owed_and_shown_elsewhere(case: Case) -> None:
    file, _, name = case.one("see").partition("::")
    module = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    assert name in {node.name for node in module.body if isinstance(node, ast.FunctionDef)}


def test_there_are_sixty() -> None:
    titles = [case.title for case in ALL]
    assert len(titles) == len(set(titles)) >= 60
