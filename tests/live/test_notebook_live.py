"""The magics in a real Jupyter kernel: results, mistakes, interrupts."""

from __future__ import annotations

import os
import re
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbconvert import HTMLExporter

from tests.processes import SLOWNESS

EXAMPLES = sorted((Path(__file__).parents[2] / "examples" / "notebooks").glob("*.ipynb"))


class Kernel:
    """A running kernel that executes cells, one after the other."""

    def __init__(self, client: NotebookClient) -> None:
        self._client = client
        self.pid = int(self.text("import os; print(os.getpid())"))

    def run(self, source: str) -> list[Any]:
        """Execute a cell; return its outputs."""
        cell = nbformat.v4.new_code_cell(source)
        self._client.nb.cells.append(cell)
        try:
            self._client.execute_cell(cell, len(self._client.nb.cells) - 1)
        except CellExecutionError:
            assert any(output.output_type == "error" for output in cell.outputs)
        return list(cell.outputs)

    def text(self, source: str) -> str:
        """Return what a cell prints."""
        return "".join(o.text for o in self.run(source) if o.output_type == "stream")

    def html(self, source: str) -> str:
        """Return a cell's result as HTML, without the style."""
        outputs = self.run(source)
        (result,) = [o for o in outputs if o.output_type == "execute_result"]
        return re.sub(r"<style>.*?</style>", "", result.data["text/html"], flags=re.DOTALL)

    def error(self, source: str) -> str:
        """Return what is seen of a cell's mistake, without colours."""
        (error,) = [o for o in self.run(source) if o.output_type == "error"]
        return re.sub(r"\x1b\[[\d;]*m", "", "\n".join(error.traceback))


@pytest.fixture(scope="module")
def kernel() -> Iterator[Kernel]:
    client = NotebookClient(nbformat.v4.new_notebook(), timeout=60 * SLOWNESS)
    with client.setup_kernel():
        started = Kernel(client)
        assert started.text("%load_ext tracelang") == ""
        yield started


def test_events_become_a_table(kernel: Kernel) -> None:
    html = kernel.html(
        "%%trace -c 'cat /etc/hostname' -n 1\n"
        'syscall:openat where filename startswith "/etc/host"\n'
        'capture comm, filename, flags(args.flags, open) as how, "<b>" if pid else "" as odd'
    )
    assert "<th>comm</th><th>filename</th><th>how</th><th>odd</th>" in html
    assert "<td>cat</td><td>/etc/hostname</td><td>O_RDONLY</td><td>&lt;b&gt;</td>" in html
    assert "1 event, 0 lost" in html
    assert kernel.text("print([e.filename for e in _])") == "['/etc/hostname']\n"


def test_histograms_become_bars_and_values_are_kept(kernel: Kernel) -> None:
    html = kernel.html(
        "%trace -c 'dd if=/dev/zero of=/dev/null bs=3k count=8 status=none' --into sizes "
        "syscall:read where count == 3KiB aggregate count() as calls, hist(count) as sizes by comm"
    )
    assert '<th>comm</th><th class="number">calls</th>' in html
    assert '[2K, 4K)</td><td class="number">8</td>' in html
    assert 'style="width: 100.0%"' in html
    assert kernel.text("print(sizes.aggregates[0]['dd'].sizes.total)") == "8\n"


def test_a_result_can_be_a_data_frame(kernel: Kernel) -> None:
    kernel.run("%trace -c 'cat /etc/hostname' --as df --into frame syscall:openat capture filename")
    assert kernel.text("print('/etc/hostname' in set(frame['filename']))") == "True\n"


def test_stacks_become_a_flame_graph(kernel: Kernel) -> None:
    html = kernel.html(
        "%%trace -c 'cat /etc/hostname' --into opens\nsyscall:openat aggregate count() by kstack"
    )
    assert '<iframe sandbox="allow-scripts"' in html
    assert '<th>kstack</th><th class="number">count</th>' in html
    frames = "[f.label for row in opens.aggregates[0].rows for f in row.kstack]"
    assert kernel.text(f"print(any('syscall' in label for label in {frames}))") == "True\n"


def test_a_mistake_shows_its_diagnostic_and_no_traceback(kernel: Kernel) -> None:
    shown = kernel.error("%%trace\nsyscall:openat\ncapture comm, filname")
    assert shown.splitlines()[:2] == [
        "error[T203]: syscall openat has no field `filname`",
        "  --> <cell>:2:15",
    ]
    assert "did you mean `filename`?" in shown
    assert "Traceback" not in shown
    assert "no script is given" in kernel.error("%trace -n 3")
    assert "`--nosuch`" in kernel.error("%trace --nosuch syscall:openat")


def test_an_interrupt_ends_a_trace_with_what_there_is(kernel: Kernel) -> None:
    started = threading.Event()
    interrupting = threading.Thread(target=interrupt_once_traced, args=(kernel.pid, started))
    interrupting.start()
    started.set()
    html = kernel.html(
        f"%trace -p {os.getpid()} probe syscall:getppid capture pid "
        "probe syscall:getpgid aggregate count() as n"
    )
    interrupting.join()
    assert f'<td class="number">{os.getpid()}</td>' in html
    assert "interrupted at" in html
    assert not holds_bpf(kernel.pid)


def interrupt_once_traced(pid: int, started: threading.Event) -> None:
    """Make calls until the kernel's process holds BPF programs, a few more, then interrupt it."""
    started.wait()
    deadline = time.monotonic() + 60 * SLOWNESS
    while not holds_bpf(pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    for _ in range(20):
        os.getppid()
        os.getpgid(0)
        time.sleep(0.05)
    os.kill(pid, signal.SIGINT)


def holds_bpf(pid: int) -> bool:
    """Tell whether a process has attached something."""
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        try:
            if "perf_event" in str(descriptor.readlink()):
                return True
        except FileNotFoundError:
            continue
    return False


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_the_example_runs_and_renders(kernel: Kernel, example: Path) -> None:
    notebook = nbformat.read(example, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = kernel.run(cell.source)
            assert all(output.output_type != "error" for output in cell.outputs), cell.outputs
    page, _ = HTMLExporter().from_notebook_node(notebook)
    assert page.count('class="tracelang"') >= 3
    assert "0 lost" in page
