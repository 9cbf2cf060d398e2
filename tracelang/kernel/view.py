"""What tracelang asks of a kernel: one Protocol, with a live and a recorded implementation."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from tracelang.dataclass import dataclass

if TYPE_CHECKING:  # defining BTF's classes takes 8 ms, and a warm start needs no types
    from tracelang.kernel.btf import Btf
    from tracelang.kernel.tracefs import TracepointFormat


@dataclass(frozen=True, slots=True)
class Feature:
    """Whether the kernel lets this process use something, and if not, why not.

    `reason` completes the sentence "this kernel has …" and is empty where the feature is present.
    """

    present: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class PidNamespace:
    """The pid namespace of this process, as stat(2) of /proc/self/ns/pid has it."""

    device: int
    inode: int
    is_initial: bool


@dataclass(frozen=True, slots=True)
class SyscallInfo:
    """One system call under the name its tracepoint has.

    `number` is None where it is not known. `arguments` are (name, type in C). `entry_function` is
    the kernel function that is called first, "" where it is not known.
    """

    name: str
    number: int | None
    arguments: tuple[tuple[str, str], ...]
    entry_function: str
    has_tracepoint: bool


class Features(Protocol):
    """What this process may use; each is tried when it is first asked for."""

    @property
    def kprobe(self) -> Feature:
        """Probes anywhere in kernel functions."""
        ...

    @property
    def fentry(self) -> Feature:
        """Tracing programs at the entry and return of kernel functions."""
        ...

    @property
    def uprobe(self) -> Feature:
        """Probes in user programs."""
        ...

    @property
    def tracepoint(self) -> Feature:
        """Tracepoints with their formats."""
        ...

    @property
    def raw_tracepoint(self) -> Feature:
        """Tracepoints without their formats."""
        ...

    @property
    def perf_event(self) -> Feature:
        """Perf events that the kernel counts."""
        ...

    @property
    def hardware(self) -> Feature:
        """Perf events that the CPU counts."""
        ...

    @property
    def ring_buffer(self) -> Feature:
        """The BPF map type that programs put records into (else it is the perf buffer)."""
        ...

    @property
    def typed_task(self) -> Feature:
        """The running task by a pointer whose members programs may read without a helper."""
        ...

    @property
    def typed_registers(self) -> Feature:
        """The same for the registers that the running task saved when it entered the kernel."""
        ...

    @property
    def syscall_wrapper(self) -> Feature:
        """Whether system calls' entry functions take `struct pt_regs *` for their arguments."""
        ...

    @property
    def lockdown(self) -> str:
        """The kernel's lockdown: `none`, `integrity` or `confidentiality`."""
        ...

    @property
    def pid_namespace(self) -> PidNamespace:
        """The pid namespace of this process."""
        ...


class KernelView(Protocol):
    """Facts about one kernel. Everything is lazy; nothing raises unless it says so."""

    @property
    def identity(self) -> str:
        """A short text that changes when types or tracepoint formats may have changed."""
        ...

    @property
    def release(self) -> str:
        """As `uname -r` prints it."""
        ...

    @property
    def architecture(self) -> str:
        """As `uname -m` prints it: `x86_64`, `aarch64`."""
        ...

    @property
    def page_size(self) -> int:
        """In bytes."""
        ...

    @property
    def version_code(self) -> int:
        """LINUX_VERSION_CODE: major << 16 | minor << 8 | patch, patch at most 255."""
        ...

    @property
    def cpus(self) -> tuple[int, ...]:
        """The CPUs that are online."""
        ...

    @property
    def hz(self) -> int | None:
        """Timer ticks (jiffies) a second, or None where the configuration cannot be read."""
        ...

    @property
    def features(self) -> Features:
        """What this process may use."""
        ...

    @property
    def has_btf(self) -> bool:
        """Whether the kernel describes its types and this process may read it."""
        ...

    @property
    def btf(self) -> Btf | None:
        """The kernel's types, or None without `has_btf`."""
        ...

    def tracepoints(self) -> Sequence[tuple[str, str]]:
        """Return (category, event) of every tracepoint, sorted; none where they are hidden."""
        ...

    def tracepoint(self, category: str, event: str) -> TracepointFormat | None:
        """Return a tracepoint's format, or None where there is no such tracepoint.

        Raises `DiagnosticError` T303 where it exists and cannot be read.
        """
        ...

    def raw_tracepoints(self) -> Collection[str]:
        """Return the names of all raw tracepoints."""
        ...

    def functions(self) -> Collection[str]:
        """Return the names of the functions that can be traced."""
        ...

    def function_is_traceable(self, name: str) -> bool:
        """Tell whether a function can be traced; cheaper than looking into `functions()`."""
        ...

    def shared_names(self, names: Collection[str]) -> Sequence[str]:
        """Return those of some names that several functions have, where the kernel shows it."""
        ...

    def module_of(self, function: str) -> str:
        """Return a kernel function's module, "" for the kernel itself or an unknown one."""
        ...

    def syscalls(self) -> Mapping[str, SyscallInfo]:
        """Return the system calls by the names their tracepoints have."""
        ...

    def syscall_aliases(self) -> Mapping[str, str]:
        """Return other names of system calls (`stat`) with the keys of `syscalls()` (`newstat`)."""
        ...

    def symbol_address(self, name: str) -> int | None:
        """Return the address of a kernel variable or function, or None where it is not shown."""
        ...

    def has_config(self, name: str) -> bool | None:
        """Tell whether CONFIG_NAME is y or m; None where the configuration cannot be read."""
        ...
