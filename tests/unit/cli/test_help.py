"""`--help` of each command."""

from __future__ import annotations

import pytest

from tests.unit.cli.commands import Commands
from tracelang.cli.main import COMMANDS


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(run: Commands, command: str) -> None:
    answer = run(command, "--help")
    assert (answer.status, answer.stderr) == (0, "")
    assert answer.stdout.startswith(f"usage: tracelang {command}")
    assert max(map(len, answer.lines)) <= 100


@pytest.mark.parametrize("command", ["list", "describe", "doctor", "record-kernel"])
def test_an_unknown_option_is_refused(run: Commands, command: str) -> None:
    operand = ["x"] if command in ("describe", "record-kernel") else []
    answer = run(command, *operand, "--no-such-option")
    assert answer.status == 2
    assert "--no-such-option" in answer.stderr
