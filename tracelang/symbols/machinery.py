"""What tracing itself puts on top of a kernel stack, and nobody asked for."""

from __future__ import annotations

import re
from typing import Final

from tracelang.decoders.frames import Frames

_MACHINERY: Final = re.compile(
    r"bpf_prog_\w+|bpf_trace_run\d*|__bpf_trace_\w+|bpf_trampoline_\w+|__traceiter_\w+"
    r"|perf_trace_\w+|perf_syscall_\w+|perf_call_bpf_\w+|trace_call_bpf|bpf_get_stack\w*|__bpf_prog_\w+"
)
MOST_MACHINERY: Final = 12
"""Frames that are looked at."""


def without_machinery(frames: Frames) -> Frames:
    """Return a stack from the place that was traced on."""
    last = -1
    for index, frame in enumerate(frames[:MOST_MACHINERY]):
        if frame.is_kernel and _MACHINERY.fullmatch(frame.name):
            last = index
    return frames[last + 1 :]
