"""When to drain next.

Owns the trade between delay and batch size: quiet buffers are looked at often enough for a person,
busy ones when a good batch has come together, and always well before they are full.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

QUIET_PAUSE: Final = 0.025
"""Seconds between drains of a quiet buffer. An event may be held back once (see order), so it is
seen after at most two of them: 50 ms."""
_SHORTEST_PAUSE: Final = 0.001
_WANTED_FILL: Final = 0.25
"""Leaves room for three times the last rate before anything is lost."""


class DrainPacer:
    """Chooses the pause before each drain from how fast the buffer filled before the last one.

    It shortens the pause at once and lengthens it step by step, since bursts come in groups.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._last = clock()
        self._pause = _SHORTEST_PAUSE

    def next_pause(self, fill: float) -> float:
        """Return the seconds to wait, after a drain that found the buffer `fill` full (0 to 1).

        0 means at once: more may be waiting than there is time for.
        """
        now = self._clock()
        passed, self._last = now - self._last, now
        rate = fill / passed if passed > 0 else 0.0
        wanted = _WANTED_FILL / rate if rate > 0 else QUIET_PAUSE
        self._pause = min(wanted, max(2 * self._pause, _SHORTEST_PAUSE), QUIET_PAUSE)
        return self._pause if self._pause >= _SHORTEST_PAUSE else 0.0
