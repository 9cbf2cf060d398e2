"""Capabilities: `21` reads `CAP_SYS_ADMIN`."""

from __future__ import annotations

from typing import Final

from tracelang.decoders.definition import Definition, reading, remember
from tracelang.decoders.protocol import DecodeContext, Reading
from tracelang.decoders.tables import parse_number

CAPABILITIES: Final = (
    "CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID",
    "SETPCAP", "LINUX_IMMUTABLE", "NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN", "NET_RAW",
    "IPC_LOCK", "IPC_OWNER", "SYS_MODULE", "SYS_RAWIO", "SYS_CHROOT", "SYS_PTRACE", "SYS_PACCT",
    "SYS_ADMIN", "SYS_BOOT", "SYS_NICE", "SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "MKNOD",
    "LEASE", "AUDIT_WRITE", "AUDIT_CONTROL", "SETFCAP", "MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG",
    "WAKE_ALARM", "BLOCK_SUSPEND", "AUDIT_READ", "PERFMON", "BPF", "CHECKPOINT_RESTORE",
)  # fmt: skip
"""Their names without `CAP_`, by number (include/uapi/linux/capability.h)."""


def show_capability(raw: int) -> str:
    """Return a capability's name, or the number of one that is not known."""
    return f"CAP_{CAPABILITIES[raw]}" if 0 <= raw < len(CAPABILITIES) else str(raw)


def _read_capability(_arguments: tuple[object, ...], _context: DecodeContext) -> Reading:
    return reading(remember(show_capability))


def _find_capability(text: str, _arguments: tuple[object, ...]) -> int | None:
    name = text.removeprefix("CAP_")
    return CAPABILITIES.index(name) if name in CAPABILITIES else parse_number(text)


DECODERS: Final = (
    Definition(
        "capability",
        "the name of a capability",
        _read_capability,
        example="probe kprobe:cap_capable capture comm, capability(cap) as asked",
        width=20,
        find=_find_capability,
    ),
)
