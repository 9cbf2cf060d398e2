"""What follows from a kernel's own lists in the same way for a live and a recorded kernel."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from tracelang.kernel.function_list import FilterFunctions
from tracelang.kernel.syscalls import SyscallTable
from tracelang.kernel.tracefs import TracepointFormat
from tracelang.kernel.view import SyscallInfo

if TYPE_CHECKING:  # see tracelang.kernel.view
    from tracelang.kernel.btf import Btf


class KernelFacts(ABC):
    """The derived half of `tracelang.kernel.view.KernelView`; subclasses read the lists."""

    @property
    @abstractmethod
    def architecture(self) -> str:
        """As `uname -m` prints it."""

    @property
    @abstractmethod
    def btf(self) -> Btf | None:
        """The types of the kernel and its modules, or None."""

    @property
    @abstractmethod
    def filter_functions(self) -> FilterFunctions | None:
        """The functions ftrace lists, or None where that says nothing about what can be traced."""

    @abstractmethod
    def tracepoints(self) -> Sequence[tuple[str, str]]:
        """Return (category, event) of every tracepoint, sorted."""

    @abstractmethod
    def tracepoint(self, category: str, event: str) -> TracepointFormat | None:
        """Return a tracepoint's format, or None."""

    @abstractmethod
    def text_symbols(self) -> Mapping[str, None]:
        """Return the functions the kernel's symbol table names, for a kernel without BTF."""

    @property
    def has_btf(self) -> bool:
        """Whether the kernel's BTF is there, readable and sound."""
        return self.btf is not None

    # --- Functions -------------------------------------------------------------------------------

    def functions(self) -> Collection[str]:
        """Return the functions ftrace lists, where that counts; else those BTF describes."""
        return self._functions

    @cached_property
    def _functions(self) -> Collection[str]:
        if self.filter_functions is not None:
            return self.filter_functions.names
        if self.btf is not None:
            return dict.fromkeys(self.btf.names("function"))
        return self.text_symbols()

    def function_is_traceable(self, name: str) -> bool:
        """Tell whether `functions()` has a name, without making that list."""
        if self.filter_functions is not None:
            return name in self.filter_functions
        return self.has_function(name)

    def shared_names(self, names: Collection[str]) -> Sequence[str]:
        """Return those of some names that several functions have, where ftrace lists them."""
        return self.filter_functions.shared_of(names) if self.filter_functions is not None else ()

    def has_function(self, name: str) -> bool:
        """Tell whether the kernel has a function of that name, traceable or not."""
        if self.btf is not None:
            return self.btf.find("function", name) is not None
        return name in self.text_symbols()

    def module_of(self, function: str) -> str:
        """Return a kernel function's module, "" for the kernel itself or an unknown one."""
        if self.filter_functions is not None and (
            module := self.filter_functions.module_of(function)
        ):
            return module
        found = self.btf.find("function", function) if self.btf is not None else None
        return self.btf.module_of(found) if self.btf is not None and found is not None else ""

    # --- Constants -------------------------------------------------------------------------------

    def constant(self, name: str) -> int | None:
        """Return the value of an enum's constant, or None."""
        found = self.btf.enumerator(name) if self.btf is not None else None
        return found[0] if found is not None else None

    # --- Events ----------------------------------------------------------------------------------

    def raw_tracepoints(self) -> Collection[str]:
        """Return the events with a `btf_trace_` type; without BTF every tracepoint's name."""
        return self._raw_tracepoints

    @cached_property
    def _raw_tracepoints(self) -> Collection[str]:
        if self.btf is not None:
            return dict.fromkeys(self.btf.names_after("typedef", "btf_trace_"))
        names = [event for category, event in self.tracepoints() if category != "syscalls"]
        return dict.fromkeys([*names, "sys_enter", "sys_exit"] if names else [])

    def syscalls(self) -> Mapping[str, SyscallInfo]:
        """Return the system calls that have tracepoints, by their tracepoints' names."""
        return self._syscalls

    def syscall_aliases(self) -> Mapping[str, str]:
        """Return other names of system calls with the keys of `syscalls()`."""
        return self._syscalls.aliases()

    @cached_property
    def _syscalls(self) -> SyscallTable:
        return SyscallTable(self.architecture, self.tracepoints, self.tracepoint, self.has_function)
