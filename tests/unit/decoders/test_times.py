"""Points in time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime

import pytest

from tests.unit.decoders.bound import bind, context
from tracelang.decoders.times import WallClock

_NS = 1_000_000_000


@pytest.fixture(params=["UTC", "Asia/Kolkata", "America/St_Johns"])
def zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield request.param
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("raw", "start", "expected"),
    [
        (5, 5, "0.000000000"),
        (1_000_000_006, 5, "1.000000001"),
        # A century of uptime: a float would have lost the last digits.
        (100 * 365 * 86400 * _NS + 1, 0, "3153600000.000000001"),
        (5, 7, "-0.000000002"),
    ],
)
def test_elapsed_is_exact_to_the_nanosecond(raw: int, start: int, expected: str) -> None:
    reading = bind("elapsed", within=context(start=start))
    assert reading.text(raw) == expected
    assert reading.scaled is not None
    assert (reading.scaled(raw), reading.digits) == (raw - start, 9)


def test_time_is_the_local_clock_with_microseconds(zone: str) -> None:
    now = 1_732_417_382_123_456_789
    reading = bind("time", within=context(offset=now - 1000))
    local = datetime.fromtimestamp(now // _NS).astimezone()
    assert reading.text(1000) == local.strftime("%H:%M:%S.123456")


def test_machines_get_iso_8601_with_nanoseconds_and_offset(zone: str) -> None:
    now = 1_732_417_382_123_456_789
    reading = bind("time", within=context(offset=now))
    assert reading.machine is not None
    text = reading.machine(0)
    assert isinstance(text, str)
    parsed = datetime.fromisoformat(text)
    assert parsed.timestamp() == pytest.approx(now / _NS, abs=1e-6)
    assert ".123456789" in text
    assert parsed.utcoffset() == datetime.fromtimestamp(now // _NS).astimezone().utcoffset()


def test_neighbouring_events_keep_their_distance_though_clocks_are_read_unevenly() -> None:
    offsets = iter([1000, 900, 800])
    wall = WallClock(lambda _ts: next(offsets))
    assert [wall.at(10), wall.at(11), wall.at(_NS - 1)] == [1010, 1011, 1000 + _NS - 1]
    assert wall.at(10 + _NS) == 910 + _NS
    assert wall.at(9) == 809


def test_time_as_a_number_is_seconds_since_the_epoch() -> None:
    reading = bind("time", within=context(offset=7 * _NS))
    assert reading.scaled is not None
    assert (reading.scaled(1), reading.digits) == (7 * _NS + 1, 9)
