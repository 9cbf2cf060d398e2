"""The wheel holds all it needs, and works installed, away from the checkout."""

from __future__ import annotations

import re
import tomllib
import zipfile
from pathlib import Path

import pytest

from scripts.tool_table import MISSING
from tests.packaging.conftest import ROOT, Installed

_DATA = ("grammar", "codegen_templates", "page_templates", "examples")
_EXAMPLES = sorted((ROOT / "examples").rglob("*.trace"))


@pytest.mark.parametrize("directory", _DATA)
def test_it_holds_every_data_file(wheel: Path, directory: str) -> None:
    files = [p for p in (ROOT / directory).rglob("*") if p.is_file()]
    assert files, f"{directory}/ is empty"
    with zipfile.ZipFile(wheel) as archive:
        held = set(archive.namelist())
    assert {f"tracelang/_data/{p.relative_to(ROOT)}" for p in files} <= held


def test_it_holds_every_module_and_nothing_else(wheel: Path) -> None:
    package = ROOT / "tracelang"
    files = [*package.rglob("*.py"), *(package / "cli" / "shells").iterdir()]
    modules = {str(p.relative_to(ROOT)) for p in files}
    with zipfile.ZipFile(wheel) as archive:
        held = {n for n in archive.namelist() if ".dist-info/" not in n and ".data/" not in n}
    shells = {f"tracelang/cli/shells/{name}" for name in ("bash", "fish", "zsh")}
    wanted = modules | shells | {"tracelang/py.typed"}
    assert wanted == {n for n in held if "/_data/" not in n}


def test_it_brings_its_man_page(installed: Installed) -> None:
    page = installed.environment / "share" / "man" / "man1" / "tracelang.1"
    assert page.read_text() == (ROOT / "docs" / "tracelang.1").read_text()


def test_it_never_asks_an_index_for_bcc(wheel: Path) -> None:
    # The package index's project of that name is another one.
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
        metadata = archive.read(name).decode()
    required = re.findall(r"^Requires-Dist: ([\w-]+)", metadata, flags=re.MULTILINE)
    assert "lark" in required
    assert "bcc" not in required


def test_installed_it_is_found_away_from_the_checkout(installed: Installed, tmp_path: Path) -> None:
    source = "import tracelang; print(tracelang.__file__)"
    found = installed.run("-c", source, cwd=tmp_path, program="python")
    assert found.stdout.startswith(str(installed.environment))


def test_installed_it_says_its_version(installed: Installed, tmp_path: Path) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    done = installed.run("--version", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert project["version"] in done.stdout


def test_installed_it_helps(installed: Installed, tmp_path: Path) -> None:
    done = installed.run("--help", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    for command in ("list", "describe", "check", "explain", "emit", "fmt", "doctor"):
        assert command in done.stdout


def test_installed_it_checks_the_examples_it_ships(installed: Installed, tmp_path: Path) -> None:
    (packages,) = installed.environment.glob("lib/python3*/site-packages")
    shipped = packages / "tracelang" / "_data" / "examples"
    scripts = [
        shipped / example.relative_to(ROOT / "examples")
        for example in _EXAMPLES
        if example.stem not in MISSING["debian-6.1"]
    ]
    recorded = ROOT / "tests" / "kernels" / "debian-6.1"
    done = installed.run("check", "--kernel", recorded, *scripts, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")


def test_there_are_examples() -> None:
    assert _EXAMPLES
