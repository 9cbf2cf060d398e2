"""What taking events out of the kernel costs: `sudo .venv/bin/python -m bench.transport`.

First with the buffer filled beforehand, so that the reader is never waited for nor disturbed; each
stage's best of several rounds counts. Then with a process that offers events at full speed
meanwhile.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.live.transport_program import (
    CPUS,
    PERF,
    PERF_ARRAY,
    RECORDS,
    RING,
    RING_LONG,
    RING_MIXED,
    Offering,
)
from tracelang.runtime.batch import BatchDecoder, Row
from tracelang.runtime.order import TimeOrder
from tracelang.runtime.pacing import DrainPacer
from tracelang.runtime.perf_buffer import PerfBufferReader
from tracelang.runtime.reader import Reader
from tracelang.runtime.ring import RingReader

SIZE = 8 << 20
FILLING = 100_000
STREAMED = 1_000_000
ROUNDS = 7


@dataclass
class Stages:
    """The seconds each stage has taken."""

    seconds: dict[str, float] = field(default_factory=dict)
    events: int = 0

    def run(self, reader: Reader, decoder: BatchDecoder, order: TimeOrder) -> list[str]:
        """Take one drain through all stages; return the formatted lines."""
        started = time.perf_counter()
        drained = reader.drain()
        started = self._note("drain", started)
        rows = decoder.decode(drained)
        started = self._note("decode", started)
        rows = order.push(rows, drained.started)
        started = self._note("order", started)
        lines = format_rows(rows)
        self._note("format", started)
        self.events += drained.count
        return lines

    def _note(self, stage: str, started: float) -> float:
        now = time.perf_counter()
        self.seconds[stage] = self.seconds.get(stage, 0.0) + now - started
        return now


def format_rows(rows: list[Row]) -> list[str]:
    """Make a simple line of each event: its time stamp, process and count."""
    return ["%d %d %d" % (row[0], row[3], row[-1]) for row in rows]  # noqa: UP031 - the fastest


def measure_filled(name: str, offering: Offering, reader: Reader) -> None:
    """Print ns an event for each stage, of a buffer that is filled, then drained."""
    best: dict[str, float] = {}
    for _ in range(ROUNDS):
        load = offering.hold_load(CPUS[0], FILLING)
        load.release()
        load.wait()
        stages = Stages()
        stages.run(reader, BatchDecoder(RECORDS), TimeOrder())
        for stage, seconds in stages.seconds.items():
            best[stage] = min(best.get(stage, 1.0), seconds / stages.events)
    parts = "  ".join(f"{stage} {seconds * 1e9:4.0f}" for stage, seconds in best.items())
    print(f"{name:34} {parts}  total {sum(best.values()) * 1e9:4.0f} ns/event")


def measure_streaming(name: str, offering: Offering, reader: Reader) -> None:
    """Print what is received of a process at full speed, and the CPU time it takes here."""
    stages, decoder, order, pacer = Stages(), BatchDecoder(RECORDS), TimeOrder(), DrainPacer()
    lost, written = offering.losses, 0
    load = offering.hold_load(CPUS[-1], STREAMED)
    before = time.process_time()
    load.release()
    while True:
        ended = load.poll() is not None
        events = stages.events
        written += len(stages.run(reader, decoder, order))
        if ended and stages.events == events:
            break
        time.sleep(pacer.next_pause(reader.fill))
    written += len(order.flush())
    cpu = (time.process_time() - before) / max(1, written) * 1e9
    received = f"{written:,} received, {offering.losses - lost:,} lost"
    print(f"{name:34} {received}, {cpu:.0f} ns of CPU an event")


def main() -> None:
    """Measure each way of transport."""
    cases: tuple[tuple[str, str, str, Callable[[int, int], Reader]], ...] = (
        ("ring buffer, one layout", RING, RING_LONG, RingReader),
        ("ring buffer, two and discards", RING, RING_MIXED, RingReader),
        ("perf buffers", PERF_ARRAY, PERF, PerfBufferReader),
    )
    for name, table, emit, make_reader in cases:
        with Offering(table, emit, SIZE if table == RING else 0) as offering:
            reader = make_reader(offering.events, SIZE)
            measure_filled(name, offering, reader)
            measure_streaming(f"{name}, streaming", offering, reader)
            reader.close()


if __name__ == "__main__":
    main()
