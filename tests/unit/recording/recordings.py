"""Recordings for tests: made of rows, without a kernel."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from tests.unit.decoders.bound import context
from tracelang.decoders import load_decoders
from tracelang.decoders.frames import StackNames
from tracelang.plan.ir import RuleOutput
from tracelang.recording.clock import RecordedClock
from tracelang.recording.recorder import Recorder
from tracelang.recording.schema import Head, RecordedRule
from tracelang.semantic.types import Type
from tracelang.sinks.files import OutputFile
from tracelang.sinks.protocol import Account, Form, Row, SinkSetup, feed

STARTED = 1_000_000_000
OFFSET = 1_700_000_000_000_000_000


def record(
    path: Path,
    rules: Iterable[tuple[RuleOutput, Mapping[str, Type]]],
    batches: Iterable[Iterable[Row]],
    *,
    end: bool = True,
    stacks: StackNames | None = None,
) -> Path:
    """Write a recording and return its path; without an end as a killed tracer leaves it."""
    recorded = tuple(RecordedRule(output, dict(types)) for output, types in rules)
    outputs = tuple(rule.output for rule in recorded)
    contexts = {o.rule: context(targets=o.targets, offset=OFFSET) for o in outputs}
    if stacks is not None:
        contexts = {rule: replace(c, stacks=stacks) for rule, c in contexts.items()}
    file = OutputFile(path, Form.BINARY)
    clock = RecordedClock()
    clock.ask_by(lambda _ts: OFFSET)

    def account() -> Account:
        return {"events": recorder_events, "lost": 7, "cpu_seconds": 0.5}

    recorder_events = 0
    setup = SinkSetup(outputs, file.stream, load_decoders(), contexts, account=account)
    head = Head("0", "6.1.0-test", "x86_64", STARTED, 128, (("test", "probe x"),), recorded)
    recorder = Recorder(setup, head, clock)
    recorder.begin()
    for rows in batches:
        kept = list(rows)
        recorder_events += len(kept)
        feed(recorder, kept)
    if end:
        recorder.end()
    else:
        recorder._write_rows()
    file.finish()
    return path
