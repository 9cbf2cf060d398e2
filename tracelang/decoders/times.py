"""Points in time: the wall clock, seconds since the first event, raw timestamps."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from tracelang.decoders.definition import Definition, reading, remember
from tracelang.decoders.fixed import fixed_point
from tracelang.decoders.protocol import DecodeContext, Reading

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

    return reading(show, number=seconds, machine=seconds, differs=False, scaled=count, digits=9)


def _read_time(_arguments: tuple[object, ...], context: DecodeContext) -> Reading:
    """Bind `time`: local wall clock with microseconds; ISO 8601 with nanoseconds for machines."""
    clock = remember(_local_time)
    date = remember(_local_date)
    zone = remember(_local_zone)
    offset = context.wall_offset

    def show(raw: int) -> str:
        second, rest = divmod(raw + offset(), _NS)
        return f"{clock(second)}.{rest // 1000:06d}"

    def iso(raw: int) -> str:
        second, rest = divmod(raw + offset(), _NS)
        return f"{date(second)}T{clock(second)}.{rest:09d}{zone(second)}"

    def since_epoch(raw: int) -> int:
        return raw + offset()

    return reading(
        show, number=since_epoch, machine=iso, differs=False, scaled=since_epoch, digits=9
    )


def _local_time(second: int) -> str:
    return time.strftime("%H:%M:%S", time.localtime(second))


def _local_date(second: int) -> str:
    return time.strftime("%Y-%m-%d", time.localtime(second))


def _local_zone(second: int) -> str:
    zone = time.strftime("%z", time.localtime(second))
    return f"{zone[:3]}:{zone[3:]}"


def _read_timestamp(_arguments: tuple[object, ...], _context: DecodeContext) -> Reading:
    show: Callable[[int], str] = str
    return reading(show, differs=False)


DECODERS: Final = (
    Definition("elapsed", "seconds since the first event", _read_elapsed, width=14, right=True),
    Definition("time", "the wall clock, local time", _read_time, width=15),
    Definition("timestamp", "monotonic nanoseconds", _read_timestamp, width=16, right=True),
)
