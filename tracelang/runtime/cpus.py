"""Which processors there are, as the kernel lists them in /sys/devices/system/cpu."""

from __future__ import annotations

from pathlib import Path
from typing import Final

_DIRECTORY: Final = Path("/sys/devices/system/cpu")


def parse_cpu_list(text: str) -> tuple[int, ...]:
    """Return the numbers of a list such as `0-3,8`; raises ValueError."""
    cpus: list[int] = []
    for part in text.strip().split(","):
        first, _, last = part.partition("-")
        cpus.extend(range(int(first), int(last or first) + 1))
    return tuple(cpus)


def online_cpus() -> tuple[int, ...]:
    """Return the processors that run now; perf events exist on these only. Raises OSError."""
    return parse_cpu_list((_DIRECTORY / "online").read_text())


def possible_cpus() -> tuple[int, ...]:
    """Return the processors there may ever be, slots of per-CPU values. Raises OSError."""
    return parse_cpu_list((_DIRECTORY / "possible").read_text())
