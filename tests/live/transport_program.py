"""A program on the raw tracepoint sys_enter that offers events at full speed, and processes that
set it off.

For the live tests of the event transport and its benchmark.
"""

from __future__ import annotations

import os
import platform
import struct
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from tracelang.build.compile import BuildRequest, Compiler
from tracelang.build.headers import HeaderFacts
from tracelang.mechanism import Mechanism
from tracelang.plan.c_types import U32, U64, CType, byte_array
from tracelang.plan.ir import Attachment, Record, RecordField
from tracelang.runtime.attach import Attacher
from tracelang.runtime.batch import BatchDecoder, Row
from tracelang.runtime.held import HeldProcess, start_held
from tracelang.runtime.libbcc import Libbcc
from tracelang.runtime.load import load_program
from tracelang.runtime.maps import create_maps
from tracelang.runtime.order import TimeOrder
from tracelang.runtime.pacing import DrainPacer
from tracelang.runtime.reader import Reader

PAGE = os.sysconf("SC_PAGE_SIZE")
# getppid: every architecture has it, and no start-up code of Python calls it.
GETPPID = {"x86_64": 110}.get(platform.machine(), 173)
EXECVE = {"x86_64": 59}.get(platform.machine(), 221)
CPUS = sorted(os.sched_getaffinity(0))[:2]

PYTHON = Path(sys.executable).name.encode()[:15]
"""The `comm` of the load generators."""

LONG, SHORT = 1, 2


def make_record(name: str, *fields: tuple[str, CType]) -> Record:
    offset, placed = 0, []
    head = (("ts", U64), ("rule", U32), ("target", U32))
    for field_name, type_ in (*head, *fields):
        offset = -(-offset // type_.alignment) * type_.alignment
        placed.append(RecordField(field_name, type_, offset))
        offset += type_.size
    return Record(name, tuple(placed), -(-offset // 8) * 8)


RECORDS = {
    LONG: make_record("longer", ("pid", U32), ("comm", byte_array(16, text=True)), ("count", U64)),
    SHORT: make_record("shorter", ("pid", U32), ("count", U64)),
}

STRIDE = RECORDS[LONG].size + 8

# Counts what it offers and what it could not store, by itself.
PROGRAM = """
struct longer {{ u64 ts; u32 rule; u32 target; u32 pid; char comm[16]; u64 count; }};
struct shorter {{ u64 ts; u32 rule; u32 target; u32 pid; u64 count; }};
{table}
BPF_ARRAY(losses, u64, 1);
BPF_HASH(sequences, u32, u64, 64);
int on_enter(struct bpf_raw_tracepoint_args *ctx)
{{
    u32 pid = bpf_get_current_pid_tgid() >> 32;
    u64 *sequence = sequences.lookup(&pid);
    if (!sequence || {ignored}) return 0;
    u64 count = (*sequence)++;
    {emit}
    return 0;
}}
"""
FILL = """
    record->ts = bpf_ktime_get_ns(); record->target = 0; record->pid = pid; record->count = count;
"""
RING_LONG = f"""
    struct longer *record = events.ringbuf_reserve(sizeof(*record));
    if (!record) {{ losses.atomic_increment(0); return 0; }}
    {FILL} record->rule = {LONG};
    bpf_get_current_comm(record->comm, sizeof(record->comm));
    events.ringbuf_submit(record, 1);
"""
RING_SHORT = f"""
    struct shorter *record = events.ringbuf_reserve(sizeof(*record));
    if (!record) {{ losses.atomic_increment(0); return 0; }}
    {FILL} record->rule = {SHORT};
    events.ringbuf_submit(record, 1);
"""
RING_MIXED = f"""
    if (count % 10 == 9) {{
        u64 *given_up = events.ringbuf_reserve(24);
        if (given_up) events.ringbuf_discard(given_up, 1);
    }}
    if (count % 3 == 0) {{ {RING_SHORT} }} else {{ {RING_LONG} }}
"""
PERF = f"""
    struct longer value = {{}}, *record = &value;
    {FILL} record->rule = {LONG};
    bpf_get_current_comm(record->comm, sizeof(record->comm));
    if (events.perf_submit(ctx, record, sizeof(*record))) losses.atomic_increment(0);
"""
LOAD = """
import os, sys
from itertools import repeat
os.sched_setaffinity(0, {int(sys.argv[1])})
call = os.getppid
for _ in repeat(None, int(sys.argv[2])):
    call()
"""


ONLY_GETPPID = f"ctx->args[1] != {GETPPID}"

RING = "BPF_RINGBUF_OUTPUT(events, 1);"
PERF_ARRAY = "BPF_PERF_OUTPUT(events);"


class Offering:
    """The program, loaded and attached; it looks only at the processes it is told of.

    `table` declares the map `events`, of `size` bytes if it is a ring buffer; `emit` writes one
    event.
    """

    def __init__(self, table: str, emit: str, size: int = 0, ignored: str = ONLY_GETPPID) -> None:
        text = PROGRAM.format(table=table, emit=emit, ignored=ignored)
        with Compiler() as compiler:
            built = compiler.build(BuildRequest(text, HeaderFacts(PAGE, 0x060100, True)))
        library = Libbcc()
        self.stack = ExitStack()
        self._maps = create_maps(library, built.maps, {"events": size} if size else {})
        for each in self._maps.values():
            self.stack.callback(each.close)
        maps = {name: each.fd for name, each in self._maps.items()}
        mechanism = Mechanism.RAW_TRACEPOINT
        program = load_program(library, built.programs[0], mechanism, maps, {})
        self.stack.callback(os.close, program)
        attacher = self.stack.enter_context(Attacher(library))
        attacher.attach(Attachment("on_enter", mechanism, "sys_enter", 0), program)

    @property
    def events(self) -> int:
        """The descriptor of the map that events go through."""
        return self._maps["events"].fd

    @property
    def losses(self) -> int:
        """The events that the program could not store, by its own count."""
        count: int = struct.unpack("=Q", self._maps["losses"].lookup(bytes(4)) or b"")[0]
        return count

    def hold(self, *words: str) -> HeldProcess:
        """Start a command whose system calls are looked at once it is released."""
        process = self.stack.enter_context(start_held(words))
        self._maps["sequences"].update(struct.pack("=I", process.pid), bytes(8))
        return process

    def hold_load(self, cpu: int, number: int) -> HeldProcess:
        """Start a process that will make `number` system calls on one CPU."""
        return self.hold(sys.executable, "-S", "-c", LOAD, str(cpu), str(number))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stack.close()


def drain_until_end(reader: Reader, processes: list[HeldProcess]) -> tuple[list[Row], TimeOrder]:
    """Drain as a session does until all processes have ended and nothing is left."""
    decoder, order, pacer = BatchDecoder(RECORDS), TimeOrder(), DrainPacer()
    rows: list[Row] = []
    while True:
        ended = all(process.poll() is not None for process in processes)
        drained = reader.drain()
        rows += order.push(decoder.decode(drained), drained.started)
        if ended and not drained.count:
            return rows + order.flush(), order
        time.sleep(pacer.next_pause(reader.fill))


def run_load(offering: Offering, reader: Reader, number: int) -> tuple[list[Row], TimeOrder]:
    """Let a process on each of two CPUs make `number` system calls, and drain meanwhile."""
    processes = [offering.hold_load(cpu, number) for cpu in CPUS]
    for process in processes:
        process.release()
    return drain_until_end(reader, processes)
