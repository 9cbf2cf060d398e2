"""`doctor` on bcc: real Pythons that have it, have none, have another's, or die of it."""

from __future__ import annotations

import sys
from pathlib import Path

from tracelang.cli.doctor_software import check_bcc
from tracelang.cli.finding import Verdict


def python_with(tmp_path: Path, packages: dict[str, str]) -> str:
    """A Python that sees these modules and no other bcc."""
    library = tmp_path / "library"
    for name, text in packages.items():
        file = library / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    library.mkdir(exist_ok=True)
    script = tmp_path / "python"
    # -S: without site-packages, so that only the given modules are found.
    script.write_text(f'#!/bin/sh\nPYTHONPATH={library} exec {sys.executable} -S "$@"\n')
    script.chmod(0o755)
    return str(script)


def test_no_bcc_is_missing_with_the_command_that_installs_it(tmp_path: Path) -> None:
    found = check_bcc(python_with(tmp_path, {}))
    assert found.verdict is Verdict.MISSING
    assert found.remedy.startswith(("sudo apt-get install", "/usr/bin/python3 -m venv"))


def test_another_project_of_that_name_is_recognised(tmp_path: Path) -> None:
    found = check_bcc(python_with(tmp_path, {"bcc/__init__.py": "__version__ = '0.1.10'\n"}))
    assert found.verdict is Verdict.MISSING
    assert "another project" in found.detail
    assert found.remedy.endswith("-m pip uninstall bcc")


def test_a_bcc_that_ends_the_process_is_survived(tmp_path: Path) -> None:
    text = "import os\nos._exit(9)\n"
    found = check_bcc(python_with(tmp_path, {"bcc/__init__.py": text, "bcc/libbcc.py": ""}))
    assert (found.verdict, found.detail) == (Verdict.MISSING, "importing it ended the process")


def test_a_genuine_one_tells_its_version(tmp_path: Path) -> None:
    packages = {"bcc/__init__.py": "__version__ = '0.99.0'\n", "bcc/libbcc.py": "lib = None\n"}
    found = check_bcc(python_with(tmp_path, packages))
    assert (found.verdict, found.detail, found.remedy) == (Verdict.OK, "0.99.0", "")


def test_a_python_that_is_not_there_is_no_crash(tmp_path: Path) -> None:
    assert check_bcc(str(tmp_path / "none")).verdict is Verdict.MISSING


def test_nothing_stays_open() -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    check_bcc(sys.executable)
    assert len(list(Path("/proc/self/fd").iterdir())) == before
