"""The Python API on this kernel: values, endings, threads, signals; nothing stays attached."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import tracelang
from tests.processes import SLOWNESS

OPENS = "syscall:openat where filename startswith '/etc/host'".replace("'", '"')
FEW = ["cat", "/etc/hostname"]


def kernel_objects() -> list[str]:
    """Return what this process holds in the kernel: programs, maps, probes."""
    links = []
    for descriptor in Path("/proc/self/fd").iterdir():
        try:
            link = str(descriptor.readlink())
        except FileNotFoundError:  # the descriptor of the listing itself
            continue
        if "bpf" in link or "perf" in link:
            links.append(link)
    return links


def test_values_have_pythons_types() -> None:
    script = (
        f"{OPENS} capture time, elapsed, comm, pid, uid == 0 as root, filename, "
        "buf(filename, 4) as begins, flags(args.flags, open) as how, pid + 1, probe as at"
    )
    before = datetime.now(UTC)
    with tracelang.trace(script, command=["cat", "/etc/hostname"]) as trace:
        (event,) = trace
    assert before - timedelta(seconds=1) < event.time < datetime.now(UTC)
    assert (event.comm, event.filename, event.begins) == ("cat", "/etc/hostname", b"/etc")
    assert event.root is True
    assert event.elapsed == 0.0
    assert type(event.pid) is int
    assert event["pid + 1"] == event.pid + 1
    assert (event.how & os.O_ACCMODE, event.how_text) == (os.O_RDONLY, "O_RDONLY")
    assert event["how_text"] == event.how_text
    assert event.probe == "syscall:openat"
    assert event.ts <= time.monotonic_ns()
    assert list(event._asdict()) == list(event._fields)
    assert repr(event).startswith("openat(time=datetime")
    with pytest.raises(AttributeError, match="no column `filname`; it has: time, elapsed, comm"):
        _ = event.filname
    with pytest.raises(KeyError):
        _ = event["filname"]
    assert trace.command_status == 0
    assert (trace.accounting.events, trace.accounting.lost) == (1, 0)
    assert kernel_objects() == []


def test_several_rules_have_a_class_each_and_can_be_matched() -> None:
    script = (
        "probe syscall:getppid capture pid probe syscall:getpgid capture args.pid as of "
        "stop after 4 events"
    )
    seen: list[Any] = []
    with tracelang.trace(script, pid=os.getpid()) as trace:
        for number in (1, 2):
            os.getppid()
            os.getpgid(0)
            assert number
        first, second = trace.event_types
        for event in trace:
            match event:
                case first(pid):
                    seen.append(("parent", pid, event.rule))
                case second(of):
                    seen.append(("group", of, event.rule))
    assert seen == [("parent", os.getpid(), 1), ("group", 0, 2)] * 2


def test_aggregates_are_mappings_and_can_be_read_while_they_grow() -> None:
    with Path("/dev/zero").open("rb") as zero:
        fd = zero.fileno()
        script = (
            f"span syscall:pread64 where fd == {fd} "
            "aggregate hist(count) as hist, stats(count) as all, count() as n by fd"
        )
        with tracelang.trace(script, pid=os.getpid()) as trace:
            for size in (1, 2, 3, 100):
                os.pread(fd, size, 0)
            assert trace.aggregate[fd].n == 4
            os.pread(fd, 100, 0)
    row = trace.aggregate[fd]
    assert list(trace.aggregate) == [fd]
    assert row.all == tracelang.Stats(5, 206 / 5, 1, 100, 206)
    assert [tuple(bucket) for bucket in row.hist if bucket.count] == [
        (1, 2, 1),
        (2, 4, 2),
        (64, 128, 2),
    ]
    assert row.hist.total == 5
    assert str(row.hist).count("\n") == 6
    assert [event.fd for event in trace] == [fd]


def test_one_aggregate_without_a_key_is_a_value() -> None:
    with tracelang.trace("syscall:getppid aggregate count()", pid=os.getpid()) as trace:
        for _ in range(1000):
            os.getppid()
    assert trace.aggregate.value == 1000
    assert dict(trace.aggregate) == {(): 1000}
    assert trace.accounting.events == 1000


def test_it_runs_to_its_end_and_keeps_what_came() -> None:
    command = ["cat", "/etc/hostname", "/etc/hosts"]
    trace = tracelang.trace(f"{OPENS} capture filename", command=command).run()
    assert [event.filename for event in trace] == ["/etc/hostname", "/etc/hosts"]


def test_it_ends_by_time_and_by_events() -> None:
    ended = tracelang.trace("syscall:getppid", pid=os.getpid(), duration=0.05).run()
    assert list(ended) == []
    with tracelang.trace("syscall:getppid", pid=os.getpid(), events=2) as trace:
        for _ in range(5):
            os.getppid()
        assert len(list(trace)) == 2
    assert kernel_objects() == []


def test_params_are_python_values() -> None:
    script = """
        param least: size = 1KiB
        param pid = 0
        probe syscall:pread64 where count >= least and params.pid == 7 capture count
    """
    with Path("/dev/zero").open("rb") as zero:
        with tracelang.trace(script, pid=os.getpid(), params={"pid": 7}, least="2KiB") as trace:
            for size in (1, 2047, 2048):
                os.pread(zero.fileno(), size, 0)
        assert [event.count for event in trace] == [2048]


def fail_while_tracing() -> None:
    with tracelang.trace("syscall:getppid", pid=os.getpid()):
        assert kernel_objects()
        raise ZeroDivisionError


def test_everything_is_detached_however_it_is_left() -> None:
    with pytest.raises(ZeroDivisionError):
        fail_while_tracing()
    assert kernel_objects() == []

    trace = tracelang.trace("syscall:getppid", pid=os.getpid()).open()
    assert kernel_objects()
    del trace
    assert kernel_objects() == []

    loop = ["sh", "-c", "cat /etc/hostname; while :; do :; done"]
    for _ in tracelang.trace(f"{OPENS} capture pid", command=loop):
        break
    del _
    assert kernel_objects() == []


def test_it_works_in_a_thread_and_is_stopped_from_another() -> None:
    trace = tracelang.trace("syscall:getppid", pid=os.getpid())
    attached = threading.Event()
    seen: list[tracelang.Event] = []

    def follow() -> None:
        with trace:
            attached.set()
            seen.extend(trace)

    thread = threading.Thread(target=follow)
    thread.start()
    assert attached.wait(30 * SLOWNESS)
    os.getppid()
    trace.stop()
    thread.join(30 * SLOWNESS)
    assert len(seen) == 1
    with pytest.raises(ValueError, match="signal only works in main thread"):
        run_in_thread(lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
    command = tracelang.trace(f"{OPENS} capture filename", command=FEW)
    run_in_thread(command.run)
    assert len(list(command)) == 1


def run_in_thread(call: Any) -> None:
    """Call something in a thread of its own; what it raises is raised here."""
    raised: list[BaseException] = []

    def work() -> None:
        try:
            call()
        except BaseException as error:  # noqa: BLE001 - raised again
            raised.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(30 * SLOWNESS)
    for error in raised:
        raise error


def test_asynchronous_iteration_lets_others_run() -> None:
    async def main() -> tuple[int, int]:
        others = 0

        async def other() -> None:
            nonlocal others
            for _ in range(3):
                os.getppid()
                await asyncio.sleep(0.001)
                others += 1

        async with tracelang.trace("syscall:getppid", pid=os.getpid(), events=3) as trace:
            task = asyncio.create_task(other())
            count = len([event async for event in trace])
            await task
        return count, others

    assert asyncio.run(main()) == (3, 3)
    assert kernel_objects() == []


INTERRUPTED = """
import os, signal, sys, tracelang
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it
command = ["sh", "-c", "echo $$; while :; do :; done"]
try:
    with tracelang.trace("syscall:getppid", command=command) as trace:
        for _ in trace:
            pass
except KeyboardInterrupt:
    links = [os.readlink(f"/proc/self/fd/{n}") for n in (3, 4, 5, 6, 7, 8, 9) if
             os.path.exists(f"/proc/self/fd/{n}")]
    print("interrupted", [link for link in links if "bpf" in link or "perf" in link], flush=True)
    sys.exit(7)
"""


def test_ctrl_c_reaches_the_program_and_ends_the_command() -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED], stdout=subprocess.PIPE, text=True, process_group=0
    )
    try:
        assert process.stdout is not None
        child = int(process.stdout.readline())
        process.send_signal(signal.SIGINT)  # to the program alone: it ends the command itself
        out, _ = process.communicate(timeout=30 * SLOWNESS)
    finally:
        process.kill()
        process.communicate()
    assert (out, process.returncode) == ("interrupted []\n", 7)
    assert not Path(f"/proc/{child}").exists()


def test_a_cut_is_counted_once_however_often_it_is_read() -> None:
    script = f"{OPENS} capture filename, buf(filename, 4) as begins"
    with tracelang.trace(script, command=FEW, strlen=9) as trace:
        (event,) = trace
    assert event.filename == "/etc/host…"
    assert event.begins_text == event.begins_text == "/etc"
    assert trace.accounting.cut == 1
    script = f"{OPENS} aggregate count() by filename"
    with tracelang.trace(script, command=FEW, strlen=9) as trace:
        (row,) = trace
    assert dict(trace.aggregate) == {"/etc/host…": 1}
    assert row == trace.aggregate.rows[0]
    assert trace.table().split() == ["FILENAME", "COUNT", "/etc/host…", "1"]
    assert list(trace.frame_of([row])["count"]) == [1]
    assert trace.accounting.cut == 1


def test_events_become_arrow_batches_and_a_data_frame() -> None:
    script = f"{OPENS} capture time, comm, filename, flags(args.flags, open) as how"
    (batch,) = tracelang.trace(script, command=FEW).batches()
    assert batch.schema.names == ["ts", "probe", "time", "comm", "filename", "how", "how_text"]
    assert batch.column("filename").to_pylist() == ["/etc/hostname"]
    frame = tracelang.trace(script, command=["cat", "/etc/hostname", "/etc/hosts"]).to_pandas()
    assert list(frame["filename"]) == ["/etc/hostname", "/etc/hosts"]
    assert str(frame["time"].dtype) == "datetime64[ns, UTC]"
    summed = tracelang.trace(f"{OPENS} aggregate count() as n by filename", command=FEW).to_pandas()
    assert summed[["filename", "n"]].to_dict("records") == [{"filename": "/etc/hostname", "n": 1}]


def test_a_mistyped_argument_of_trace_is_no_riddle() -> None:
    with pytest.raises(tracelang.Error) as caught:
        tracelang.trace("syscall:read", comand="true", events=1).run()
    assert "did you mean `--command`?" in str(caught.value)
