"""kprobes, fentry and fexit, which the development machine's kernel does not have."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.features import TRACEFS
from tests.live.attach_program import ANY_PROCESS, Counter, compile_counter, counting
from tests.processes import SLOWNESS, Workloads
from tracelang.build.object import BuiltObject
from tracelang.diagnostics import DiagnosticError
from tracelang.mechanism import Mechanism
from tracelang.runtime.bpf import all_program_ids, missed, run_program

CALLS = 200
GETPGID_CALLS = f"for _ in range({CALLS}): os.getpgid(0)"
FUNCTION = "__x64_sys_getpgid"
KPROBE_LIST = Path("/sys/kernel/debug/kprobes/list")


@pytest.fixture(scope="module")
def built() -> BuiltObject:
    return compile_counter()


@pytest.fixture
def counter(built: BuiltObject) -> Iterator[Counter]:
    with counting(built) as started:
        yield started


@pytest.mark.needs("kprobe", "fentry")
def test_each_mechanism_counts_exactly(counter: Counter, workloads: Workloads) -> None:
    work = workloads.python(GETPGID_CALLS)
    mechanisms = (Mechanism.KPROBE, Mechanism.KRETPROBE, Mechanism.FENTRY, Mechanism.FEXIT)
    programs = [
        counter.attach(slot, mechanism, FUNCTION, work.pid)
        for slot, mechanism in enumerate(mechanisms)
    ]
    # A second of the same kind at the same place, as another tracer would have.
    counter.attach(4, Mechanism.KPROBE, FUNCTION, work.pid)
    work.go()
    assert work.wait() == 0
    assert [counter.count(slot) for slot in range(5)] == [CALLS] * 5
    assert [missed(program) for program in programs] == [0] * 4
    counter.attacher.close()


@pytest.mark.needs("kprobe", "fentry")
def test_nothing_counts_after_closing(counter: Counter, workloads: Workloads) -> None:
    work = workloads.python(GETPGID_CALLS)
    counter.attach(0, Mechanism.KPROBE, FUNCTION, work.pid)
    counter.attach(1, Mechanism.FENTRY, FUNCTION, work.pid)
    counter.attacher.close()
    work.go()
    assert work.wait() == 0
    assert [counter.count(0), counter.count(1)] == [0, 0]


def test_a_program_is_run_by_the_tracer_itself(counter: Counter) -> None:
    begin = counter.load(0, Mechanism.RUN, process=os.getpid())
    assert [run_program(begin), run_program(begin)] == [0, 0]
    assert counter.count(0) == 2


@pytest.mark.needs("kprobe")
@pytest.mark.parametrize(
    ("mechanism", "place", "offset", "words"),
    [
        (Mechanism.KPROBE, "no_such_function", 0, "no such function"),
        (Mechanism.KRETPROBE, "no_such_function", 0, "no such function"),
        (Mechanism.KPROBE, FUNCTION, 1, "start of an instruction"),
        (Mechanism.KPROBE, "asm_exc_int3", 0, "does not allow probes"),
    ],
)
def test_what_cannot_be_probed_is_named(
    counter: Counter, mechanism: Mechanism, place: str, offset: int, words: str
) -> None:
    with pytest.raises(DiagnosticError) as caught:
        counter.attach(0, mechanism, place, ANY_PROCESS, offset=offset)
    (diagnostic,) = caught.value.diagnostics
    assert (diagnostic.code, caught.value.status) == ("T322", 3)
    assert place in diagnostic.message
    assert words in diagnostic.notes[0]


@pytest.mark.needs("fentry")
def test_a_function_unknown_to_btf_is_named(counter: Counter) -> None:
    with pytest.raises(DiagnosticError) as caught:
        counter.load(0, Mechanism.FENTRY, "no_such_function")
    assert caught.value.diagnostics[0].code == "T320"


TRACER = """
import time
from contextlib import ExitStack
from tests.live.attach_program import Counter, compile_counter
from tracelang.mechanism import Mechanism
from tracelang.runtime.bpf import program_id
counter = Counter(compile_counter(), ExitStack())
place = "__x64_sys_getpgid"
programs = [
    counter.attach(0, Mechanism.KPROBE, place, 1),
    counter.attach(1, Mechanism.KRETPROBE, place, 1),
    counter.attach(2, Mechanism.FENTRY, place, 1),
    counter.attach(3, Mechanism.FEXIT, place, 1),
]
print(*map(program_id, programs), flush=True)
time.sleep(600)
"""


@pytest.mark.needs("kprobe", "fentry")
def test_nothing_stays_when_the_tracer_is_killed() -> None:
    tracer = subprocess.Popen(
        [sys.executable, "-c", TRACER],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert tracer.stdout is not None
    with tracer, tracer.stdout:
        programs = {int(word) for word in tracer.stdout.readline().split()}
        assert len(programs) == 4
        assert programs <= set(all_program_ids())
        assert "getpgid" in KPROBE_LIST.read_text()
        tracer.send_signal(signal.SIGKILL)
        tracer.wait(30 * SLOWNESS)
    deadline = time.monotonic() + 10 * SLOWNESS
    while programs & set(all_program_ids()) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not programs & set(all_program_ids())
    assert "getpgid" not in KPROBE_LIST.read_text()
    assert (TRACEFS / "kprobe_events").read_text() == ""
