"""What a sink is: the part that writes decoded events somewhere."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum
from itertools import groupby
from operator import itemgetter
from typing import Any, BinaryIO, Protocol, TextIO, TypeAlias

from tracelang.dataclass import dataclass
from tracelang.decoders.protocol import DecodeContext, Decoder
from tracelang.plan.ir import RuleOutput
from tracelang.registry import Registry

Row: TypeAlias = tuple[Any, ...]
"""A record's values in the order of its fields (`ts`, `rule`, `target`, …): integers and bytes."""


Account: TypeAlias = Mapping[str, int | float]
"""What a run counted, by name."""


class Form(Enum):
    """What a kind of output writes, so that a file of it can be added to, or cut after a record."""

    LINES = "text, one record a line"
    QUOTED_LINES = "the same, but for line breaks inside double quotes"
    DOCUMENT = "text that is one whole"
    BINARY = "bytes"


@dataclass(frozen=True, slots=True)
class SinkOptions:
    """How a sink writes: `terminal` if a person looks on, `color` if ANSI styles are welcome.

    `live` if the terminal can be drawn on anew. `heading` is the first line of the file that is
    added to, empty for a new one.
    """

    terminal: bool = False
    color: bool = False
    heading: str = ""
    live: bool = False


def no_account() -> Account | None:
    """Say that nothing was counted."""
    return None


def options_for(stream: TextIO, environment: Mapping[str, str] | None = None) -> SinkOptions:
    """Return the options that suit a stream; `NO_COLOR` (no-color.org) is respected."""
    environment = os.environ if environment is None else environment
    terminal = stream.isatty()
    kind = environment.get("TERM")
    plain = bool(environment.get("NO_COLOR")) or kind == "dumb"
    live = terminal and kind not in (None, "", "dumb")
    return SinkOptions(terminal, terminal and not plain, live=live)


@dataclass(frozen=True, slots=True)
class SinkSetup:
    """All that a sink is made from; `contexts` are by rule number.

    `account` gives what the run counted, None as long as it is not over. An output of bytes is
    written to `stream.buffer`, whole records at once.
    """

    outputs: tuple[RuleOutput, ...]
    stream: TextIO
    decoders: Registry[Decoder]
    contexts: Mapping[int, DecodeContext]
    options: SinkOptions = SinkOptions()
    account: Callable[[], Account | None] = no_account
    script: str = ""
    """What is traced, for the outputs that show it."""

    @property
    def binary(self) -> BinaryIO:
        """Where bytes are written."""
        return self.stream.buffer


class Sink(Protocol):
    """Writes the events of one run. `BrokenPipeError` is the caller's to handle."""

    def begin(self) -> None:
        """Write what stands before the first event."""
        ...

    def events(self, rule: int, rows: Sequence[Row]) -> None:
        """Write the rows of one rule, in one write."""
        ...

    def flush(self) -> None:
        """Make everything written so far visible; called when no more events wait."""
        ...

    def end(self) -> None:
        """Write what stands after the last event, and flush."""
        ...


class SinkKind(Protocol):
    """A kind of output, chosen by `-o NAME`."""

    @property
    def name(self) -> str:
        """The word users write."""
        ...

    @property
    def summary(self) -> str:
        """One line of documentation."""
        ...

    @property
    def form(self) -> Form:
        """What it writes."""
        ...

    def create(self, setup: SinkSetup) -> Sink:
        """Return a sink; raises `DiagnosticError` where it cannot show these rules."""
        ...


def feed(sink: Sink, rows: Iterable[Row]) -> None:
    """Give a sink the rows of several rules in their order: each run of one rule at once."""
    for rule, run in groupby(rows, itemgetter(1)):
        sink.events(rule, list(run))
