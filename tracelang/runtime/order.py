"""Events in the order they happened.

Owns the merging of what several CPUs wrote: records are found in the order of their reservation
(ring buffer) or CPU by CPU (perf buffers), neither of which is quite the order of their time
stamps.
"""

from __future__ import annotations

from bisect import bisect_left
from operator import itemgetter
from typing import Final

from tracelang.runtime.batch import Row

DEFAULT_SLACK: Final = 1_000_000
"""Nanoseconds. On two busy CPUs of a virtual machine, in nearly nine million events, the largest
step back within a drain was 65 µs, and no drain missed an event more than 63 µs older than it."""

_time_stamp: Final = itemgetter(0)


class TimeOrder:
    """Passes rows on in the order of their time stamps.

    It holds back those that an older one may yet follow. A row is safe to pass on when its time
    stamp is `slack` nanoseconds older than the start of the drain that brought it: `slack` covers
    the time between taking a time stamp and submitting the record.
    """

    def __init__(self, slack: int = DEFAULT_SLACK) -> None:
        self._slack = slack
        self._held: list[Row] = []
        self._last = 0
        self._late = 0

    @property
    def late(self) -> int:
        """Rows passed on after a younger one, because they came later than the slack allows for."""
        return self._late

    def push(self, rows: list[Row], started: int) -> list[Row]:
        """Take the rows of a drain; return, sorted, all that are safe now.

        `started` is when the drain began (monotonic ns). Rows with the same time stamp keep their
        order. `rows` now belongs to this object.
        """
        merged = self._held + rows if self._held else rows
        merged.sort(key=_time_stamp)
        safe = bisect_left(merged, started - self._slack, key=_time_stamp)
        self._held = merged[safe:]
        del merged[safe:]
        return self._pass_on(merged)

    def flush(self) -> list[Row]:
        """Return all that was held back: there will be no further rows."""
        rows, self._held = self._held, []
        return self._pass_on(rows)

    def _pass_on(self, rows: list[Row]) -> list[Row]:
        """Count the late ones among sorted rows and remember how far time has come."""
        if rows:
            self._late += bisect_left(rows, self._last, key=_time_stamp)
            self._last = max(self._last, rows[-1][0])
        return rows
