"""What this process may use of the running kernel, tried when it is first asked."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Final, Protocol

from tracelang.kernel import trial
from tracelang.kernel.btf import Btf
from tracelang.kernel.features import INITIAL_PID_NAMESPACE, PRESENT, absent, judge
from tracelang.kernel.machine import may_trace
from tracelang.kernel.syscalls import WRAPPER_PREFIXES
from tracelang.kernel.view import Feature, PidNamespace

_EVENT_SOURCES: Final = Path("/sys/bus/event_source/devices")
_LOCKDOWN: Final = Path("/sys/kernel/security/lockdown")
_PID_NAMESPACE: Final = Path("/proc/self/ns/pid")
_TRIAL_FUNCTION: Final = "bpf_fentry_test1"
"""A function the kernel has for trying fentry and never calls by itself (net/bpf/test_run.c)."""


class _Asked(Protocol):
    """What the trials need to know of the kernel."""

    @property
    def architecture(self) -> str: ...
    @property
    def page_size(self) -> int: ...
    @property
    def cpus(self) -> tuple[int, ...]: ...
    @property
    def btf(self) -> Btf | None: ...
    def tracepoints_reason(self) -> str: ...
    def has_function(self, name: str) -> bool: ...


class LiveFeatures:
    """The running kernel's features: see `tracelang.kernel.view.Features`."""

    def __init__(self, kernel: _Asked) -> None:
        self._kernel = kernel

    @cached_property
    def kprobe(self) -> Feature:
        """Present where perf events have a source of kprobes and this process may load programs."""
        return self._source("kprobe", "kprobes (CONFIG_KPROBE_EVENTS is not built in)")

    @cached_property
    def uprobe(self) -> Feature:
        """Present where perf events have a source of uprobes and this process may load programs."""
        return self._source("uprobe", "uprobes (CONFIG_UPROBE_EVENTS is not built in)")

    @cached_property
    def tracepoint(self) -> Feature:
        """Present where tracepoints can be listed and this process may load programs."""
        reason = self._kernel.tracepoints_reason()
        return absent(reason) if reason else self._loading

    @cached_property
    def raw_tracepoint(self) -> Feature:
        """Present where a program for raw tracepoints loads."""
        return self._loading

    @cached_property
    def fentry(self) -> Feature:
        """Present where a tracing program loads and attaches."""
        btf = self._kernel.btf
        if btf is None:
            return absent("no fentry: it has no readable BTF")
        function = btf.find("function", _TRIAL_FUNCTION)
        attach = function is not None
        if function is None:
            function = btf.find("function", "vfs_read")
        if function is None:
            return absent("no fentry: its BTF describes no functions")
        return self._judge(
            lambda k: trial.try_fentry(k, function, attach=attach), "fentry (tracing programs)"
        )

    @cached_property
    def perf_event(self) -> Feature:
        """Present where a software event can be opened for a whole CPU."""
        return self._judge(lambda k: trial.try_perf_event(k, self._cpu), "perf events")

    @cached_property
    def hardware(self) -> Feature:
        """Present where the CPU's cycle counter can be opened."""
        return self._judge(lambda k: trial.try_hardware(k, self._cpu), "hardware events")

    @cached_property
    def ring_buffer(self) -> Feature:
        """Present where a BPF ring buffer can be made."""
        page_size = self._kernel.page_size
        return self._judge(lambda k: trial.try_ring_buffer(k, page_size), "BPF ring buffers")

    @cached_property
    def typed_task(self) -> Feature:
        """Present where a program that asks for the typed pointer loads (Linux 5.11, BTF)."""
        return self._judge(trial.try_typed_task, "typed pointers to the running task")

    @cached_property
    def typed_registers(self) -> Feature:
        """Present where a program that asks for the task's registers loads (Linux 5.15)."""
        return self._judge(trial.try_typed_registers, "typed pointers to saved registers")

    @cached_property
    def syscall_wrapper(self) -> Feature:
        """Present where a system call's entry function has the name that goes with the wrapper."""
        prefix = WRAPPER_PREFIXES.get(self._kernel.architecture)
        if prefix is not None and self._kernel.has_function(prefix + "read"):
            return PRESENT
        return absent("no system call wrapper")

    @cached_property
    def lockdown(self) -> str:
        """The mode in securityfs; `none` without lockdown, `unknown` where it is not shown."""
        try:
            text = _LOCKDOWN.read_text()
        except FileNotFoundError:
            return "none" if any(_LOCKDOWN.parent.glob("*")) else "unknown"
        except OSError:
            return "unknown"
        return text.partition("[")[2].partition("]")[0] or "none"

    @cached_property
    def pid_namespace(self) -> PidNamespace:
        """The pid namespace of this process; the initial one has a fixed inode number."""
        status = _PID_NAMESPACE.stat()
        return PidNamespace(status.st_dev, status.st_ino, status.st_ino == INITIAL_PID_NAMESPACE)

    @cached_property
    def _loading(self) -> Feature:
        return self._judge(trial.try_raw_tracepoint, "BPF programs")

    @property
    def _cpu(self) -> int:
        return self._kernel.cpus[0]

    def _source(self, name: str, without: str) -> Feature:
        if not (_EVENT_SOURCES / name).exists():
            return absent(f"no {without}")
        return self._loading

    def _judge(self, attempt: Callable[[trial.Calls], int], what: str) -> Feature:
        error = attempt(trial.running_calls())
        return judge(error, what, privileged=may_trace())
