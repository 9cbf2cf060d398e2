"""Numbers of system calls: `257` reads `openat` on x86-64."""

from __future__ import annotations

import os
from typing import Final

from tracelang.decoders.definition import Definition, reading, remember
from tracelang.decoders.protocol import DecodeContext, Reading
from tracelang.decoders.tables import parse_number
from tracelang.kernel.syscall_numbers import syscall_numbers


def _read_syscall_name(_arguments: tuple[object, ...], _context: DecodeContext) -> Reading:
    """Bind `syscall_name`: an unknown number is shown as it is."""
    names = {number: name for name, number in syscall_numbers(os.uname().machine).items()}

    def show(raw: int) -> str:
        return names.get(raw) or str(raw)

    return reading(remember(show))


def _find_syscall(text: str, _arguments: tuple[object, ...]) -> int | None:
    number = syscall_numbers(os.uname().machine).get(text)
    return parse_number(text) if number is None else number


DECODERS: Final = (
    Definition(
        "syscall_name",
        "the name of a system call's number on this architecture",
        _read_syscall_name,
        example="probe rawtracepoint:sys_enter capture comm, syscall_name(id)",
        width=16,
        find=_find_syscall,
        local=True,
    ),
)
