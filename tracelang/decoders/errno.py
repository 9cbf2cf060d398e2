"""Error numbers: `-2` reads `ENOENT`."""

from __future__ import annotations

import errno as c_library
from typing import Final

from tracelang.decoders.definition import Definition, reading, remember
from tracelang.decoders.protocol import DecodeContext, Reading
from tracelang.decoders.tables import parse_number

_KERNEL_ONLY: Final = {
    512: "ERESTARTSYS",
    513: "ERESTARTNOINTR",
    514: "ERESTARTNOHAND",
    515: "ENOIOCTLCMD",
    516: "ERESTART_RESTARTBLOCK",
    517: "EPROBE_DEFER",
    518: "EOPENSTALE",
    519: "ENOPARAM",
    521: "EBADHANDLE",
    522: "ENOTSYNC",
    523: "EBADCOOKIE",
    524: "ENOTSUPP",
    525: "ETOOSMALL",
    526: "ESERVERFAULT",
    527: "EBADTYPE",
    528: "EJUKEBOX",
    529: "EIOCBQUEUED",
    530: "ERECALLCONFLICT",
    531: "ENOGRACE",
}
"""include/linux/errno.h: user space never sees them, a tracer does."""
_PREFERRED: Final = ("EAGAIN", "EDEADLK", "EOPNOTSUPP")
"""Of several names for one number, those that the kernel's own source uses."""
_LARGEST: Final = 4095
"""Largest number that counts as an error in a return value (MAX_ERRNO, include/linux/err.h)."""


def _name_numbers() -> dict[int, str]:
    names = dict(c_library.errorcode) | _KERNEL_ONLY
    names.update((getattr(c_library, name), name) for name in _PREFERRED)
    return names


def show_errno(raw: int) -> str:
    """Return the name of a negative error number; other values are results, shown as numbers.

    An unsigned value that is a negative one of 32 or 64 bits in disguise is read as that.
    """
    for bits in (32, 64):
        if (1 << bits) - _LARGEST <= raw < 1 << bits:
            raw -= 1 << bits
    return _name_numbers().get(-raw, str(raw)) if raw < 0 else str(raw)


def _read_errno(_arguments: tuple[object, ...], _context: DecodeContext) -> Reading:
    return reading(remember(show_errno))


def _find_errno(text: str, _arguments: tuple[object, ...]) -> int | None:
    """Return the negative number of a name (aliases too), or of a number's text."""
    number = getattr(c_library, text, None) if text.startswith("E") else None
    if not isinstance(number, int):
        number = {name: value for value, name in _KERNEL_ONLY.items()}.get(text)
    return -number if number is not None else parse_number(text)


DECODERS: Final = (
    Definition(
        "errno",
        "the name of an error that a call returned",
        _read_errno,
        example="probe sysret:openat where retval < 0 capture comm, errno(retval) as error",
        width=12,
        find=_find_errno,
        local=True,
    ),
)
