"""A session: one script in the kernel, from loading to the last event."""

from __future__ import annotations

import gc
import os
import struct
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Self

from tracelang.build.object import BuiltObject
from tracelang.dataclass import dataclass
from tracelang.diagnostics import Diagnostic
from tracelang.mechanism import Mechanism
from tracelang.plan.ir import Attachment, Counter, Plan
from tracelang.runtime.accounting import Accounting
from tracelang.runtime.aggregates.periods import Aggregates, aggregate_sizes
from tracelang.runtime.attach_errors import warn_of_refused
from tracelang.runtime.batch import BatchDecoder
from tracelang.runtime.counting import KernelCounters
from tracelang.runtime.cpus import possible_cpus
from tracelang.runtime.ending import Ending
from tracelang.runtime.held import HeldProcess, start_held
from tracelang.runtime.libbcc import Libbcc
from tracelang.runtime.limits import LimitTrimmer
from tracelang.runtime.maps import BpfMap, create_maps
from tracelang.runtime.order import TimeOrder
from tracelang.runtime.pacing import DrainPacer
from tracelang.runtime.perf_buffer import PerfBufferReader
from tracelang.runtime.programs import Programs
from tracelang.runtime.reader import Drained, Reader
from tracelang.runtime.ring import RingReader
from tracelang.runtime.spans import pending_sizes
from tracelang.source import Span

if TYPE_CHECKING:
    from tracelang.runtime.stacks import StackReader
    from tracelang.symbols.stacks import StackTable

Row = tuple[Any, ...]

_STACK_BUFFER: Final = 4 << 20
"""Bytes for stacks on their way."""


@dataclass(frozen=True, slots=True)
class SessionOptions:
    """What a run wants.

    `follow` are the process ids followed from the start; `watch` is a process whose end ends the
    run; `command` is started when everything is attached, and its end ends the run. `keys` is how
    many an aggregate has room for.
    """

    buffer_size: int
    follow: Sequence[int] = ()
    watch: int | None = None
    command: Sequence[str] = ()
    stop_after: int | None = None
    stop_events: int | None = None
    keys: int = 10_240
    pending: int = 16_384


@dataclass(frozen=True, slots=True)
class Step:
    """What one step brought: batches of rows, and in how many seconds the next is worth its while.

    Each aggregate is a batch of its own. After a step that is `over` there is none.
    """

    batches: list[list[Row]]
    pause: float
    over: bool


class Session:
    """Loads and attaches on entry; `step` drains until something ends it; leaving detaches all.

    It has no loop of its own, installs no signal handlers, and belongs to no thread.
    """

    def __init__(
        self,
        plan: Plan,
        built: BuiltObject,
        options: SessionOptions,
        spans: Mapping[str, Span],
    ) -> None:
        self._plan = plan
        self._built = built
        self._options = options
        self._spans = spans
        self._stack = ExitStack()
        self._ending = Ending()
        self._held: HeldProcess | None = None
        self._stacks: StackReader | None = None
        self._trimmer = LimitTrimmer(plan.limits)
        limits = [n for n in (options.stop_events, plan.stop_events) if n is not None]
        self._most = self._room = min(limits) if limits else None
        running = {a.program for a in plan.attachments if a.mechanism is Mechanism.RUN}
        self._moment_rules = {p.rule for p in plan.programs if p.name in running}
        self.accounting = Accounting()
        self._streamed = 0
        self._begun = False
        self._wound_up = False
        self._complete = True
        self.first_event = 0
        """The timestamp of the first event shown, or of the start, in monotonic nanoseconds."""
        self.command_status: int | None = None
        """How the command ended, as `os.waitstatus_to_exitcode` has it."""

    # --- Setting up -------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        try:
            self._set_up()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        with self._stack:
            self.end()

    def _set_up(self) -> None:
        library = Libbcc()
        entries = {"events": self._options.buffer_size} if self._plan.transport == "ring" else {}
        entries.update(aggregate_sizes(self._plan, self._options.keys, len(possible_cpus())))
        entries.update(pending_sizes(self._plan, self._options.pending))
        if self._plan.transport == "ring":
            entries["stacks"] = _STACK_BUFFER
        self._maps = create_maps(library, self._built.maps, entries)
        self._counters = KernelCounters(self._plan, self._maps)
        for map_ in self._maps.values():
            self._stack.callback(map_.close)
        for selection in self._plan.selections:
            for number, target in selection.targets:
                key, value = struct.pack("=I", number), struct.pack("=I", target + 1)
                self._maps[selection.name].update(key, value)
        self._reader = self._open_reader(self._maps["events"], self._options.buffer_size)
        self._stack.callback(self._reader.close)
        if "stacks" in self._maps:
            from tracelang.runtime.stacks import StackReader  # late: most scripts take none

            reader = self._open_reader(self._maps["stacks"], _STACK_BUFFER)
            self._stacks = StackReader(reader, self.stacks)
            self._stack.callback(self._stacks.close)
        for pid in self._options.follow:
            self._follow(pid)
        maps = {name: map_.fd for name, map_ in self._maps.items()}
        self._programs = self._stack.enter_context(
            Programs(library, self._plan, self._built, maps, self._spans, self._options.watch)
        )
        self._programs.load()
        self._programs.run("begin")
        self._programs.attach()

    @property
    def refused(self) -> tuple[Diagnostic, ...]:
        """A warning for each rule of which the kernel refused some places."""
        refused = self._programs.refused
        names = dict.fromkeys(attachment.program for attachment in refused)
        return tuple(
            warn_of_refused(
                {a: error for a, error in refused.items() if a.program == name},
                self._spans.get(name),
            )
            for name in names
        )

    @property
    def left_out(self) -> Collection[Attachment]:
        """What is not attached, as the kernel refused it and a wildcard found others."""
        return self._programs.refused

    @property
    def attached(self) -> int:
        """How many probes are attached."""
        return len(self._plan.attachments) - len(self._programs.refused)

    def _open_reader(self, buffer: BpfMap, size: int) -> Reader:
        if self._plan.transport == "ring":
            return RingReader(buffer.fd, size)
        return PerfBufferReader(buffer.fd, size // (os.cpu_count() or 1))

    # --- Running ----------------------------------------------------------------------------------

    def stop(self) -> None:
        """End the run soon; safe from signal handlers and other threads."""
        self._ending.wish()

    def step(self) -> Step:
        """Take what has come since the last step.

        The last one detaches, and brings what was still on its way and the `end` rules' events.
        """
        self.start()
        batches = [] if self._ending.is_wished() else self._take()
        now = time.monotonic_ns()
        if self._ending.is_wished() or now >= self._deadline or self._is_full() or self._is_over():
            self._wind_up()
            return self._last_step(batches)
        until = min(self._deadline, self._summaries.next_due())
        pause = self._pacer.next_pause(self._reader.fill) if self._complete else 0.0
        return Step(batches, min(pause, max(0.0, (until - now) / 1e9)), over=False)

    def wait(self, pause: float) -> None:
        """Wait so many seconds, or until `stop` is called."""
        self._ending.wait(pause)

    def batches(self) -> Iterator[list[Row]]:
        """Yield batches in time order until the run is over, an empty one whenever none waits."""
        while True:
            step = self.step()
            yield from step.batches
            yield []
            if step.over:
                return
            self.wait(step.pause)

    def read_aggregates(self) -> list[list[Row]]:
        """Return the aggregates as they stand, in the order of their rules.

        None of those that start afresh each period: reading one would end its period.
        """
        return list(self._summaries.standing())

    def end(self) -> Accounting:
        """Detach, end the command, and count what became of every event; harmless if done."""
        self._programs.detach()
        if self._held is not None:
            self._held.end()
        return self.count()

    def start(self) -> None:
        """Start the command and the clocks, unless it is done; the first step does so too."""
        if self._begun:
            return
        self._begun = True
        self.first_event = time.monotonic_ns()
        streamed = [o for o in self._plan.outputs if o.aggregate is None]
        self._decoder = BatchDecoder({o.rule: o.record for o in streamed})
        self._summaries = Aggregates(self._plan, self._maps, self.stacks if self._stacks else None)
        self._order = TimeOrder()
        self._pacer = DrainPacer()
        limits = [n for n in (self._options.stop_after, self._plan.stop_after) if n is not None]
        self._deadline = time.monotonic_ns() + min(limits) if limits else 1 << 63
        if self._options.command:
            self._release(start_held(self._options.command))

    @cached_property
    def stacks(self) -> StackTable:
        """What the run knows of call stacks, and of the kernel's functions."""
        from tracelang.runtime.stacks import make_table  # late: most scripts name no code

        return make_table()

    def _follow(self, pid: int) -> None:
        """Follow a process; in a pid namespace programs learn its number in the kernel's own."""
        map_ = self._maps.get("named", self._maps["followed"])
        map_.update(struct.pack("=I", pid), b"\1")

    def _release(self, held: HeldProcess) -> None:
        self._held = held
        self._follow(held.pid)
        held.release()

    def _is_full(self) -> bool:
        """Tell whether there were as many events as were wanted, those summed up included."""
        if self._most is None or all(o.aggregate is None for o in self._plan.outputs):
            return False
        return self._streamed + self._counters.sum(Counter.SUMMED) >= self._most

    def _is_over(self) -> bool:
        """Tell whether the process the run is about has ended."""
        if self._held is not None:
            self.command_status = self._held.poll()
            return self.command_status is not None
        if self._options.watch is not None:
            return not os.path.exists(f"/proc/{self._options.watch}")  # noqa: PTH110 - each drain
        return False

    def _take(self) -> list[list[Row]]:
        """Return the rows that are safe to pass on, and the aggregates that are due."""
        drained = self._drain()
        return self._deliver(self._in_order(drained), self._summaries.due())

    def _in_order(self, drained: Drained) -> list[Row]:
        """Return the rows that no older one can follow any more."""
        rows = self._decode(drained)
        if drained.complete:
            return self._order.push(rows, drained.started)
        # What was left is not much older than the last that was taken.
        return self._order.push(rows, rows[-1][0] if rows else 0)

    def _drain(self) -> Drained:
        """Take what programs have sent: events, then the stacks they name."""
        drained = self._reader.drain()
        self._complete = drained.complete
        if self._stacks is not None:
            self._stacks.drain()
        return drained

    def _decode(self, drained: Drained) -> list[Row]:
        collecting = gc.isenabled()
        # Rows form no cycles; looking for them would take a third of the time decoding takes.
        gc.disable()
        try:
            return self._decoder.decode(drained)
        finally:
            if collecting:
                gc.enable()

    def _wind_up(self) -> None:
        """Detach, and let the `end` rules speak."""
        if self._wound_up:
            return
        self._wound_up = True
        self._ending.wish()
        self._programs.detach()
        self._programs.run("end")

    def _last_step(self, batches: list[list[Row]]) -> Step:
        """Take what is still on its way, a piece at a time; the run is over when that was all."""
        drained = self._drain()
        if drained.count or not drained.complete:
            return Step(batches + self._deliver(self._in_order(drained), ()), 0.0, over=False)
        rows = self._order.flush()
        self.accounting.late = self._order.late
        return Step(batches + self._deliver(rows, self._summaries.last()), 0.0, over=True)

    def _deliver(self, rows: list[Row], tables: Iterable[list[Row]]) -> list[list[Row]]:
        """Return what is shown of some rows, and after it each aggregate as a batch of its own."""
        rows = self._within_room(self._trimmer.trim(rows))
        if rows and not self._streamed:
            self.first_event = rows[0][0]
        self._streamed += len(rows)
        batches = [rows, *tables] if rows else list(tables)
        self.accounting.events = self._streamed + self._summaries.events
        return batches

    def _within_room(self, rows: list[Row]) -> list[Row]:
        """Return the rows up to the last one wanted; what `begin` and `end` say is not counted."""
        if self._room is None:
            return rows
        kept = []
        for row in rows:
            if row[1] in self._moment_rules:
                kept.append(row)
            elif self._room > 0:
                self._room -= 1
                kept.append(row)
        if self._room == 0:
            self._ending.wish()
        return kept

    def count(self) -> Accounting:
        """Bring the accounting up to date and return it; only while the session is open."""
        accounting = self.accounting
        self._counters.enter(accounting)
        accounting.limited += self._trimmer.dropped
        if self._stacks is not None:
            accounting.mappings_lost = self._stacks.mappings_lost
            accounting.stacks_cut = self.stacks.cut
            accounting.stacks_broken = self.stacks.broken
            accounting.frames_unnamed = self.stacks.unnamed
        accounting.missed = self._programs.missed()
        return accounting
