"""The wall clock of a recording: what was added to monotonic times, second by second."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Final

_SECOND: Final = 1_000_000_000


class RecordedClock:
    """Offsets from the monotonic to the wall clock: one for each second that was asked about.

    When reading, seconds that were not recorded have the offset of the one before.
    """

    def __init__(self) -> None:
        self._ask: Callable[[int], int] | None = None
        self._offsets: dict[int, int] = {}
        self._new: list[tuple[int, int]] = []
        self._latest = 0

    def ask_by(self, ask: Callable[[int], int]) -> None:
        """Ask for offsets in this way from now on."""
        self._ask = ask

    def offset(self, ts: int) -> int:
        """Return the nanoseconds to add to a monotonic time."""
        second = ts // _SECOND
        known = self._offsets.get(second)
        if known is not None:
            return known
        if self._ask is None:
            earlier = [s for s in self._offsets if s < second]
            return self._offsets[max(earlier)] if earlier else self._latest
        found = self._offsets[second] = self._ask(ts)
        self._new.append((second, found))
        return found

    def cover(self, first: int, last: int) -> None:
        """Ask about every second from one time to another."""
        for second in range(first // _SECOND, last // _SECOND + 1):
            if second not in self._offsets:
                self.offset(second * _SECOND)

    def take(self) -> bytes | None:
        """Return the offsets that are not yet written, None where there are none."""
        new, self._new = self._new, []
        return json.dumps(new).encode() if new else None

    def add(self, payload: bytes) -> None:
        """Add offsets that were written."""
        for second, offset in json.loads(payload):
            self._offsets[second] = self._latest = offset
