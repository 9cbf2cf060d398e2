"""The system calls of a kernel, each described when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from typing import Final

from tracelang.kernel.syscall_numbers import OTHER_NAMES, syscall_numbers
from tracelang.kernel.tracefs import TracepointFormat
from tracelang.kernel.view import SyscallInfo

CATEGORY: Final = "syscalls"
ENTER: Final = "sys_enter_"

WRAPPER_PREFIXES: Final[Mapping[str, str]] = {
    "x86_64": "__x64_sys_",
    "aarch64": "__arm64_sys_",
    "riscv64": "__riscv_sys_",
    "s390x": "__s390x_sys_",
}
"""How entry functions start that take `struct pt_regs *` (CONFIG_ARCH_HAS_SYSCALL_WRAPPER)."""


class SyscallTable(Mapping[str, SyscallInfo]):
    """System calls by the names of their `sys_enter_*` tracepoints.

    `events` are all (category, event); `read` gives a format (or None), `has_function` tells
    whether the kernel has a function of that name.
    """

    def __init__(
        self,
        architecture: str,
        events: Callable[[], Iterable[tuple[str, str]]],
        read: Callable[[str, str], TracepointFormat | None],
        has_function: Callable[[str], bool],
    ) -> None:
        self._architecture = architecture
        self._events = events
        self._read = read
        self._has_function = has_function
        self._described: dict[str, SyscallInfo] = {}

    def __getitem__(self, name: str) -> SyscallInfo:
        if name not in self._names:
            raise KeyError(name)
        if name not in self._described:
            self._described[name] = self._describe(name)
        return self._described[name]

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def aliases(self) -> Mapping[str, str]:
        """Return the names user space knows where they differ, with the names in this table."""
        return {usual: name for name, usual in OTHER_NAMES.items() if name in self._names}

    @cached_property
    def _names(self) -> Mapping[str, None]:
        found = (event for category, event in self._events() if category == CATEGORY)
        return dict.fromkeys(sorted(e.removeprefix(ENTER) for e in found if e.startswith(ENTER)))

    @cached_property
    def _numbers(self) -> Mapping[str, int]:
        return syscall_numbers(self._architecture)

    def _describe(self, name: str) -> SyscallInfo:
        format_ = self._read(CATEGORY, ENTER + name)
        if format_ is None:
            raise KeyError(name)
        arguments = tuple(
            (field.name, field.type_text)
            for field in format_.fields
            if not field.common and field.name != "__syscall_nr"
        )
        number = self._numbers.get(OTHER_NAMES.get(name, name))
        return SyscallInfo(name, number, arguments, self._find_entry(name), has_tracepoint=True)

    def _find_entry(self, name: str) -> str:
        """Return the entry function; BTF knows that of a call without arguments as `__do_sys_`."""
        prefixes = (WRAPPER_PREFIXES.get(self._architecture), "__do_sys_", "sys_", "__se_sys_")
        return next((p + name for p in prefixes if p and self._has_function(p + name)), "")
