"""Builds the wheel and installs it into a virtual environment of its own, once for all tests."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# bcc belongs to the distribution's interpreter, so the installed tracelang must run on that one.
_SYSTEM_PYTHON = "/usr/bin/python3"
_TIMEOUT = 300


@dataclass(frozen=True, slots=True)
class Installed:
    """A tracelang installed away from the checkout."""

    environment: Path

    def run(
        self, *arguments: str | Path, cwd: Path, program: str = "tracelang"
    ) -> subprocess.CompletedProcess[str]:
        """Run one of the environment's programs in `cwd`, away from the checkout."""
        return subprocess.run(
            [self.environment / "bin" / program, *map(str, arguments)],
            cwd=cwd,
            env={k: v for k, v in os.environ.items() if not k.startswith("PYTHON")},
            capture_output=True,
            text=True,
            timeout=_TIMEOUT,
            check=False,
        )


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel built from this checkout."""
    directory = tmp_path_factory.mktemp("wheel")
    _pip(Path(sys.executable), "wheel", "--no-deps", "--wheel-dir", str(directory), str(ROOT))
    (built,) = directory.glob("tracelang-*.whl")
    return built


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The wheel in a clean virtual environment, with what it depends on."""
    environment = tmp_path_factory.mktemp("installed") / "venv"
    command = [_SYSTEM_PYTHON, "-m", "venv", "--system-site-packages", str(environment)]
    subprocess.run(command, check=True, timeout=_TIMEOUT)
    _pip(environment / "bin" / "python", "install", str(wheel))
    return Installed(environment)


def _pip(python: Path, *arguments: str) -> None:
    command = [str(python), "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=_TIMEOUT, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
