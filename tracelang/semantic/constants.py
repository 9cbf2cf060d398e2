"""The C library's constants that a script may name: `ENOENT`, `SIGKILL`, `O_CREAT`, `AF_INET6`."""

from __future__ import annotations

import errno
import os
import re
import signal
import stat
from collections.abc import Iterator
from typing import Final

_FAMILIES: Final = re.compile(
    r"(O|S|AT|PROT|MAP|MADV|AF|PF|SOCK|IPPROTO|SO|SOL|MSG|CLONE|SEEK|R|W|X|F|RTLD|SCHED|PRIO|P|CLD|ETH)_"
)


def find_constant(name: str) -> int | None:
    """Return the value of a C library constant on this architecture, or None."""
    if name.startswith("E") and name in _errnos():
        return _errnos()[name]
    if name.startswith("SIG") and name in signal.Signals.__members__:
        return int(signal.Signals[name])
    if not _FAMILIES.match(name):
        return None
    for namespace in _namespaces():
        value = namespace.get(name)
        if isinstance(value, int):
            return int(value)
    return _MORE.get(name)


def constant_names() -> Iterator[str]:
    """Yield every name `find_constant` knows, for suggestions."""
    yield from _errnos()
    yield from signal.Signals.__members__
    for namespace in _namespaces():
        yield from (name for name in namespace if _FAMILIES.match(name))
    yield from _MORE


def _errnos() -> dict[str, int]:
    return {name: number for number, name in errno.errorcode.items()}


def _namespaces() -> Iterator[dict[str, object]]:
    yield vars(os)
    yield vars(stat)
    # Late: these cost start-up and only a script that names such a constant needs them.
    import mmap
    import socket

    yield vars(mmap)
    yield vars(socket)


# Values from include/uapi/linux/sched.h, stat.h, fcntl.h, if_ether.h and asm-generic/mman.h, the
# same on every architecture.
_MORE: Final = {
    "S_IFMT": 0o170000,
    "ETH_P_IP": 0x0800,
    "ETH_P_ARP": 0x0806,
    "ETH_P_IPV6": 0x86DD,
    "CLONE_VM": 0x100,
    "CLONE_FS": 0x200,
    "CLONE_FILES": 0x400,
    "CLONE_SIGHAND": 0x800,
    "CLONE_PIDFD": 0x1000,
    "CLONE_PTRACE": 0x2000,
    "CLONE_VFORK": 0x4000,
    "CLONE_PARENT": 0x8000,
    "CLONE_THREAD": 0x10000,
    "CLONE_NEWNS": 0x20000,
    "CLONE_SYSVSEM": 0x40000,
    "CLONE_SETTLS": 0x80000,
    "CLONE_NEWCGROUP": 0x2000000,
    "CLONE_NEWUTS": 0x4000000,
    "CLONE_NEWIPC": 0x8000000,
    "CLONE_NEWUSER": 0x10000000,
    "CLONE_NEWPID": 0x20000000,
    "CLONE_NEWNET": 0x40000000,
    "CLONE_IO": 0x80000000,
    "AT_FDCWD": -100,
    "AT_SYMLINK_NOFOLLOW": 0x100,
    "AT_REMOVEDIR": 0x200,
    "AT_EACCESS": 0x200,
    "AT_SYMLINK_FOLLOW": 0x400,
    "AT_NO_AUTOMOUNT": 0x800,
    "AT_EMPTY_PATH": 0x1000,
    "MAP_FIXED": 0x10,
    "MAP_HUGETLB": 0x40000,
}
