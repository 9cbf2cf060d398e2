"""What the live tests share."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty directory that workloads run in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def disk(home: Path) -> Path:
    """A directory on a disk, where writes can go past the page cache."""
    device = home.stat().st_dev
    if not Path(f"/sys/dev/block/{device >> 8}:{device & 0xFF}").exists():
        pytest.skip(f"{home} is not on a disk; set TMPDIR to have this test run")
    return home
