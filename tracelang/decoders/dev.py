"""Device numbers, as the kernel itself keeps them (not as `stat` packs them for user space)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from tracelang.decoders.definition import Definition, reading, remember
from tracelang.decoders.protocol import DecodeContext, Reading

_MINOR_BITS: Final = 20
"""include/linux/kdev_t.h."""
_BLOCK_DEVICES: Final = Path("/sys/dev/block")
_NUMBERS: Final = re.compile(r"(\d+):(\d+)(?:\(.*\))?")


def show_dev(raw: int) -> str:
    """Return `major:minor`, with the block device's name where this machine has it: `8:0(sda)`."""
    numbers = f"{raw >> _MINOR_BITS}:{raw & ((1 << _MINOR_BITS) - 1)}"
    try:
        return f"{numbers}({(_BLOCK_DEVICES / numbers).readlink().name})"
    except OSError:
        return numbers


def find_dev(text: str) -> int | None:
    """Return the number of `8:0`, `8:0(sda)` or `sda`; a name only where this machine has it."""
    match = _NUMBERS.fullmatch(text)
    if match is None and re.fullmatch(r"[\w!.-]+", text):
        try:
            match = _NUMBERS.fullmatch(
                (Path("/sys/class/block") / text / "dev").read_text().strip()
            )
        except OSError:
            return None
    return int(match[1]) << _MINOR_BITS | int(match[2]) if match else None


def _read_dev(_arguments: tuple[object, ...], _context: DecodeContext) -> Reading:
    return reading(remember(show_dev))


def _find_dev(text: str, _arguments: tuple[object, ...]) -> int | None:
    return find_dev(text)


DECODERS: Final = (
    Definition(
        "dev",
        "a device's numbers and name",
        _read_dev,
        example="probe tracepoint:block:block_rq_issue capture comm, dev(dev) as disk, sector",
        width=12,
        find=_find_dev,
        local=True,
    ),
)
