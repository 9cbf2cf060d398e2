"""What the live tests share."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty directory that workloads run in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path
