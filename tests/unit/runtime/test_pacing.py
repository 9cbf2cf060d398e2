"""When to drain next, with a clock of our own."""

from __future__ import annotations

import pytest

from tracelang.runtime.pacing import QUIET_PAUSE, DrainPacer


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def pacer(clock: Clock) -> DrainPacer:
    """A pacer that has been quiet for long."""
    pacer = DrainPacer(clock)
    for _ in range(10):
        clock.now += 1
        pacer.next_pause(0.0)
    return pacer


def test_quiet_is_looked_at_twice_in_50_ms(pacer: DrainPacer, clock: Clock) -> None:
    clock.now += QUIET_PAUSE
    assert pacer.next_pause(0.0) == QUIET_PAUSE
    assert 2 * QUIET_PAUSE <= 0.05


def test_a_new_pacer_starts_with_short_pauses() -> None:
    clock = Clock()
    pacer = DrainPacer(clock)
    pauses = []
    for _ in range(8):
        clock.now += 0.001
        pauses.append(pacer.next_pause(0.0))
    assert pauses[0] < 0.005
    assert pauses == sorted(pauses)
    assert pauses[-1] == QUIET_PAUSE


def test_little_traffic_changes_nothing(pacer: DrainPacer, clock: Clock) -> None:
    clock.now += QUIET_PAUSE
    assert pacer.next_pause(0.2) == QUIET_PAUSE


def test_at_a_steady_rate_a_quarter_is_found_each_time(pacer: DrainPacer, clock: Clock) -> None:
    rate, fill = 50.0, 0.0  # fills the buffer in 20 ms
    for _ in range(10):
        pause = pacer.next_pause(fill)
        clock.now += pause
        fill = min(1.0, rate * pause)
    assert fill == pytest.approx(0.25)


def test_a_burst_shortens_the_pause_at_once(pacer: DrainPacer, clock: Clock) -> None:
    clock.now += QUIET_PAUSE
    assert pacer.next_pause(1.0) == pytest.approx(QUIET_PAUSE / 4)


def test_it_is_lengthened_step_by_step(pacer: DrainPacer, clock: Clock) -> None:
    clock.now += 0.005
    first = pacer.next_pause(1.0)
    clock.now += 0.005
    assert pacer.next_pause(0.0) == pytest.approx(2 * first)


def test_drain_at_once_when_there_is_no_time(pacer: DrainPacer, clock: Clock) -> None:
    clock.now += 0.001
    assert pacer.next_pause(1.0) == 0.0
    assert pacer.next_pause(1.0) >= 0.0
    clock.now += 0.001
    assert pacer.next_pause(0.0) > 0.0
