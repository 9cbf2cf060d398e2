"""The names of the bits that system calls take, by set: facts of the kernel's uapi headers.

Values are the generic ones; where this architecture has its own, the C library's constant is taken.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Final

from tracelang.dataclass import dataclass
from tracelang.decoders.capability import CAPABILITIES
from tracelang.decoders.signal import show_signal
from tracelang.decoders.tables import Pairs


@dataclass(frozen=True, slots=True)
class FlagSet:
    """Names of one system call argument's bits.

    `field` names the values of the bits in `mask`, which form a number and not flags (the access
    mode of `open`). `bits` are flags; one made of several bits stands before those it is made of.
    `zero` is what 0 is called.
    """

    bits: Pairs = ()
    mask: int = 0
    field: Mapping[int, str] = field(default_factory=dict)
    zero: str = "0"


def _bits(prefix: str, names: Mapping[str, int]) -> Pairs:
    return tuple((value, prefix + name) for name, value in names.items())


def _row(prefix: str, names: str, first: int = 0) -> Pairs:
    """Name single bits in order, from bit `first`; `-` leaves one out."""
    return tuple(
        (1 << bit, prefix + name) for bit, name in enumerate(names.split(), first) if name != "-"
    )


def _numbers(prefix: str, names: str, first: int = 0) -> dict[int, str]:
    """Name consecutive numbers; `-` leaves one out."""
    return {n: prefix + name for n, name in enumerate(names.split(), first) if name != "-"}


_LARGEFILE: Final = {"aarch64": 0o400000, "arm": 0o400000, "ppc64le": 0o200000, "ppc64": 0o200000}
"""O_LARGEFILE as the kernel has it; the C library of a 64-bit machine says 0."""


def _open() -> FlagSet:
    largefile = _LARGEFILE.get(os.uname().machine, 0o100000)
    pairs = (
        (os.O_TMPFILE, "O_TMPFILE"),
        (os.O_SYNC, "O_SYNC"),
        (os.O_CREAT, "O_CREAT"),
        (os.O_EXCL, "O_EXCL"),
        (os.O_NOCTTY, "O_NOCTTY"),
        (os.O_TRUNC, "O_TRUNC"),
        (os.O_APPEND, "O_APPEND"),
        (os.O_NONBLOCK, "O_NONBLOCK"),
        (os.O_DSYNC, "O_DSYNC"),
        (os.O_ASYNC, "O_ASYNC"),
        (os.O_DIRECT, "O_DIRECT"),
        (largefile, "O_LARGEFILE"),
        (os.O_DIRECTORY, "O_DIRECTORY"),
        (os.O_NOFOLLOW, "O_NOFOLLOW"),
        (os.O_NOATIME, "O_NOATIME"),
        (os.O_CLOEXEC, "O_CLOEXEC"),
        (os.O_PATH, "O_PATH"),
    )
    return FlagSet(pairs, 3, {0: "O_RDONLY", 1: "O_WRONLY", 2: "O_RDWR"})


def _mmap() -> FlagSet:
    names = {
        "FIXED": 0x10, "ANONYMOUS": 0x20, "32BIT": 0x40, "GROWSDOWN": 0x100, "DENYWRITE": 0x800,
        "EXECUTABLE": 0x1000, "LOCKED": 0x2000, "NORESERVE": 0x4000, "POPULATE": 0x8000,
        "NONBLOCK": 0x10000, "STACK": 0x20000, "HUGETLB": 0x40000, "SYNC": 0x80000,
        "FIXED_NOREPLACE": 0x100000, "UNINITIALIZED": 0x4000000,
    }  # fmt: skip
    kinds = {1: "MAP_SHARED", 2: "MAP_PRIVATE", 3: "MAP_SHARED_VALIDATE"}
    return FlagSet(_bits("MAP_", names), 0xF, kinds)


def _clone() -> FlagSet:
    names = (
        "VM FS FILES SIGHAND PIDFD PTRACE VFORK PARENT THREAD NEWNS SYSVSEM SETTLS PARENT_SETTID "
        "CHILD_CLEARTID DETACHED UNTRACED CHILD_SETTID NEWCGROUP NEWUTS NEWIPC NEWUSER NEWPID "
        "NEWNET IO"
    )
    bits = (
        *_row("CLONE_", names, 8),
        (1 << 32, "CLONE_CLEAR_SIGHAND"),
        (1 << 33, "CLONE_INTO_CGROUP"),
    )
    bits += ((0x80, "CLONE_NEWTIME"),)
    signals = {number: show_signal(number) for number in range(1, 65)}
    return FlagSet(bits, 0x7F, signals)


def _mount() -> FlagSet:
    names = (
        "RDONLY NOSUID NODEV NOEXEC SYNCHRONOUS REMOUNT MANDLOCK DIRSYNC NOSYMFOLLOW - NOATIME "
        "NODIRATIME BIND MOVE REC SILENT POSIXACL UNBINDABLE PRIVATE SLAVE SHARED RELATIME "
        "KERNMOUNT I_VERSION STRICTATIME LAZYTIME"
    )
    return FlagSet(_row("MS_", names))


def _msg() -> FlagSet:
    names = (
        "OOB PEEK DONTROUTE CTRUNC PROBE TRUNC DONTWAIT EOR WAITALL FIN SYN CONFIRM RST ERRQUEUE "
        "NOSIGNAL MORE WAITFORONE - BATCH"
    )
    late = {"ZEROCOPY": 0x4000000, "FASTOPEN": 0x20000000, "CMSG_CLOEXEC": 0x40000000}
    return FlagSet((*_row("MSG_", names), *_bits("MSG_", late)))


def _futex() -> FlagSet:
    commands = (
        "WAIT WAKE FD REQUEUE CMP_REQUEUE WAKE_OP LOCK_PI UNLOCK_PI TRYLOCK_PI WAIT_BITSET "
        "WAKE_BITSET WAIT_REQUEUE_PI CMP_REQUEUE_PI LOCK_PI2"
    )
    bits = ((128, "FUTEX_PRIVATE_FLAG"), (256, "FUTEX_CLOCK_REALTIME"))
    return FlagSet(bits, 0x7F, _numbers("FUTEX_", commands))


def _epoll() -> FlagSet:
    names = "IN PRI OUT ERR HUP - RDNORM RDBAND WRNORM WRBAND MSG - - RDHUP"
    late = {"EXCLUSIVE": 1 << 28, "WAKEUP": 1 << 29, "ONESHOT": 1 << 30, "ET": 1 << 31}
    return FlagSet((*_row("EPOLL", names), *_bits("EPOLL", late)))


def _socket() -> FlagSet:
    kinds = {
        1: "SOCK_STREAM", 2: "SOCK_DGRAM", 3: "SOCK_RAW", 4: "SOCK_RDM", 5: "SOCK_SEQPACKET",
        6: "SOCK_DCCP", 10: "SOCK_PACKET",
    }  # fmt: skip
    bits = ((os.O_NONBLOCK, "SOCK_NONBLOCK"), (os.O_CLOEXEC, "SOCK_CLOEXEC"))
    return FlagSet(bits, 0xF, kinds)


def _family() -> FlagSet:
    names = {
        0: "UNSPEC", 1: "UNIX", 2: "INET", 3: "AX25", 4: "IPX", 5: "APPLETALK", 10: "INET6",
        15: "KEY", 16: "NETLINK", 17: "PACKET", 29: "CAN", 31: "BLUETOOTH", 38: "ALG", 40: "VSOCK",
        42: "QIPCRTR", 43: "SMC", 44: "XDP",
    }  # fmt: skip
    return FlagSet(mask=-1, field={number: f"AF_{name}" for number, name in names.items()})


def _madvise() -> FlagSet:
    names = {
        0: "NORMAL", 1: "RANDOM", 2: "SEQUENTIAL", 3: "WILLNEED", 4: "DONTNEED", 8: "FREE",
        9: "REMOVE", 10: "DONTFORK", 11: "DOFORK", 12: "MERGEABLE", 13: "UNMERGEABLE",
        14: "HUGEPAGE", 15: "NOHUGEPAGE", 16: "DONTDUMP", 17: "DODUMP", 18: "WIPEONFORK",
        19: "KEEPONFORK", 20: "COLD", 21: "PAGEOUT", 22: "POPULATE_READ", 23: "POPULATE_WRITE",
        24: "DONTNEED_LOCKED", 25: "COLLAPSE", 100: "HWPOISON", 101: "SOFT_OFFLINE",
    }  # fmt: skip
    return FlagSet(mask=-1, field={number: f"MADV_{name}" for number, name in names.items()})


def _fcntl() -> FlagSet:
    names = _numbers(
        "F_", "DUPFD GETFD SETFD GETFL SETFL GETLK SETLK SETLKW SETOWN GETOWN SETSIG GETSIG"
    )
    names |= _numbers("F_", "SETOWN_EX GETOWN_EX", 15)
    names |= _numbers("F_OFD_", "GETLK SETLK SETLKW", 36)
    names |= _numbers("F_", "SETLEASE GETLEASE NOTIFY - - CANCELLK DUPFD_CLOEXEC", 1024)
    names |= _numbers("F_", "SETPIPE_SZ GETPIPE_SZ ADD_SEALS GET_SEALS", 1031)
    return FlagSet(mask=-1, field=names)


def _at() -> FlagSet:
    names = {
        "SYMLINK_NOFOLLOW": 0x100, "REMOVEDIR": 0x200, "SYMLINK_FOLLOW": 0x400,
        "NO_AUTOMOUNT": 0x800, "EMPTY_PATH": 0x1000, "STATX_FORCE_SYNC": 0x2000,
        "STATX_DONT_SYNC": 0x4000, "RECURSIVE": 0x8000,
    }  # fmt: skip
    return FlagSet(_bits("AT_", names))


def _capabilities() -> FlagSet:
    return FlagSet(tuple((1 << bit, f"CAP_{name}") for bit, name in enumerate(CAPABILITIES)))


FLAG_SETS: Final[Mapping[str, Callable[[], FlagSet]]] = {
    "open": _open,
    "prot": lambda: FlagSet(
        (
            *_row("PROT_", "READ WRITE EXEC SEM"),
            (0x1000000, "PROT_GROWSDOWN"),
            (0x2000000, "PROT_GROWSUP"),
        ),
        zero="PROT_NONE",
    ),
    "mmap": _mmap,
    "mremap": lambda: FlagSet(_row("MREMAP_", "MAYMOVE FIXED DONTUNMAP")),
    "msync": lambda: FlagSet(_row("MS_", "ASYNC INVALIDATE SYNC")),
    "madvise": _madvise,
    "clone": _clone,
    "access": lambda: FlagSet(((4, "R_OK"), (2, "W_OK"), (1, "X_OK")), zero="F_OK"),
    "at": _at,
    "rename": lambda: FlagSet(_row("RENAME_", "NOREPLACE EXCHANGE WHITEOUT")),
    "mount": _mount,
    "umount": lambda: FlagSet(
        ((1, "MNT_FORCE"), (2, "MNT_DETACH"), (4, "MNT_EXPIRE"), (8, "UMOUNT_NOFOLLOW"))
    ),
    "socket": _socket,
    "family": _family,
    "msg": _msg,
    "shutdown": lambda: FlagSet(mask=-1, field=_numbers("SHUT_", "RD WR RDWR")),
    "futex": _futex,
    "epoll": _epoll,
    "poll": lambda: FlagSet(
        _row("POLL", "IN PRI OUT ERR HUP NVAL RDNORM RDBAND WRNORM WRBAND MSG - - RDHUP")
    ),
    "pipe": lambda: FlagSet(
        ((os.O_DIRECT, "O_DIRECT"), (os.O_NONBLOCK, "O_NONBLOCK"), (os.O_CLOEXEC, "O_CLOEXEC"))
    ),
    "fcntl": _fcntl,
    "seek": lambda: FlagSet(mask=-1, field=_numbers("SEEK_", "SET CUR END DATA HOLE")),
    "lock": lambda: FlagSet(_row("LOCK_", "SH EX NB UN - MAND READ WRITE")),
    "splice": lambda: FlagSet(_row("SPLICE_F_", "MOVE NONBLOCK MORE GIFT")),
    "wait": lambda: FlagSet(
        (
            *_row("W", "NOHANG UNTRACED EXITED CONTINUED"),
            (0x1000000, "WNOWAIT"),
            (0x20000000, "__WNOTHREAD"),
            (0x40000000, "__WALL"),
            (0x80000000, "__WCLONE"),
        )
    ),
    "memfd": lambda: FlagSet(_row("MFD_", "CLOEXEC ALLOW_SEALING HUGETLB NOEXEC_SEAL EXEC")),
    "inotify": lambda: FlagSet(
        (
            *_row(
                "IN_",
                "ACCESS MODIFY ATTRIB CLOSE_WRITE CLOSE_NOWRITE OPEN MOVED_FROM MOVED_TO CREATE "
                "DELETE DELETE_SELF MOVE_SELF - UNMOUNT Q_OVERFLOW IGNORED - - - - - - - - ONLYDIR "
                "DONT_FOLLOW EXCL_UNLINK - MASK_CREATE MASK_ADD ISDIR ONESHOT",
            ),
        )
    ),
    "capability": _capabilities,
}
"""Every set `flags(x, SET)` knows; built when asked for, as a script uses one or two."""
