"""The wish that a run ends, which a signal handler may utter."""

from __future__ import annotations

import threading
from contextlib import suppress


class Ending:
    """What `threading.Event` is, for one thread that waits, and for signal handlers.

    A handler runs between two steps of the thread it interrupts. If that is within an event's
    `wait`, it holds the lock that `set` would wait for: forever. Here nothing waits for a lock but
    `wait` itself.
    """

    def __init__(self) -> None:
        self._wished = False
        self._gate = threading.Lock()
        self._gate.acquire()

    def wish(self) -> None:
        """Ask for the end, again or for the first time, and wake who waits."""
        self._wished = True
        with suppress(RuntimeError):  # open already
            self._gate.release()

    def is_wished(self) -> bool:
        """Tell whether somebody has asked for the end."""
        return self._wished

    def wait(self, seconds: float) -> None:
        """Return after so many seconds, or when the end is asked for."""
        if not self._wished:
            self._gate.acquire(timeout=seconds)
