"""The tools for libraries and programs on this kernel: each shows what the workload did."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.live.runs import python_command, run_tool
from tests.processes import TracelangCommand


@pytest.mark.tool("lookups")
def test_lookups(tracelang: TracelangCommand, home: Path) -> None:
    source = "import socket; socket.getaddrinfo('localhost', 80)"
    (event,) = run_tool(tracelang, "lookups", "-c", python_command(source))
    assert (event["node"], event["service"]) == ("localhost", "80")


@pytest.mark.tool("bashreadline")
def test_bashreadline(tracelang: TracelangCommand, home: Path) -> None:
    if shutil.which("bash") is None:
        pytest.skip("no bash; install it to have this test run")
    source = """
import os, pty
pid, terminal = pty.fork()
if not pid: os.execlp("bash", "bash", "--norc", "-i")
os.write(terminal, b"echo one two\\nexit\\n")
try:
    while os.read(terminal, 4096): pass
except OSError: os.waitpid(pid, 0)
"""
    events = run_tool(tracelang, "bashreadline", "-c", python_command(source))
    assert [event["command"] for event in events] == ["echo one two", "exit"]
