"""Rule outputs and sinks for tests: columns by name, decoder and C type, as plans have them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from io import StringIO
from typing import TextIO

from tests.unit.decoders.bound import context
from tracelang.decoders import load_decoders
from tracelang.decoders.frames import NO_STACKS, StackNames
from tracelang.decoders.protocol import Decoding
from tracelang.plan.c_types import U32, U64, CType
from tracelang.plan.ir import Column, Record, RecordField, RuleOutput
from tracelang.sinks import load_sinks
from tracelang.sinks.protocol import (
    Account,
    Row,
    Sink,
    SinkOptions,
    SinkSetup,
    feed,
    no_account,
)

TARGETS = (("syscall:openat", "openat"), ("syscall:open", "open"))
HEAD = (("ts", U64), ("rule", U32), ("target", U32))

Shape = tuple[str, str | Decoding, CType]
"""A column: its name, its decoder, and the C type of its value."""


def record_of(types: Iterable[tuple[str, CType]]) -> Record:
    """Return a record that begins with what every record begins with."""
    fields, offset = [], 0
    for name, type_ in (*HEAD, *types):
        fields.append(RecordField(name, type_, offset))
        offset += type_.size
    return Record("event", tuple(fields), -(-offset // 8) * 8)


def output_of(
    *shapes: Shape,
    rule: int = 0,
    targets: tuple[tuple[str, str], ...] = TARGETS,
    format_: str | None = None,
) -> RuleOutput:
    """Return a rule that shows its captured values in order, by a format if there is one."""
    columns = tuple(
        Column(name, slot, decoding if isinstance(decoding, Decoding) else Decoding(decoding))
        for slot, (name, decoding, _) in enumerate(shapes, len(HEAD))
    )
    record = record_of((name, type_) for name, _, type_ in shapes)
    arguments = columns if format_ is not None else ()
    return RuleOutput(rule, record, columns, targets, format_, arguments)


def make_sink(
    kind: str,
    *outputs: RuleOutput,
    stream: TextIO,
    options: SinkOptions = SinkOptions(),  # noqa: B008 - a frozen value
    limit: int = 128,
    account: Callable[[], Account | None] = no_account,
    stacks: StackNames = NO_STACKS,
) -> Sink:
    """Return a sink of that kind; every clock stands at 0."""
    found = load_sinks().get(kind)
    assert found is not None
    contexts = {o.rule: context(limit=limit, targets=o.targets, stacks=stacks) for o in outputs}
    setup = SinkSetup(
        outputs, stream, load_decoders(), contexts, options, account, "syscall:openat <b> & more"
    )
    return found.create(setup)


def written(
    kind: str,
    outputs: Sequence[RuleOutput],
    rows: Iterable[Row],
    options: SinkOptions = SinkOptions(),  # noqa: B008 - a frozen value
) -> str:
    """Return all that a sink writes for these rows."""
    stream = StringIO(newline="")
    sink = make_sink(kind, *outputs, stream=stream, options=options)
    sink.begin()
    feed(sink, rows)
    sink.end()
    return stream.getvalue()
