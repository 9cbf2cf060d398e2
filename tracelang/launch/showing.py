"""Showing events: the sink a run writes to, and what it knows of the run."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, TextIO

from tracelang.decoders.frames import NO_STACKS
from tracelang.decoders.protocol import DecodeContext

if TYPE_CHECKING:
    from tracelang.launch.compile import CompiledScript
    from tracelang.plan.ir import RuleOutput
    from tracelang.runtime.session import Session
    from tracelang.sinks.protocol import Account, SinkSetup


_OF_CODE: Final = frozenset({"kstack", "ustack", "usym", "ksym"})
"""The decoders that ask a run for the names of functions."""


def make_setup(
    script: CompiledScript,
    session: Session,
    account: Callable[[], Account | None],
    stream: TextIO,
    *,
    verbose: bool = False,
) -> SinkSetup:
    """Return what a sink is made from."""
    from tracelang.sinks.protocol import SinkSetup, options_for

    outputs = script.plan.shown
    contexts = make_contexts(script, session, verbose=verbose)
    texts = dict.fromkeys(span.source.text.strip() for span in script.spans.values())
    return SinkSetup(
        outputs,
        stream,
        script.decoders,
        contexts,
        options_for(stream),
        account,
        "\n".join(texts),
    )


def make_contexts(
    script: CompiledScript, session: Session, *, verbose: bool = False
) -> dict[int, DecodeContext]:
    """Return what the decoders of each rule know of the run."""
    return {o.rule: _context(script, session, o, verbose=verbose) for o in script.plan.outputs}


def _context(
    script: CompiledScript,
    session: Session,
    output: RuleOutput,
    *,
    verbose: bool,
) -> DecodeContext:
    def count_cut() -> None:
        session.accounting.cut += 1

    return DecodeContext(
        wall_offset,
        lambda: session.first_event,
        script.text_limit,
        count_cut,
        output.targets,
        session.stacks if _names_code(output) else NO_STACKS,
        verbose,
    )


def _names_code(output: RuleOutput) -> bool:
    columns = (*output.columns, *output.arguments)
    return any(column.decoding.decoder in _OF_CODE for column in columns)


def wall_offset(_ts: int = 0) -> int:
    """Return the nanoseconds from the monotonic clock to the wall clock, now."""
    return time.time_ns() - time.monotonic_ns()
