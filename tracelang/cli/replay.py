"""`tracelang replay`: a recording shown again, or asked something else. It needs no root."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, TextIO

from tracelang.cli import options
from tracelang.cli.output import Output, add_file_options, open_output, writing
from tracelang.render import show

if TYPE_CHECKING:
    from tracelang.recording.reader import Recording
    from tracelang.recording.replay import Replay
    from tracelang.sinks.protocol import Account, SinkSetup

_DESCRIPTION: Final = "Show a recording again, or ask it something else."
_QUERY: Final = (
    "clauses over the recorded columns: 'where pid == 42 aggregate count() by comm'; "
    "`probe recorded:2 …` is about one rule"
)


def build_parser() -> options.Parser:
    """Return the command's parser."""
    parser = options.Parser(prog="tracelang replay", description=_DESCRIPTION, allow_abbrev=False)
    add = parser.add_argument
    add("recording", metavar="FILE", help="what `tracelang record` wrote")
    add("-e", dest="query", metavar="CLAUSES", help=_QUERY)
    add("-n", dest="events", metavar="EVENTS", type=options.positive, help="no more than that")
    add("-o", dest="output", metavar="FORMAT", help="text, table, json, csv, …")
    add_file_options(parser)
    add("-q", dest="quiet", action="store_true", help="no accounting lines, no notes")
    return parser


def execute(arguments: list[str]) -> int:
    """Run the command; return its exit status."""
    known = build_parser().parse_args(arguments)
    from tracelang.recording.reader import open_and_scan
    from tracelang.recording.replay import Replay

    started = time.process_time()
    recording = open_and_scan(Path(known.recording))
    replay = Replay(recording, known.query, known.events)
    if replay.query is not None and replay.query.warnings:
        show(replay.query.warnings)
    account = _Account(replay)
    output = open_output(known, partial(_make_setup, replay, account))
    status = output.write(partial(_run, replay, output, account))
    if not known.quiet:
        _describe(replay, time.process_time() - started)
    missing = recording.describe_ending()
    if missing is not None:
        options.warn(f"warning: {missing}")
    return status or (3 if recording.ending.damaged else 0)


def _run(replay: Replay, output: Output, account: _Account) -> None:
    from tracelang.sinks.protocol import feed

    sink = output.sink
    writing(sink.begin)
    for rows in replay.batches():
        writing(partial(feed, sink, rows))
        writing(sink.flush)
    account.closed = True
    writing(sink.end)


def _make_setup(replay: Replay, account: _Account, stream: TextIO) -> SinkSetup:
    from tracelang.sinks.protocol import SinkSetup, options_for

    contexts = replay.contexts()
    return SinkSetup(
        replay.outputs, stream, replay.decoders, contexts, options_for(stream), account
    )


class _Account:
    """The account of the recorded run, with what the replay counts itself."""

    def __init__(self, replay: Replay) -> None:
        self._replay = replay
        self.closed = False

    def __call__(self) -> Account | None:
        """Return the account; None as long as the replay goes on, or where it was lost."""
        recorded = self._replay.recording.account
        if not self.closed or recorded is None:
            return None
        return _shown_account(self._replay, recorded)


def _shown_account(replay: Replay, recorded: Account) -> Account:
    """Return what a sink writes: of a query, the events it showed and what it left out itself."""
    counts = replay.counts
    own: dict[str, int | float] = {"cut": counts.cut}
    if not replay.is_whole:
        own["events"] = counts.events
        own["limited"] = recorded.get("limited", 0) + counts.limited
        own["sampled_out"] = recorded.get("sampled_out", 0) + counts.sampled_out
    return {**recorded, **own}


def _describe(replay: Replay, seconds: float) -> None:
    """Say what was shown of what, and what was counted when it was recorded."""
    recording, counts = replay.recording, replay.counts
    parts = [f"{counts.events:,} of {_count(recording.events, 'recorded event')}"]
    if recording.tables and replay.is_whole:
        parts.append(_count(recording.tables, "recorded table"))
    if counts.limited:
        parts.append(f"{counts.limited:,} over the limit")
    if counts.sampled_out:
        parts.append(f"{counts.sampled_out:,} not sampled")
    if counts.cut:
        parts.append(f"{_count(counts.cut, 'string')} cut")
    options.warn(", ".join([*parts, f"{seconds:.2f} s of CPU"]))
    if recording.account is not None:
        options.warn(f"when recorded, on {recording.head.kernel}: {_describe_run(recording)}")


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'s' * (number != 1)}"


def _describe_run(recording: Recording) -> str:
    from tracelang.runtime.accounting import Accounting

    assert recording.account is not None
    known: Mapping[str, int | float] = recording.account
    names = {field.name for field in fields(Accounting)}
    return Accounting(**{n: v for n, v in known.items() if n in names}).describe()  # type: ignore[arg-type]
