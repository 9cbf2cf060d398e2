"""A script running in the kernel, as a context manager and an iterator."""

from __future__ import annotations

import asyncio
import time
import weakref
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Self

from tracelang.api.aggregates import Aggregate
from tracelang.api.errors import public_errors
from tracelang.api.events import Event
from tracelang.api.run import Run
from tracelang.launch.options import LaunchOptions
from tracelang.runtime.accounting import Accounting

if TYPE_CHECKING:
    from tracelang.source import SourceFile


class Trace:
    """A script and the events it brings.

    Entering it compiles, loads, attaches and starts the command; leaving it detaches everything and
    ends the command, however it is left.
    Iterating, plainly or with `async for`, gives the events in the order in which they happened,
    and ends when the trace does. What has come but was not iterated over when the block is left in
    order can still be: that of an exception is dropped.

    A trace installs no signal handlers and belongs to no thread: Ctrl-C raises KeyboardInterrupt
    where the program is, as always. Only `stop` may be called from another thread.
    """

    def __init__(self, sources: Sequence[SourceFile], options: LaunchOptions) -> None:
        self._sources = sources
        self._options = options
        self._run: Run | None = None
        self._ready: deque[Event] = deque()
        self._finalizer: weakref.finalize[..., Any] | None = None

    # --- Starting and ending ----------------------------------------------------------------------

    def open(self) -> Self:
        """Compile, load, attach and start the command, unless that is done.

        Entering and iterating do so by themselves.

        Raises `ScriptError`, `UsageError` or `MachineError`.
        """
        if self._run is None:
            with public_errors():
                self._run = run = Run.open(self._sources, self._options)
            # A trace that is dropped, or outlives the program, is detached as well.
            self._finalizer = weakref.finalize(self, run.close)
        return self

    def run(self) -> Self:
        """Trace until something ends it: `command`, `pid`, `duration`, `events` or `stop`.

        The events can be iterated over afterwards; they are kept in memory until then.
        """
        run = self._opened()
        try:
            while not run.over and self._is_open():
                run.session.wait(run.pause)
                self._take(run)
        finally:
            self.close()
        return self

    def stop(self) -> None:
        """End the trace soon: iteration ends after what has come. Any thread may call it."""
        if self._run is not None:
            self._run.session.stop()

    def close(self) -> None:
        """Detach now, and end the command; what was not iterated over is dropped."""
        if self._finalizer is not None:
            self._finalizer()

    def finish(self) -> None:
        """Detach, and take what is still on its way: it can be iterated over afterwards."""
        run = self._run
        if run is not None and self._is_open():
            self.stop()
            try:
                while not run.over:
                    self._take(run)
            finally:
                self.close()

    def __enter__(self) -> Self:
        return self.open()

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.finish()
        else:
            self.close()

    async def __aenter__(self) -> Self:
        opening = asyncio.ensure_future(asyncio.to_thread(self.open))
        try:
            await asyncio.shield(opening)
        except asyncio.CancelledError:
            opening.add_done_callback(lambda _: self.close())
            raise
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.__exit__(kind)

    # --- Events -----------------------------------------------------------------------------------

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Event:
        run = self._opened()
        while not self._ready:
            if run.over or not self._is_open():
                raise StopIteration
            run.session.wait(run.pause)
            self._take(run)
        return self._ready.popleft()

    def poll(self, timeout: float) -> list[Event] | None:
        """Return the events that have come, after at most so many seconds; None when it has ended.

        For programs with a loop of their own; the list is empty where none came in time.
        """
        run = self._opened()
        deadline = time.monotonic() + timeout
        while not self._ready:
            if run.over or not self._is_open():
                return None
            left = deadline - time.monotonic()
            run.session.wait(min(run.pause, max(left, 0.0)))
            self._take(run)
            if left <= 0:
                break
        events = list(self._ready)
        self._ready.clear()
        return events

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        if self._run is None:
            await self.__aenter__()
        run = self._opened()
        while not self._ready:
            if run.over or not self._is_open():
                raise StopAsyncIteration
            await asyncio.sleep(run.pause)
            self._take(run)
        return self._ready.popleft()

    def _take(self, run: Run) -> None:
        """Take what has come; after the last of it everything is detached."""
        with public_errors():
            self._ready += run.events(run.step())
        if run.over:
            self.close()

    def _opened(self) -> Run:
        self.open()
        assert self._run is not None
        return self._run

    def _is_open(self) -> bool:
        return self._finalizer is not None and self._finalizer.alive

    # --- Frames -----------------------------------------------------------------------------------

    def batches(self) -> Iterator[Any]:
        """Yield the events as `pyarrow.RecordBatch`es of one schema, as they come.

        The columns are those of `-o arrow`: `ts`, with several rules `rule`, `probe`, then the
        rule's own. Raises `MachineError` where pyarrow is not installed.
        """
        run = self._opened()
        with public_errors():
            arrow = run.arrow
        if self._ready:
            yield run.seen_arrow.batch([event._row for event in self._ready])
            self._ready.clear()
        while not run.over and self._is_open():
            run.session.wait(run.pause)
            with public_errors():
                batches = run.step()
            if run.over:
                self.close()
            for rows in filter(None, batches):
                yield arrow.batch(rows)

    def to_arrow(self) -> Any:
        """Trace to the end, and return the events as a `pyarrow.Table`."""
        batches = list(self.batches())
        import pyarrow as pa  # late: it is optional, and slow

        return pa.Table.from_batches(batches, self._opened().arrow.schema)

    def to_pandas(self) -> Any:
        """Trace to the end, and return the events as a `pandas.DataFrame`."""
        return self.to_arrow().to_pandas()

    def to_polars(self) -> Any:
        """Trace to the end, and return the events as a `polars.DataFrame`."""
        table = self.to_arrow()
        import polars as pl  # late: it is optional, and slow

        return pl.from_arrow(table)

    def flamegraph(self, events: Iterable[Event] = ()) -> str:
        """Return a flame graph of the aggregates, and of some events, as an HTML page.

        Raises `UsageError` where the script takes no stacks (`kstack`, `ustack`).
        """
        rows = [row._row for aggregate in self.aggregates for row in aggregate.rows]
        with public_errors():
            return self._opened().flame_page([*rows, *(event._row for event in events)])

    def table(self, events: Iterable[Event] = ()) -> str:
        """Return some events, and the aggregates, as the text that the command shows."""
        rows = [row._row for aggregate in self.aggregates for row in aggregate.rows]
        with public_errors():
            return self._opened().table_text([*(event._row for event in events), *rows])

    # --- Results ----------------------------------------------------------------------------------

    def frame_of(self, events: Iterable[Event]) -> Any:
        """Return some of this trace's events as a `pandas.DataFrame`."""
        with public_errors():
            return self._opened().seen_arrow.batch([event._row for event in events]).to_pandas()

    @property
    def event_types(self) -> tuple[type[Event], ...]:
        """The class of each rule's events, in the order of the rules."""
        return self._opened().types

    @property
    def aggregates(self) -> tuple[Aggregate, ...]:
        """The aggregates in the order of their rules, as they stand.

        Those that start afresh each period are as they were at the end of the last one.
        """
        return self._opened().aggregates()

    @property
    def aggregate(self) -> Aggregate:
        """The aggregate of a script that has one."""
        found = self.aggregates
        if len(found) != 1:
            raise TypeError(f"the script has {len(found)} aggregates: see `aggregates`")
        return found[0]

    @property
    def accounting(self) -> Accounting:
        """What became of every event, so far; `describe()` is the line the command ends with."""
        return self._opened().accounting()

    @property
    def command_status(self) -> int | None:
        """How the command ended: its exit status, or minus the signal; None while it runs."""
        return self._opened().session.command_status

    def __repr__(self) -> str:
        state = "new" if self._run is None else "tracing" if self._is_open() else "ended"
        return f"<Trace of {self._sources[0].name!r}: {state}>"
