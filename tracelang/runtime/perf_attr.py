"""The kernel's `struct perf_event_attr` for the events that programs are attached to.

Sources: include/uapi/linux/perf_event.h; for the probe types,
Documentation/ABI/testing/sysfs-bus-event_source-devices-kprobe and -uprobe.
"""

from __future__ import annotations

import ctypes
import struct
from pathlib import Path
from typing import Final

from tracelang.dataclass import dataclass
from tracelang.mechanism import PerfEvent

# type, size, config, period or frequency, sample_type, read_format, flags, wakeup_events, bp_type,
# config1, config2, and the rest up to PERF_ATTR_SIZE_VER5, all zero here.
_LAYOUT: Final = struct.Struct("=IIQQQQQIIQQ40x")
_TRACEPOINT: Final = 2
_BY_FREQUENCY: Final = 1 << 10
_SEMAPHORE_SHIFT: Final = 32
_SOURCES: Final = Path("/sys/bus/event_source/devices")


@dataclass(frozen=True, slots=True)
class ProbeSource:
    """The dynamic type of kprobe or uprobe events, and the bit in `config` that says return."""

    type: int
    return_bit: int


def read_probe_source(name: str, sources: Path = _SOURCES) -> ProbeSource:
    """Read the type of `kprobe` or `uprobe` events.

    Raises FileNotFoundError if the kernel has none.
    """
    directory = sources / name
    bit = (directory / "format" / "retprobe").read_text().strip().removeprefix("config:")
    return ProbeSource(int((directory / "type").read_text()), int(bit))


def tracepoint_attr(number: int) -> bytes:
    """Return the attributes of the tracepoint with that id."""
    return _pack(_TRACEPOINT, number, 1)


def perf_attr(event: PerfEvent) -> bytes:
    """Return the attributes of a software, hardware or other counted event."""
    flags = _BY_FREQUENCY if event.frequency else 0
    return _pack(event.type, event.config, event.frequency or event.period, flags=flags)


def kprobe_attr(
    source: ProbeSource, function: ctypes.c_char_p, offset: int, *, at_return: bool
) -> bytes:
    """Return the attributes of a probe on a kernel function.

    The result holds the address of `function`, which must live until the event is open.
    """
    return _probe(source, function, offset, at_return=at_return, semaphore=0)


def uprobe_attr(
    source: ProbeSource,
    path: ctypes.c_char_p,
    offset: int,
    *,
    at_return: bool,
    semaphore: int,
) -> bytes:
    """Return the attributes of a probe at a file offset; `semaphore` is a file offset too, or 0.

    The result holds the address of `path`, which must live until the event is open.
    """
    return _probe(source, path, offset, at_return=at_return, semaphore=semaphore)


def _probe(
    source: ProbeSource, name: ctypes.c_char_p, offset: int, *, at_return: bool, semaphore: int
) -> bytes:
    config = (int(at_return) << source.return_bit) | (semaphore << _SEMAPHORE_SHIFT)
    address = ctypes.cast(name, ctypes.c_void_p).value or 0
    return _pack(source.type, config, 1, config1=address, config2=offset)


def _pack(
    kind: int, config: int, period: int, *, flags: int = 0, config1: int = 0, config2: int = 0
) -> bytes:
    wakeup = 1
    return _LAYOUT.pack(
        kind, _LAYOUT.size, config, period, 0, 0, flags, wakeup, 0, config1, config2
    )
