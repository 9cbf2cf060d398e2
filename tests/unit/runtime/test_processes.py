"""Finding running processes, by real ones and by a /proc of our own."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tracelang.diagnostics import DiagnosticError
from tracelang.runtime.processes import list_descendants, require_process


def test_this_process_exists() -> None:
    require_process(os.getpid())


@pytest.mark.parametrize("pid", [0, -1, 2**31, 10**30])
def test_an_impossible_number(pid: int) -> None:
    with pytest.raises(DiagnosticError, match=r"U210: .*cannot be a process: .* 1 to") as caught:
        require_process(pid)
    assert caught.value.status == 2


def test_a_process_that_has_ended() -> None:
    child = subprocess.Popen(["true"])
    child.wait()
    with pytest.raises(DiagnosticError, match=f"U211: there is no process {child.pid}") as caught:
        require_process(child.pid)
    assert caught.value.diagnostics[0].help
    assert caught.value.status == 2


def test_a_thread_names_its_process() -> None:
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait)
    thread.start()
    try:
        message = f"U212: {thread.native_id} is a thread of process {os.getpid()}"
        assert thread.native_id is not None
        with pytest.raises(DiagnosticError, match=message) as caught:
            require_process(thread.native_id)
    finally:
        stop.set()
        thread.join()
    assert caught.value.diagnostics[0].help == (f"trace the process: -p {os.getpid()}",)


def test_descendants_of_a_real_tree() -> None:
    grandchild = "import os; print(os.getpid(), flush=True); input()"
    child = (
        "import os, subprocess, sys; print(os.getpid(), flush=True);"
        f"subprocess.run([sys.executable, '-S', '-c', {grandchild!r}])"
    )
    with subprocess.Popen(
        [sys.executable, "-S", "-c", child], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        tree = [int(process.stdout.readline()), int(process.stdout.readline())]
        assert list_descendants(process.pid) == (tree[1],)
        found = list_descendants(os.getpid())
        assert found.index(tree[0]) < found.index(tree[1])
        process.communicate(b"\n")
    assert not set(tree) & set(list_descendants(os.getpid()))


def add_process(proc: Path, pid: int, parent: int, name: str) -> None:
    (proc / str(pid)).mkdir()
    (proc / str(pid) / "stat").write_text(f"{pid} ({name}) S {parent} 0 0")


def test_names_may_hold_anything(tmp_path: Path) -> None:
    add_process(tmp_path, 10, 1, "sh")
    add_process(tmp_path, 11, 10, "a) R 99 (b")
    add_process(tmp_path, 12, 11, "x")
    add_process(tmp_path, 7, 11, "wrapped around")
    (tmp_path / "13").mkdir()  # ended meanwhile
    (tmp_path / "self").mkdir()
    assert list_descendants(10, tmp_path) == (11, 7, 12)
    assert list_descendants(12, tmp_path) == ()
