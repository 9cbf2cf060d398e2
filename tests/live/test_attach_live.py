"""Loading and attaching on this machine's kernel: what a process did is what was counted."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.features import TRACEFS
from tests.live.attach_program import ANY_PROCESS, FACTS, Counter, counting, file_offset
from tests.live.attach_program import compile_counter as compile_counting_program
from tests.processes import SLOWNESS, Workloads
from tracelang.build.compile import BuildRequest, Compiler
from tracelang.build.object import BuiltObject
from tracelang.diagnostics import DiagnosticError
from tracelang.mechanism import Mechanism, PerfEvent
from tracelang.runtime.bpf import all_program_ids, missed, program_id, run_program
from tracelang.runtime.libbcc import Libbcc
from tracelang.runtime.load import load_program

CALLS = 1000
GETPGID_CALLS = f"for _ in range({CALLS}): os.getpgid(0)"
CPU_CLOCK = PerfEvent(type=1, config=0, frequency=499)


@pytest.fixture(scope="module")
def built() -> BuiltObject:
    return compile_counting_program()


@pytest.fixture
def counter(built: BuiltObject) -> Iterator[Counter]:
    with counting(built) as started:
        yield started


def test_tracepoints_count_exactly(counter: Counter, workloads: Workloads) -> None:
    work = workloads.python(GETPGID_CALLS)
    place = "syscalls:sys_enter_getpgid"
    counter.attach(1, Mechanism.TRACEPOINT, place, work.pid)
    counter.attach(2, Mechanism.TRACEPOINT, place, work.pid)
    counter.attach(3, Mechanism.TRACEPOINT, place, os.getpid())
    work.go()
    assert work.wait() == 0
    assert [counter.count(slot) for slot in (1, 2, 3)] == [CALLS, CALLS, 0]


def test_raw_tracepoints_count_every_system_call(counter: Counter, workloads: Workloads) -> None:
    work = workloads.python(f"print(flush=True); sys.stdin.readline()\n{GETPGID_CALLS}")
    assert work.process.stdout is not None
    work.go()
    work.process.stdout.readline()  # until then it makes system calls of its own, to start
    while "(sleeping)" not in Path(f"/proc/{work.pid}/status").read_text():  # and to wait
        time.sleep(0.01)
    counter.attach(0, Mechanism.RAW_TRACEPOINT, "sys_enter", work.pid)
    counter.attach(1, Mechanism.TRACEPOINT, "raw_syscalls:sys_enter", work.pid)
    work.go()
    assert work.wait() == 0
    assert counter.count(0) == counter.count(1) > CALLS


def test_counters_sample_a_busy_process(counter: Counter, workloads: Workloads) -> None:
    work = workloads.python(
        "import time\nend = time.process_time() + 0.4\nwhile time.process_time() < end: pass"
    )
    counter.attach(0, Mechanism.PERF_EVENT, "cpu-clock", work.pid, perf=CPU_CLOCK)
    work.go()
    assert work.wait() == 0
    # 499 a second of 0.4 seconds; the kernel may let some slip but never adds any.
    assert 100 <= counter.count(0) <= 300


def test_a_counter_may_be_on_one_processor_only(counter: Counter) -> None:
    one = PerfEvent(type=1, config=0, period=1_000_000, all_cpus=False)
    counter.attach(0, Mechanism.PERF_EVENT, "cpu-clock", ANY_PROCESS, perf=one)
    assert counter.attacher.links == 1
    counter.attach(1, Mechanism.PERF_EVENT, "cpu-clock", ANY_PROCESS, perf=CPU_CLOCK)
    assert counter.attacher.links == 1 + (os.cpu_count() or 0)


@pytest.mark.needs("uprobe")
def test_user_probes_count_entries_and_returns(
    counter: Counter, workloads: Workloads, tmp_path: Path
) -> None:
    library = copy_of_libz(tmp_path)
    offset = file_offset(library, "zlibVersion")
    work = workloads.python(
        f"import ctypes\nz = ctypes.CDLL({str(library)!r})\n"
        f"for _ in range({CALLS}): z.zlibVersion()"
    )
    counter.attach(0, Mechanism.UPROBE, str(library), work.pid, offset=offset)
    counter.attach(1, Mechanism.URETPROBE, str(library), work.pid, offset=offset)
    work.go()
    assert work.wait() == 0
    assert [counter.count(0), counter.count(1)] == [CALLS, CALLS]


@pytest.mark.needs("uprobe")
def test_a_semaphore_counts_the_tracers(
    counter: Counter, workloads: Workloads, tmp_path: Path
) -> None:
    library = copy_of_libz(tmp_path)
    offset = file_offset(library, "zlibVersion")
    work = workloads.python(SHOW_SEMAPHORE.format(library=str(library)))
    assert work.process.stdout is not None
    work.go()
    file_place, before = (int(word) for word in work.process.stdout.readline().split())
    counter.attach(0, Mechanism.UPROBE, str(library), work.pid, offset=offset, semaphore=file_place)
    work.go()
    assert int(work.process.stdout.readline()) == before + 1
    counter.attacher.close()
    work.go()
    assert int(work.process.stdout.readline()) == before
    assert work.wait() == 0


# A writable zero in the library serves as the semaphore; shown are its place in the file and value.
SHOW_SEMAPHORE = """
import ctypes
ctypes.CDLL({library!r})
lines = [l.split() for l in open("/proc/self/maps") if {library!r} in l]
(line,) = [l for l in lines if l[1] == "rw-p"]
start, end = (int(part, 16) for part in line[0].split("-"))
place = next(p for p in range(start, end, 2) if not ctypes.c_uint16.from_address(p).value)
word = ctypes.c_uint16.from_address(place)
print(int(line[2], 16) + place - start, word.value, flush=True)
for _ in range(2):
    sys.stdin.readline()
    print(word.value, flush=True)
os._exit(0)
"""


def copy_of_libz(directory: Path) -> Path:
    """A library that no other process on the machine uses."""
    loaded = [line.split()[-1] for line in Path("/proc/self/maps").read_text().splitlines()]
    original = next((Path(p) for p in loaded if "/libz.so" in p or "/libz-" in p), None)
    if original is None:
        import zlib  # noqa: F401 - to have the library mapped

        return copy_of_libz(directory)
    return Path(shutil.copy(original, directory / "libtraced.so"))


def test_a_program_is_run_by_the_tracer_itself(counter: Counter) -> None:
    begin = counter.load(4, Mechanism.RUN, process=os.getpid())
    assert [run_program(begin), run_program(begin)] == [0, 0]
    assert counter.count(4) == 2
    assert missed(begin) == 0


def test_closing_detaches_and_may_be_repeated(counter: Counter, workloads: Workloads) -> None:
    work = workloads.python(GETPGID_CALLS)
    counter.attach(0, Mechanism.TRACEPOINT, "syscalls:sys_enter_getpgid", work.pid)
    counter.attach(1, Mechanism.RAW_TRACEPOINT, "sys_enter", work.pid)
    counter.attacher.close()
    counter.attacher.close()
    assert counter.attacher.links == 0
    while_starting = counter.count(1)
    work.go()
    assert work.wait() == 0
    assert [counter.count(0), counter.count(1)] == [0, while_starting]


def test_many_are_detached_at_once(counter: Counter) -> None:
    names = sorted(p.name for p in (TRACEFS / "events/syscalls").glob("sys_enter_get*"))
    for name in names:
        counter.attach(0, Mechanism.TRACEPOINT, f"syscalls:{name}", os.getpid())
    before = counter.count(0)
    counter.attacher.close()
    after = counter.count(0)
    os.getpid()
    os.getpgid(0)
    assert len(names) > 10
    assert counter.count(0) == after >= before


@pytest.mark.parametrize(
    ("mechanism", "place", "offset", "code", "words"),
    [
        (Mechanism.TRACEPOINT, "sched:no_such", 0, "T324", "sched/no_such/id"),
        (Mechanism.RAW_TRACEPOINT, "no_such", 0, "T322", "no such raw tracepoint"),
        (Mechanism.UPROBE, "/no/such/file", 16, "T322", "no such file"),
        (Mechanism.UPROBE, "/bin/true", 1 << 40, "T322", "no code at that place"),
        (Mechanism.UPROBE, "/proc/version", 16, "T322", "does not allow probes"),
    ],
)
def test_what_cannot_be_attached_is_named(
    counter: Counter,
    capfd: pytest.CaptureFixture[str],
    mechanism: Mechanism,
    place: str,
    offset: int,
    code: str,
    words: str,
) -> None:
    counter.attach(0, Mechanism.RAW_TRACEPOINT, "sys_enter", os.getpid())
    with pytest.raises(DiagnosticError) as caught:
        counter.attach(1, mechanism, place, ANY_PROCESS, offset=offset)
    (diagnostic,) = caught.value.diagnostics
    assert (diagnostic.code, caught.value.status) == (code, 3)
    assert place in diagnostic.message
    assert words in diagnostic.notes[0]
    assert diagnostic.help
    assert counter.attacher.links == 1, "what was attached before stays"
    assert capfd.readouterr() == ("", "")


def test_counters_this_machine_lacks_are_named(counter: Counter) -> None:
    with pytest.raises(DiagnosticError) as caught:
        counter.attach(
            0, Mechanism.PERF_EVENT, "", ANY_PROCESS, perf=PerfEvent(type=1, config=999, period=1)
        )
    assert caught.value.diagnostics[0].message == "cannot attach to perf event 1:999"
    assert "does not count such events" in caught.value.diagnostics[0].notes[0]


def test_the_kernels_refusal_of_a_program_is_explained(capfd: pytest.CaptureFixture[str]) -> None:
    text = "int rule_1(u64 *ctx) { return *(int *)bpf_ktime_get_ns(); }"
    with Compiler() as compiler:
        (program,) = compiler.build(BuildRequest(text, FACTS)).programs
    with pytest.raises(DiagnosticError) as caught:
        load_program(Libbcc(), program, Mechanism.TRACEPOINT, {}, {})
    (diagnostic,) = caught.value.diagnostics
    assert (diagnostic.code, caught.value.status) == ("T902", 70)
    assert "invalid mem access" in diagnostic.notes[-1]
    assert capfd.readouterr() == ("", "")


def test_a_function_unknown_to_the_kernel_is_named(counter: Counter) -> None:
    with pytest.raises(DiagnosticError) as caught:
        counter.load(0, Mechanism.FENTRY, "no_such_function")
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "T320"
    assert "`no_such_function`" in diagnostic.message


TRACER = """
import os, sys, time
from contextlib import ExitStack
from tests.live.attach_program import Counter, compile_counter
from tracelang.mechanism import Mechanism, PerfEvent
from tracelang.runtime.bpf import program_id
counter = Counter(compile_counter(), ExitStack())
programs = [
    counter.attach(0, Mechanism.TRACEPOINT, "syscalls:sys_enter_getpgid", 1),
    counter.attach(1, Mechanism.RAW_TRACEPOINT, "sys_enter", 1),
    counter.attach(2, Mechanism.UPROBE, sys.argv[1], 1, offset=int(sys.argv[2])),
    counter.attach(3, Mechanism.PERF_EVENT, "", 1, perf=PerfEvent(1, 0, frequency=99)),
]
print(*map(program_id, programs), flush=True)
time.sleep(600)
"""


@pytest.mark.needs("uprobe")
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_nothing_stays_when_the_tracer_is_killed(how: signal.Signals, tmp_path: Path) -> None:
    library = copy_of_libz(tmp_path)
    before = (TRACEFS / "uprobe_events").read_text()
    tracer = subprocess.Popen(
        [sys.executable, "-c", TRACER, str(library), str(file_offset(library, "zlibVersion"))],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert tracer.stdout is not None
    with tracer, tracer.stdout:
        programs = {int(word) for word in tracer.stdout.readline().split()}
        assert len(programs) == 4
        assert programs <= set(all_program_ids())
        tracer.send_signal(how)
        assert tracer.wait(30 * SLOWNESS) == -how
    # Programs are freed after a grace period.
    deadline = time.monotonic() + 10 * SLOWNESS
    while programs & set(all_program_ids()) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not programs & set(all_program_ids())
    assert (TRACEFS / "uprobe_events").read_text() == before


def test_room_for_open_files_is_made(counter: Counter) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(
        resource.RLIMIT_NOFILE, (len(list(Path("/proc/self/fd").iterdir())) + 10, hard)
    )
    try:
        for _ in range(20):
            counter.attach(0, Mechanism.RAW_TRACEPOINT, "sys_enter", os.getpid())
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert counter.attacher.links == 20


NO_ROOM = """
import os, resource
from contextlib import ExitStack
from tests.live.attach_program import Counter, compile_counter
from tracelang.diagnostics import DiagnosticError
from tracelang.mechanism import Mechanism
with ExitStack() as stack:
    counter = Counter(compile_counter(), stack)
    program = counter.load(0, Mechanism.RAW_TRACEPOINT)
    resource.setrlimit(resource.RLIMIT_NOFILE, (20, 20))
    try:
        for _ in range(20):
            counter.attach(0, Mechanism.PERF_EVENT, "", 1, perf=counter.EVENT)
    except DiagnosticError as error:
        print(error.diagnostics[0].code, error.diagnostics[0].notes, error.diagnostics[0].help)
"""


def test_no_room_for_open_files_is_told() -> None:
    source = NO_ROOM.replace("counter.EVENT", repr(CPU_CLOCK)).replace(
        "import Mechanism", "import Mechanism, PerfEvent"
    )
    result = subprocess.run(
        [sys.executable, "-c", source],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
        check=True,
    )
    assert "open files" in result.stdout
    assert "ulimit -n" in result.stdout
    assert result.stderr == ""


def test_a_program_has_a_number(counter: Counter) -> None:
    assert program_id(counter.load(0, Mechanism.RUN)) in set(all_program_ids())
