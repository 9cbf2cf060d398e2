"""Garbage of a long run: cycles of objects, which nobody looks for while the collector is off.

A command runs without Python's collector, which would look at each row of each batch again and
again. What a run of hours leaves in cycles has to go all the same.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from typing import Final

_PERIOD: Final = 10.0
"""Seconds between two looks. What was there when the run began is not looked at."""


class GarbageWatch:
    """Looks for garbage now and then, where the collector is off. Ask between two batches."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._needed = not gc.isenabled()
        self._last = clock()
        if self._needed:
            gc.freeze()

    def look(self) -> None:
        """Collect, if it is time to."""
        if self._needed and self._clock() - self._last >= _PERIOD:
            gc.collect()
            self._last = self._clock()
