from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.binaries.programs import build_library, build_program


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A program with known functions and static probes, not stripped."""
    return build_program(tmp_path_factory.mktemp("program"))


@pytest.fixture(scope="session")
def stripped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, stripped."""
    return build_program(tmp_path_factory.mktemp("stripped"), "-s")


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library with a function in two versions."""
    return build_library(tmp_path_factory.mktemp("library"))
