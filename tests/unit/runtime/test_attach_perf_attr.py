"""The attributes of perf events, byte for byte as include/uapi/linux/perf_event.h has them."""

import ctypes
import struct
from pathlib import Path

import pytest

from tracelang.mechanism import PerfEvent
from tracelang.runtime.perf_attr import (
    ProbeSource,
    kprobe_attr,
    perf_attr,
    read_probe_source,
    tracepoint_attr,
    uprobe_attr,
)

SIZE_VER5 = 112
FREQUENCY_BIT = 1 << 10


def unpack(attributes: bytes) -> tuple[int, int, int, int, int, int, int]:
    """Type, size, config, period or frequency, flags, config1, config2."""
    kind, size, config, period = struct.unpack_from("=IIQQ", attributes, 0)
    (flags,) = struct.unpack_from("=Q", attributes, 40)
    config1, config2 = struct.unpack_from("=QQ", attributes, 56)
    assert len(attributes) == size == SIZE_VER5
    return kind, size, config, period, flags, config1, config2


def test_a_tracepoint_is_its_number() -> None:
    assert unpack(tracepoint_attr(321)) == (2, SIZE_VER5, 321, 1, 0, 0, 0)


@pytest.mark.parametrize(
    ("event", "amount", "flags"),
    [
        (PerfEvent(1, 0, period=10_000_000), 10_000_000, 0),
        (PerfEvent(1, 0, frequency=99), 99, FREQUENCY_BIT),
    ],
)
def test_a_counter_has_a_period_or_a_frequency(event: PerfEvent, amount: int, flags: int) -> None:
    assert unpack(perf_attr(event)) == (1, SIZE_VER5, 0, amount, flags, 0, 0)


@pytest.mark.parametrize("at_return", [False, True])
def test_a_kprobe_points_at_its_function(at_return: bool) -> None:
    name = ctypes.c_char_p(b"tcp_connect")
    kind, _, config, _, _, address, offset = unpack(
        kprobe_attr(ProbeSource(8, 0), name, 4, at_return=at_return)
    )
    assert (kind, config, offset) == (8, int(at_return), 4)
    assert ctypes.string_at(address) == b"tcp_connect"


def test_a_user_probe_carries_its_semaphore() -> None:
    path = ctypes.c_char_p(b"/bin/sh")
    packed = uprobe_attr(ProbeSource(9, 0), path, 0x1234, at_return=True, semaphore=0x5678)
    kind, _, config, _, _, address, offset = unpack(packed)
    assert (kind, config, offset) == (9, 1 | 0x5678 << 32, 0x1234)
    assert ctypes.string_at(address) == b"/bin/sh"


def test_the_source_of_probes_is_read_from_sysfs(tmp_path: Path) -> None:
    (tmp_path / "kprobe/format").mkdir(parents=True)
    (tmp_path / "kprobe/type").write_text("8\n")
    (tmp_path / "kprobe/format/retprobe").write_text("config:3\n")
    assert read_probe_source("kprobe", tmp_path) == ProbeSource(8, 3)
    with pytest.raises(FileNotFoundError):
        read_probe_source("uprobe", tmp_path)
