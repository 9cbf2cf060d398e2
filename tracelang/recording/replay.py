"""Replaying: recorded events again, all of them or what a query takes of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tracelang.decoders import load_decoders
from tracelang.decoders.protocol import DecodeContext, Decoder
from tracelang.plan.ir import RuleOutput
from tracelang.recording.query import Query, QueryRule, bind_query
from tracelang.recording.reader import Recording
from tracelang.registry import Registry
from tracelang.runtime.limits import LimitTrimmer
from tracelang.sinks.protocol import Row

_NEVER = 1 << 63


@dataclass(slots=True)
class Counts:
    """What a replay counts itself; everything else was counted when recording."""

    events: int = 0
    cut: int = 0
    limited: int = 0
    sampled_out: int = 0


class Replay:
    """One reading of a recording, with or without a query; `outputs` are what it shows."""

    def __init__(self, recording: Recording, query: str | None, limit: int | None = None) -> None:
        self.recording = recording
        self.decoders: Registry[Decoder] = recording.names.replace_in(load_decoders())
        self.query = None if query is None else bind_query(query, recording.head, self.decoders)
        self.counts = Counts()
        self.first_event = 0
        self._limit = limit

    @property
    def is_whole(self) -> bool:
        """Tell whether everything is shown that was recorded."""
        return self.query is None and self._limit is None

    @property
    def outputs(self) -> tuple[RuleOutput, ...]:
        """How the rules are shown."""
        if self.query is not None:
            return tuple(rule.output for rule in self.query.rules)
        return tuple(rule.output for rule in self.recording.head.rules)

    def contexts(self) -> dict[int, DecodeContext]:
        """Return what decoders know of the recorded run, by rule."""
        clock, head = self.recording.clock, self.recording.head
        return {
            output.rule: DecodeContext(
                clock.offset,
                lambda: self.first_event,
                head.text_limit,
                self._count_cut,
                output.targets,
            )
            for output in self.outputs
        }

    def _count_cut(self) -> None:
        self.counts.cut += 1

    def batches(self) -> Iterator[list[Row]]:
        """Yield what is shown, in order; each table of an aggregate is a batch of its own."""
        batches = self._all() if self.query is None else self._asked(self.query)
        streamed = {output.rule for output in self.outputs if output.aggregate is None}
        limits = [self._limit, self.query.stop_events if self.query is not None else None]
        room = min((limit for limit in limits if limit is not None), default=_NEVER)
        for rows in batches:
            kept = rows
            if rows and rows[0][1] in streamed:
                kept = rows[:room]
                room -= len(kept)
                self.counts.events += len(kept)
                if kept and not self.first_event:
                    self.first_event = kept[0][0]
            yield kept
            if room <= 0:
                return

    def _all(self) -> Iterator[list[Row]]:
        yield from self.recording.batches()

    def _asked(self, query: Query) -> Iterator[list[Row]]:
        asked = _Asked(query, self.recording.head.started, self.counts)
        for rows in self.recording.batches():
            yield from asked.take(rows)
            if asked.over:
                break
        yield from asked.last()


class _Asked:
    """The rules of a query at work."""

    def __init__(self, query: Query, started: int, counts: Counts) -> None:
        self._by_source: dict[int, list[QueryRule]] = {}
        for rule in query.rules:
            self._by_source.setdefault(rule.source, []).append(rule)
        self._summing = [rule for rule in query.rules if rule.summed is not None]
        self._due = [started + r.every if r.every else _NEVER for r in self._summing]
        self._next = min(self._due, default=_NEVER)
        self._trimmer = LimitTrimmer([rule.limit for rule in query.rules])
        self._seen = dict.fromkeys(range(len(query.rules)), 0)
        self._counts = counts
        self._end = started + query.stop_after if query.stop_after is not None else _NEVER
        self._ts = started
        self.over = False

    def take(self, rows: Iterable[Row]) -> Iterator[list[Row]]:
        """Yield what the rules make of some events, and the tables that are due meanwhile."""
        made: list[Row] = []
        for row in rows:
            if row[0] >= self._end:
                self.over = True
                break
            if row[0] >= self._next:
                yield from self._streamed(made)
                made = []
                yield from self._tables(row[0])
            self._ts = max(self._ts, row[0])
            for rule in self._by_source.get(row[1], ()):
                found = self._one(rule, row)
                if found is not None:
                    made.append(found)
        yield from self._streamed(made)

    def _streamed(self, made: list[Row]) -> Iterator[list[Row]]:
        rows = self._trimmer.trim(made)
        self._counts.limited = self._trimmer.dropped
        if rows:
            yield rows

    def _one(self, rule: QueryRule, row: Row) -> Row | None:
        target = row[2]
        if target not in rule.where:
            return None
        where = rule.where[target]
        if where is not None and not where(row):
            return None
        if rule.sample is not None and not self._is_sampled(rule.output.rule, *rule.sample):
            return None
        if rule.summed is None:
            return rule.make[target](row)
        assert rule.add is not None
        rule.add[target](rule.summed, row)
        self._counts.events += 1
        return None

    def _is_sampled(self, rule: int, keep: int, of: int) -> bool:
        seen = self._seen[rule]
        self._seen[rule] = seen + 1
        if seen % of < keep:
            return True
        self._counts.sampled_out += 1
        return False

    def _tables(self, ts: int) -> Iterator[list[Row]]:
        """Yield the tables whose periods have ended by a time."""
        for index, rule in enumerate(self._summing):
            if rule.every is None or rule.summed is None or ts < self._due[index]:
                continue
            yield rule.summed.rows(self._due[index])
            self._due[index] += rule.every * ((ts - self._due[index]) // rule.every + 1)
        self._next = min(self._due, default=_NEVER)

    def last(self) -> Iterator[list[Row]]:
        """Yield the tables as they stand at the end."""
        for rule in self._summing:
            if rule.summed is not None:
                yield rule.summed.rows(self._ts)
