"""Periodic aggregates on a terminal: each period's tables take the place of the ones before."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TextIO

from tracelang.plan.ir import RuleOutput
from tracelang.sinks.protocol import Row, SinkSetup
from tracelang.sinks.screen import Screen
from tracelang.sinks.summary import Summary

_LATE: Final = 1.5
"""Periods after which a table is old: there was nothing to show since."""
_EARLY: Final = 0.75
"""A table that comes sooner is of a period that was cut short by the end."""
_ONCE: Final = frozenset({"begin", "end"})
_SECOND: Final = 10**9


def are_refreshed(setup: SinkSetup) -> bool:
    """Tell whether a script's tables are refreshed in place: a person looks on, all are periodic.

    Rules that stream would scroll them away; those of `begin` and `end` speak before and after.
    """
    periodic = [o for o in setup.outputs if o.aggregate is not None and o.aggregate.every]
    others = [o for o in setup.outputs if o not in periodic]
    quiet = all(probe in _ONCE for output in others for probe, _ in output.targets)
    return setup.options.live and bool(periodic) and quiet


@dataclass(slots=True)
class _Shown:
    """What a rule has shown last, and when; `before` is the table it replaced."""

    period: float
    starts_afresh: bool
    text: str = ""
    at: float = 0.0
    before: str = ""
    before_at: float = 0.0

    @property
    def cut_short(self) -> bool:
        """Whether the last table is of a period that did not come to its end."""
        since = self.at - self.before_at
        return self.starts_afresh and bool(self.before) and since < self.period * _EARLY


class RefreshedTables:
    """The tables of periodic aggregates, one below the other, on a screen of their own."""

    def __init__(
        self, stream: TextIO, outputs: Sequence[RuleOutput], summaries: Mapping[int, Summary]
    ) -> None:
        self._stream = stream
        self._screen = Screen(stream)
        self._summaries = summaries
        self._shown: dict[int, _Shown] = {}
        for output in outputs:
            plan = output.aggregate
            if plan is not None and plan.every is not None:
                self._shown[output.rule] = _Shown(plan.every / _SECOND, plan.reset)
        self._changed = False

    def takes(self, rule: int) -> bool:
        """Tell whether a rule's tables are refreshed here."""
        return rule in self._shown

    def show(self, rule: int, rows: Sequence[Row]) -> None:
        """Take a rule's new table; it is drawn when all that came at once are there."""
        shown = self._shown[rule]
        shown.before, shown.before_at = shown.text, shown.at
        shown.text = self._summaries[rule].text(rows, first=True)
        shown.at = time.monotonic()
        self._changed = True

    def write_aside(self, text: str) -> None:
        """Write what another rule says: before the tables, or else after them."""
        self._screen.write_aside(text)

    def refresh(self) -> None:
        """Draw what has changed, also where the window has, or there was nothing for a while."""
        now = time.monotonic()
        for rule, shown in self._shown.items():
            if shown.text and shown.at and now - shown.at > shown.period * _LATE:
                shown.text, shown.at = self._summaries[rule].silence(), now
                self._changed = True
        if self._changed or self._screen.resized:
            self._changed = False
            self._screen.draw("\n".join(s.text for s in self._shown.values() if s.text))

    def end(self) -> None:
        """Leave the screen; what was last on it stays, whole, and then what the end cut short."""
        self._screen.leave()
        last = [s.before if s.cut_short else s.text for s in self._shown.values()]
        last += [s.text for s in self._shown.values() if s.cut_short]
        self._stream.write("\n".join(text for text in last if text) + self._screen.take_later())
