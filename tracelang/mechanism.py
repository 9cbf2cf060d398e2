"""The ways a kernel offers to run a BPF program, in the kernel's own terms."""

from __future__ import annotations

from enum import Enum

from tracelang.dataclass import dataclass


class Mechanism(Enum):
    """How a program is hooked in. A probe kind of the language chooses among these."""

    KPROBE = "kprobe"
    KRETPROBE = "kretprobe"
    FENTRY = "fentry"
    FEXIT = "fexit"
    TRACEPOINT = "tracepoint"
    RAW_TRACEPOINT = "raw_tracepoint"
    UPROBE = "uprobe"
    URETPROBE = "uretprobe"
    PERF_EVENT = "perf_event"
    RUN = "run"
    """Not attached: run once by the tracer itself (`begin`, `end`)."""


@dataclass(frozen=True, slots=True)
class PerfEvent:
    """A perf event: type and config as in `perf_event_attr`.

    Just one of period and frequency is not 0. `all_cpus`: it counts on every CPU, else on one.
    """

    type: int
    config: int
    period: int = 0
    frequency: int = 0
    all_cpus: bool = True
