"""Points in time: the wall clock, seconds since the first event, raw timestamps."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from tracelang.decoders.definition import Definition, reading, remember
from tracelang.decoders.fixed import fixed_point
from tracelang.decoders.protocol import DecodeContext, Reading, Shape

_NS: Final = 1_000_000_000


def _read_elapsed(_arguments: tuple[object, ...], context: DecodeContext) -> Reading:
    """Bind `elapsed`: the raw value is a monotonic timestamp, the text exact to the nanosecond."""
    start = context.start

    def count(raw: int) -> int:
        return raw - start()

    def show(raw: int) -> str:
        units = raw - start()
        if units < 0:
            return fixed_point(units, 9, 9)
        seconds, rest = divmod(units, _NS)
        return f"{seconds}.{rest:09d}"

    def seconds(raw: int) -> float:
        return (raw - start()) / _NS

    return reading(
        show,
        number=seconds,
        machine=seconds,
        differs=False,
        scaled=count,
        digits=9,
        shape=Shape.NUMBER,
    )


class WallClock:
    """Turns monotonic timestamps into nanoseconds since the epoch.

    The offset is asked for once per second of the monotonic clock: asking costs more than the rest
    of showing a time, and its small errors would put neighbouring events out of order.
    """

    def __init__(self, offset: Callable[[int], int]) -> None:
        self._ask = offset
        self._offset = 0
        self._from = self._until = 0

    def at(self, raw: int) -> int:
        """Return the wall-clock time of a monotonic one, in nanoseconds since the epoch."""
        if not self._from <= raw < self._until:
            self._from = raw - raw % _NS
            self._until = self._from + _NS
            self._offset = self._ask(raw)
        return raw + self._offset


def _read_time(_arguments: tuple[object, ...], context: DecodeContext) -> Reading:
    """Bind `time`: local wall clock with microseconds; ISO 8601 with nanoseconds for machines."""
    clock, moment = remember(_local_time), remember(_local_moment)
    wall = WallClock(context.wall_offset).at

    def show(raw: int) -> str:
        second, rest = divmod(wall(raw), _NS)
        return f"{clock(second)}.{rest // 1000:06d}"

    def iso(raw: int) -> str:
        second, rest = divmod(wall(raw), _NS)
        return moment(second) % rest

    def seconds(raw: int) -> float:
        return wall(raw) / _NS

    return reading(
        show, number=seconds, machine=iso, differs=False, scaled=wall, digits=9, shape=Shape.MOMENT
    )


def _local_time(second: int) -> str:
    return time.strftime("%H:%M:%S", time.localtime(second))


def _local_moment(second: int) -> str:
    """Return a second in ISO 8601, with a place for its nanoseconds."""
    local = time.localtime(second)
    zone = time.strftime("%z", local)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', local)}.%09d{zone[:3]}:{zone[3:]}"


def _read_timestamp(_arguments: tuple[object, ...], _context: DecodeContext) -> Reading:
    show: Callable[[int], str] = str
    return reading(show, differs=False)


DECODERS: Final = (
    Definition("elapsed", "seconds since the first event", _read_elapsed, width=14, right=True),
    Definition("time", "the wall clock, local time", _read_time, width=15),
    Definition("timestamp", "monotonic nanoseconds", _read_timestamp, width=16, right=True),
)
