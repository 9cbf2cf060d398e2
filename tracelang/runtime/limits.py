"""Limits: the exact second half of `limit N/s`, whose first half runs in the kernel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

_SECOND: Final = 1_000_000_000


class LimitTrimmer:
    """Drops what CPUs racing for the last places of a second let through.

    `limits` are the rules' limits by rule number (None: none). Seconds are those of the monotonic
    clock, as in the kernel.
    """

    def __init__(self, limits: Sequence[int | None]) -> None:
        self._limits = {rule: limit for rule, limit in enumerate(limits) if limit is not None}
        self._passed: dict[int, tuple[int, int]] = {}
        self.dropped = 0
        """How many events were dropped here."""

    def trim(self, rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        """Return the rows that are within their rule's limit."""
        if not self._limits:
            return rows
        kept = [row for row in rows if self._passes(row[1], row[0])]
        self.dropped += len(rows) - len(kept)
        return kept

    def _passes(self, rule: int, ts: int) -> bool:
        limit = self._limits.get(rule)
        if limit is None:
            return True
        second, passed = self._passed.get(rule, (-1, 0))
        if ts // _SECOND != second:
            second, passed = ts // _SECOND, 0
        self._passed[rule] = (second, passed + 1)
        return passed < limit
