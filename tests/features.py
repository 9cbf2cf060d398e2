"""What this kernel offers, asked of the kernel itself, and why it cannot run a live test."""

from __future__ import annotations

import ctypes
import errno
import importlib.util
import os
import platform
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

TRACEFS: Final = Path("/sys/kernel/tracing")
_BTF: Final = Path("/sys/kernel/btf/vmlinux")
_BPF_SYSCALL: Final = {"x86_64": 321, "aarch64": 280}
_BPF_PROG_GET_NEXT_ID: Final = 11


def why_incapable() -> str | None:
    """Say what keeps this machine from any live test and set-up cannot mend, or return None."""
    if os.geteuid() != 0:
        return "not root; run it as root: `sudo make test-live`"
    if not _BTF.exists():
        return f"this kernel has no BTF ({_BTF})"
    return _why_bpf_refused()


def why_unprepared() -> str | None:
    """Say what set-up left undone on a machine that could run live tests, or return None."""
    if not (TRACEFS / "events").is_dir():
        return f"tracefs is not mounted; run `mount -t tracefs tracefs {TRACEFS}`"
    if importlib.util.find_spec("bcc") is None:
        return "no bcc in this Python; run `make test`, which sets it up"
    return None


def lacking(features: tuple[str, ...]) -> list[str]:
    """Return which of the named features (the keys of `FEATURES`) this kernel does not offer."""
    return [name for name in features if not FEATURES[name]()]


def _why_bpf_refused() -> str | None:
    number = _BPF_SYSCALL.get(platform.machine())
    if number is None:
        return f"the tests do not know bpf(2)'s number on {platform.machine()}"
    attributes = ctypes.create_string_buffer(128)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.syscall(number, _BPF_PROG_GET_NEXT_ID, attributes, 16) == 0:
        return None
    error = ctypes.get_errno()
    # ENOENT only says that no program is loaded.
    return None if error == errno.ENOENT else f"bpf(2) is refused: {os.strerror(error)}"


def _has_kprobes() -> bool:
    return (TRACEFS / "kprobe_events").exists()


def _has_function_tracing() -> bool:
    # fentry needs the kernel's function entries to be patchable, which is what this lists.
    try:
        with (TRACEFS / "available_filter_functions").open() as functions:
            return bool(functions.readline())
    except OSError:
        return False


def _has_uprobes() -> bool:
    return (TRACEFS / "uprobe_events").exists()


def _has_cgroup2() -> bool:
    return " cgroup2 " in Path("/proc/mounts").read_text()


def _shows_variables() -> bool:
    # Only kernels with CONFIG_KALLSYMS_ALL list variables among their symbols.
    with Path("/proc/kallsyms").open() as symbols:
        return any(line.endswith(" init_task\n") for line in symbols)


def _has_functions() -> bool:
    return _has_kprobes() or _has_function_tracing()


FEATURES: Final[Mapping[str, Callable[[], bool]]] = MappingProxyType(
    {
        "kprobe": _has_kprobes,
        "fentry": _has_function_tracing,
        "function": _has_functions,
        "uprobe": _has_uprobes,
        "cgroup2": _has_cgroup2,
        "variables": _shows_variables,
    }
)
