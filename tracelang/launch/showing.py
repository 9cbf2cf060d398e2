"""Showing events: the sink a run writes to, and what it knows of the run."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, TextIO

from tracelang.decoders.protocol import DecodeContext

if TYPE_CHECKING:
    from tracelang.launch.compile import CompiledScript
    from tracelang.runtime.session import Session
    from tracelang.sinks.protocol import Account, SinkSetup


def make_setup(
    script: CompiledScript, session: Session, account: Callable[[], Account | None], stream: TextIO
) -> SinkSetup:
    """Return what a sink is made from."""
    from tracelang.sinks.protocol import SinkSetup, options_for

    outputs = script.plan.shown
    contexts = make_contexts(script, session)
    decoders = script.decoders
    return SinkSetup(outputs, stream, decoders, contexts, options_for(stream), account)


def make_contexts(script: CompiledScript, session: Session) -> dict[int, DecodeContext]:
    """Return what the decoders of each rule know of the run."""
    return {o.rule: _context(script, session, o.targets) for o in script.plan.outputs}


def _context(
    script: CompiledScript, session: Session, targets: tuple[tuple[str, str], ...]
) -> DecodeContext:
    def count_cut() -> None:
        session.accounting.cut += 1

    return DecodeContext(
        wall_offset,
        lambda: session.first_event,
        script.text_limit,
        count_cut,
        targets,
        session.stacks,
    )


def wall_offset(_ts: int = 0) -> int:
    """Return the nanoseconds from the monotonic clock to the wall clock, now."""
    return time.time_ns() - time.monotonic_ns()
