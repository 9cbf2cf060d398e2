"""Folded stacks: `comm;outer;inner 42` a line, as flame graph tools take them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tracelang.dataclass import dataclass
from tracelang.sinks.folding import Folding
from tracelang.sinks.protocol import Form, Row, Sink, SinkSetup


class FoldedSink:
    """Adds up stacks, and writes them when the run is over."""

    def __init__(self, setup: SinkSetup) -> None:
        self._stream = setup.stream
        self._folding = Folding(setup, "folded")

    def begin(self) -> None:
        """Write nothing: there is no header."""

    def events(self, rule: int, rows: Sequence[Row]) -> None:
        """Take in the rows of one rule."""
        self._folding.add(rule, rows)

    def flush(self) -> None:
        """Write nothing before everything is added up."""

    def end(self) -> None:
        """Write one line for each different stack, in the order of the alphabet."""
        stacks = self._folding.stacks()
        lines = sorted((";".join(level.name for level in p), n) for p, n in stacks.items())
        self._stream.write("".join(f"{path} {weight}\n" for path, weight in lines))
        self._stream.flush()


@dataclass(frozen=True, slots=True)
class FoldedKind:
    """`-o folded`."""

    name: str = "folded"
    summary: str = "call stacks on one line each, with their count, for flame graph tools"
    form: Form = Form.LINES

    def create(self, setup: SinkSetup) -> Sink:
        """Return the sink; rules without a stack are refused (U303, U304)."""
        return FoldedSink(setup)


SINKS: Final = (FoldedKind(),)
