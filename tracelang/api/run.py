"""A running trace: the session and what its rows become."""

from __future__ import annotations

import io
import time
import warnings
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import cached_property, partial
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Self

from tracelang.api.aggregates import Aggregate
from tracelang.api.errors import ScriptWarning
from tracelang.api.events import Event, EventMaker
from tracelang.api.values import value_columns
from tracelang.decoders.protocol import Shape
from tracelang.diagnostics import Diagnostic
from tracelang.launch.compile import CompiledScript, ScriptCompiler
from tracelang.launch.load import load_script
from tracelang.launch.options import LaunchOptions
from tracelang.launch.showing import make_contexts, make_setup
from tracelang.plan.ir import RuleOutput
from tracelang.render import Painter, render
from tracelang.runtime.accounting import Accounting
from tracelang.runtime.session import Session
from tracelang.sinks.protocol import Row, SinkSetup, no_account
from tracelang.source import SourceFile

if TYPE_CHECKING:
    from tracelang.sinks.arrow_batches import ArrowRows


class Run:
    """A script in the kernel. It keeps the aggregates as last read, and counts its own time.

    It refers to no `Trace`, so that it can be closed when that is gone.
    """

    def __init__(self, script: CompiledScript, session: Session) -> None:
        self.session = session
        self.over = False
        self.outputs = script.plan.outputs
        contexts = make_contexts(script, session)
        decoders = script.decoders
        self._makers = {
            o.rule: EventMaker(o, value_columns(o, decoders, contexts[o.rule]))
            for o in self.outputs
        }
        self._setup = partial(make_setup, script, session, no_account, io.StringIO())
        self._summed = [o for o in script.plan.shown if o.aggregate is not None]
        self._aggregates = {o.rule: Aggregate.of(o, ()) for o in self._summed}
        self._due = time.monotonic()
        self._cpu = 0.0
        self._accounting = Accounting()
        self._closed = False

    @classmethod
    def open(cls, sources: Sequence[SourceFile], options: LaunchOptions) -> Self:
        """Compile, load and attach. Raises `DiagnosticError`."""
        with ExitStack() as opening:
            with ScriptCompiler.open(options) as compiler:
                script, session = load_script(compiler, sources, options, opening, _warn)
            run = cls(script, session)
            session.start()
            opening.pop_all()
        return run

    @property
    def types(self) -> tuple[type[Event], ...]:
        """The class of each rule's events."""
        return tuple(self._makers[o.rule].type for o in self.outputs)

    @property
    def pause(self) -> float:
        """In how many seconds the next step is worth its while."""
        return max(0.0, self._due - time.monotonic())

    def step(self) -> list[list[Row]]:
        """Take what has come; after the last step `over` is true."""
        started = time.thread_time()
        step = self.session.step()
        self._due = time.monotonic() + step.pause
        self.over = step.over
        for rows in step.batches:
            self._keep(rows)
        self._cpu += time.thread_time() - started
        return step.batches

    def events(self, batches: Sequence[list[Row]]) -> list[Event]:
        """Return the events of some batches."""
        started = time.thread_time()
        events: list[Event] = []
        for rows in batches:
            for rule, run in _runs(rows):
                events += self._makers[rule].make(run)
        self._cpu += time.thread_time() - started
        return events

    @cached_property
    def arrow(self) -> ArrowRows:
        """What turns rows into Arrow record batches. Raises T332 without pyarrow."""
        from tracelang.sinks.arrow_batches import ArrowRows

        return ArrowRows(self._setup())

    @cached_property
    def seen_arrow(self) -> ArrowRows:
        """The same for rows that were passed on before. Raises T332 without pyarrow."""
        from tracelang.sinks.arrow_batches import ArrowRows

        return ArrowRows(self._seen_setup())

    def _seen_setup(self) -> SinkSetup:
        """Return what shows rows whose cuts are counted already."""
        setup = self._setup()
        contexts = {r: replace(c, on_cut=lambda: None) for r, c in setup.contexts.items()}
        return replace(setup, contexts=contexts)

    def flame_page(self, rows: Sequence[Row]) -> str:
        """Return the page of a flame graph of some rows. Raises U303, U304 where there is none."""
        stacked = [o for o in self._setup().outputs if self._has_stack(o)]
        return self._written("flamegraph", rows, stacked or self._setup().outputs)

    def table_text(self, rows: Sequence[Row]) -> str:
        """Return some rows as the command shows them."""
        return self._written("table", rows, self._setup().outputs)

    def _written(self, kind: str, rows: Sequence[Row], outputs: Sequence[RuleOutput]) -> str:
        """Return what a kind of output makes of the rows of some rules."""
        from tracelang.sinks import find_sink

        stream = io.StringIO()
        setup = replace(self._seen_setup(), outputs=tuple(outputs), stream=stream)
        sink = find_sink(kind).create(setup)
        wanted = {output.rule for output in outputs}
        sink.begin()
        for rule, run in _runs([row for row in rows if row[1] in wanted]):
            sink.events(rule, run)
        sink.end()
        return stream.getvalue()

    def _has_stack(self, output: RuleOutput) -> bool:
        columns = self._makers[output.rule].type._columns
        return any(column.shape is Shape.FRAMES for column in columns)

    def aggregates(self) -> tuple[Aggregate, ...]:
        """Return the aggregates: as they stand, or for those with periods as last shown."""
        if not self._closed and not self.over:
            for rows in self.session.read_aggregates():
                self._keep(rows)
        return tuple(self._aggregates[o.rule] for o in self._summed)

    def accounting(self) -> Accounting:
        """Return what was counted so far."""
        counted = self._accounting if self._closed else self.session.count()
        return replace(counted, cpu_seconds=self._cpu)

    def close(self) -> None:
        """Detach everything and end the command; harmless if done already."""
        if not self._closed:
            self._closed = True
            self.session.__exit__()
            self._accounting = self.session.accounting

    def _keep(self, rows: list[Row]) -> None:
        """Remember the rows of an aggregate; they are a batch of their own."""
        if rows and (output := self._aggregate_output(rows[0][1])) is not None:
            events = self._makers[output.rule].make_seen(rows)
            self._aggregates[output.rule] = Aggregate.of(output, events)

    def _aggregate_output(self, rule: int) -> RuleOutput | None:
        return next((o for o in self._summed if o.rule == rule), None)


def _runs(rows: list[Row]) -> list[tuple[int, list[Row]]]:
    """Return each run of one rule, in order."""
    return [(rule, list(run)) for rule, run in groupby(rows, itemgetter(1))]


def _warn(diagnostics: tuple[Diagnostic, ...]) -> None:
    """Pass on what was noticed while compiling, as Python's own warnings."""
    for diagnostic in diagnostics:
        text = render(diagnostic, Painter(on=False)).rstrip("\n")
        warnings.warn(text, ScriptWarning, stacklevel=2)
