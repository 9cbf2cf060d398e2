"""The wish that a run ends: from signal handlers and threads, at whatever moment."""

from __future__ import annotations

import subprocess
import sys
import threading
from typing import Final

from tracelang.runtime.ending import Ending

_INTERRUPTED: Final = """
import signal
from tracelang.runtime.ending import Ending

ending = Ending()
signal.signal(signal.SIGALRM, lambda *_: ending.wish())
for _ in range(2000):
    ending = Ending()
    signal.setitimer(signal.ITIMER_REAL, 0.0003)
    while not ending.is_wished():
        ending.wait(0.00002)
print("all ended")
"""


def test_a_signal_may_come_at_any_step_of_a_wait() -> None:
    # In a process of its own: an event in its place stops for ever within a few hundred signals.
    done = subprocess.run(
        [sys.executable, "-c", _INTERRUPTED],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("all ended\n", "")


def test_another_thread_wakes_who_waits() -> None:
    ending = Ending()
    wisher = threading.Timer(0.05, ending.wish)
    wisher.start()
    ending.wait(600)
    assert ending.is_wished()
    wisher.join()


def test_once_wished_nobody_waits_however_often_it_is_wished() -> None:
    ending = Ending()
    for _ in range(3):
        ending.wish()
        ending.wait(600)
    assert ending.is_wished()


def test_without_a_wish_it_waits_no_longer_than_told() -> None:
    ending = Ending()
    ending.wait(0.0)
    ending.wait(0.01)
    assert not ending.is_wished()
