"""What a compilation's outcome depends on of a kernel and this process's rights, as a few texts.

Reading it costs a millisecond and imports next to nothing: it is what a start from the cache does
instead of asking the kernel anything else.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from tracelang.dataclass import dataclass
from tracelang.kernel.features import INITIAL_PID_NAMESPACE

if TYPE_CHECKING:
    from tracelang.kernel.view import KernelView

_BTF: Final = "/sys/kernel/btf"
_NOTES: Final = "/sys/kernel/notes"
_TRACEFS: Final = ("/sys/kernel/tracing", "/sys/kernel/debug/tracing")
_DYNAMIC_EVENTS: Final = ("dynamic_events", "user_events_status")
_EVENT_SOURCES: Final = "/sys/bus/event_source/devices"
_PROBE_SOURCES: Final = ("kprobe", "uprobe")

_SYS_ADMIN: Final = 1 << 21
_BPF_AND_PERFMON: Final = 1 << 39 | 1 << 38


@dataclass(frozen=True, slots=True)
class Machine:
    """Two machines that are equal here compile the same script to the same object.

    `kernel` names the kernel with its modules, `tracefs` where it is mounted and readable, `events`
    the events that were defined at run time, `sources` the perf event sources for probes,
    `namespace` the pid namespace (nothing for the initial one), and `may_trace` whether this
    process has the rights that tracing takes.
    """

    kernel: str
    architecture: str
    tracefs: str
    events: str
    sources: tuple[str, ...]
    namespace: tuple[int, ...]
    may_trace: bool


def running_machine() -> Machine:
    """Return this machine as this process sees it now."""
    tracefs = next((p for p in _TRACEFS if os.access(f"{p}/events", os.R_OK)), "")
    return Machine(
        kernel_identity(),
        os.uname().machine,
        tracefs,
        _digest(_read(f"{tracefs}/{name}") for name in _DYNAMIC_EVENTS),
        tuple(s for s in _PROBE_SOURCES if os.access(f"{_EVENT_SOURCES}/{s}", os.F_OK)),
        _namespace(),
        may_trace(),
    )


def recorded_machine(kernel: KernelView) -> Machine:
    """Return the machine a recorded kernel runs on as root sees it who has just booted it."""
    features = kernel.features
    present = {"kprobe": features.kprobe.present, "uprobe": features.uprobe.present}
    return Machine(
        kernel.identity,
        kernel.architecture,
        _TRACEFS[0],
        _digest([b""] * len(_DYNAMIC_EVENTS)),
        tuple(s for s in _PROBE_SOURCES if present[s]),
        (),
        may_trace=True,
    )


def kernel_identity() -> str:
    """Return a hash of the kernel's build id, release and the size of each module's BTF."""
    system = os.uname()
    facts = [system.release.encode(), system.machine.encode(), system.version.encode()]
    facts.append(_read(_NOTES))
    try:
        with os.scandir(_BTF) as files:
            sizes = sorted((f.name, f.stat().st_size) for f in files)
    except OSError:
        sizes = []
    facts.extend(f"{name} {size}".encode() for name, size in sizes)
    return _digest(facts)


def may_trace() -> bool:
    """Tell whether this process has what tracing takes; root in a container may not."""
    for line in _read("/proc/self/status").splitlines():
        if line.startswith(b"CapEff:"):
            held = int(line.split()[1], 16)
            return held & _BPF_AND_PERFMON == _BPF_AND_PERFMON or bool(held & _SYS_ADMIN)
    return False


def _namespace() -> tuple[int, ...]:
    try:
        status = os.stat("/proc/self/ns/pid")  # noqa: PTH116 - without pathlib, as all here
    except OSError:
        return ()
    initial = status.st_ino == INITIAL_PID_NAMESPACE
    return () if initial else (status.st_dev, status.st_ino)


def _digest(facts: Iterable[bytes]) -> str:
    return hashlib.blake2s(b"\0".join(facts), digest_size=8).hexdigest()


def _read(path: str) -> bytes:
    """Return a file's bytes, nothing where it is missing or this process may not read it."""
    try:
        with open(path, "rb") as file:  # noqa: PTH123
            return file.read()
    except OSError:
        return b""
