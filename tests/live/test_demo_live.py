"""`make demo`: it shows real traces and ends by itself, or says what is missing."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.processes import SLOWNESS, Completed

ROOT = Path(__file__).parents[2]
DEMO = ROOT / "scripts" / "demo.py"
NOBODY = 65534


def run_demo(user: int | None = None) -> Completed:
    done = subprocess.run(
        [sys.executable, DEMO],
        capture_output=True,
        text=True,
        timeout=60 * SLOWNESS,
        check=False,
        user=user,
        group=user,
        extra_groups=None if user is None else [],
        env=os.environ | ({} if user is None else {"HOME": "/nonexistent"}),
    )
    return Completed(done.stdout, done.stderr, done.returncode)


def test_it_shows_three_traces_and_ends() -> None:
    done = run_demo()
    assert done.status == 0, done.stderr
    scenes = re.split(r"── \d of 3: ", done.stdout)[1:]
    assert len(scenes) == 3
    starts, connections, forks = scenes
    assert re.findall(r"/(date|uname|seq|tail)$", starts, re.MULTILINE)
    assert len(re.findall(r"^\d+\.\d{9} +bash +\d+ +127\.0\.0\.1$", connections, re.MULTILINE)) == 3
    spaces = re.findall(r"^\d\d:.* sh +\d+ +\d+ +\d+ +\d+ +(\d+) ", forks, re.MULTILINE)
    assert len(spaces) == 4
    assert len(set(spaces)) == 2, "unshare made a network namespace"
    for line in done.stderr.splitlines():
        assert re.fullmatch(r"\d+ events, 0 lost, .*", line)


def test_without_root_it_says_what_is_missing() -> None:
    done = run_demo(NOBODY)
    assert done.status == 3
    assert "CAP_BPF" in done.stdout
    assert "sudo" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
