"""Kernel variables, which the guest's kernel lists among its symbols."""

from __future__ import annotations

import pytest

from tests.live.runs import json_events
from tests.processes import TracelangCommand

pytestmark = pytest.mark.needs("variables")


def test_variables_are_read_by_name(tracelang: TracelangCommand) -> None:
    script = """let first = symbol(init_task, struct task_struct)
    probe syscall:getpgid
      capture first.tgid as zero, first.comm as name, symbol(jiffies) as j
    """
    work = "import os, time\nos.getpgid(0)\ntime.sleep(1)\nos.getpgid(0)"
    done = tracelang(script, "-c", f"python3 -S -c '{work}'", "-o", "json", timeout=240)
    assert done.status == 0, done.stderr
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    first, second = json_events(lines)
    assert (first["zero"], first["name"]) == (0, "swapper/0")
    assert second["j"] > first["j"]
