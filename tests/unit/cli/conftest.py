"""What the tests of commands share."""

from __future__ import annotations

import pytest

from tests.unit.cli.commands import Commands


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Commands:
    """Runs a command: `run("list", "t:sched:*", kernel=WITH_KPROBES).lines`."""
    return Commands(capsys)
