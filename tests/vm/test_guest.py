"""The guest brings back what a command left, and leaves no process behind."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from tests.vm.guest import SHARED_INSIDE, Guest, GuestError
from tests.vm.machine import newest_kernel


def test_a_command_leaves_outputs_status_and_files() -> None:
    command = f"""
        uname -r
        echo trouble >&2
        echo kept > {SHARED_INSIDE}/file
        exit 3
    """
    kernel = newest_kernel()
    assert kernel is not None
    with Guest(command) as guest:
        result = guest.wait()
        assert guest.read("file") == "kept\n"
    assert result.stdout == kernel.name.removeprefix("vmlinuz-") + "\n"
    assert result.stderr == "trouble\n"
    assert result.status == 3


def test_past_its_time_the_guest_is_ended_with_all_its_processes() -> None:
    with Guest("sleep 1000", timeout=2) as guest:
        with pytest.raises(GuestError, match="did not end within 2 s"):
            guest.wait()
        assert _members(guest.group)
    # A killed process takes a moment to give its memory back.
    deadline = time.monotonic() + 20
    while _members(guest.group) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _members(guest.group)
    assert not guest.shared.exists()


def test_the_newest_kernel_is_neither_cloud_nor_realtime(tmp_path: Path) -> None:
    for version in ("6.1.0-9-amd64", "6.1.0-10-amd64", "6.1.0-11-cloud-amd64", "6.1.0-11-rt-amd64"):
        (tmp_path / f"vmlinuz-{version}").touch()
    assert newest_kernel(tmp_path) == tmp_path / "vmlinuz-6.1.0-10-amd64"


def test_there_may_be_no_kernel(tmp_path: Path) -> None:
    assert newest_kernel(tmp_path) is None


def _members(group: int) -> list[int]:
    """Return the processes of a process group that are not dead already."""
    members = []
    for directory in Path("/proc").glob("[0-9]*"):
        try:
            stat = (directory / "stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(stat[2]) == group and stat[0] != "Z" and int(directory.name) != os.getpid():
            members.append(int(directory.name))
    return members
