"""The kernel of a replay: there is none to ask, whatever machine this is."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from tracelang.kernel.tracefs import TracepointFormat
from tracelang.kernel.view import Feature, PidNamespace, SyscallInfo

_NONE = Feature(present=False, reason="no kernel: a recording is replayed")
_NOWHERE = PidNamespace(0, 0, is_initial=True)


@dataclass(frozen=True, slots=True)
class NoFeatures:
    """Nothing can be used."""

    kprobe: Feature = _NONE
    fentry: Feature = _NONE
    uprobe: Feature = _NONE
    tracepoint: Feature = _NONE
    raw_tracepoint: Feature = _NONE
    perf_event: Feature = _NONE
    hardware: Feature = _NONE
    ring_buffer: Feature = _NONE
    typed_task: Feature = _NONE
    typed_registers: Feature = _NONE
    syscall_wrapper: Feature = _NONE
    lockdown: str = "none"
    pid_namespace: PidNamespace = _NOWHERE


@dataclass(frozen=True, slots=True)
class NoKernel:
    """A `KernelView` without types, tracepoints, functions and symbols."""

    release: str
    architecture: str
    identity: str = ""
    page_size: int = 4096
    version_code: int = 0
    cpus: tuple[int, ...] = ()
    hz: int | None = None
    features: NoFeatures = NoFeatures()
    has_btf: bool = False
    btf: None = None

    def tracepoints(self) -> Sequence[tuple[str, str]]:
        """Return none."""
        return ()

    def tracepoint(self, category: str, event: str) -> TracepointFormat | None:
        """Return None."""
        del category, event
        return None

    def raw_tracepoints(self) -> Collection[str]:
        """Return none."""
        return ()

    def functions(self) -> Collection[str]:
        """Return none."""
        return ()

    def function_is_traceable(self, name: str) -> bool:
        """Tell that it is not."""
        del name
        return False

    def shared_names(self, names: Collection[str]) -> Sequence[str]:
        """Return none."""
        del names
        return ()

    def module_of(self, function: str) -> str:
        """Return none."""
        del function
        return ""

    def syscalls(self) -> Mapping[str, SyscallInfo]:
        """Return none."""
        return {}

    def syscall_aliases(self) -> Mapping[str, str]:
        """Return none."""
        return {}

    def symbol_address(self, name: str) -> int | None:
        """Return None."""
        del name
        return None

    def has_config(self, name: str) -> bool | None:
        """Return None."""
        del name
        return None
