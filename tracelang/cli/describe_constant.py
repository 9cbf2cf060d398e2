"""Constants a script may name: the kernel's enumerators and the C library's."""

from __future__ import annotations

import errno
import os
import signal
from collections.abc import Iterator

from tracelang.kernel.c_text import describe_type as c_text
from tracelang.semantic.constants import find_constant
from tracelang.semantic.probe_kind import TargetScope


def describe_constant(name: str, scope: TargetScope) -> Iterator[str]:
    """Yield the value of a kernel constant with its enum, or of one of the C library; variables.

    A script sees the kernel's own where both have the name.
    """
    btf = scope.types.btf
    found = btf.enumerator(name) if btf is not None else None
    if btf is not None and found is not None:
        yield f"{_value(name, found[0])}, of the kernel's\n\n{c_text(btf, found[1])}"
        return
    address = scope.kernel.symbol_address(name)
    if address is not None and (btf is None or btf.find("function", name) is None):
        yield f"{name}: a symbol of the kernel; if it is a variable, `symbol({name})` reads it"
    value = find_constant(name)
    if value is not None:
        yield f"{_value(name, value)}, of the C library{_meaning(name, value)}"


def _value(name: str, value: int) -> str:
    return f"{name} = {value}" + (f" ({value:#x})" if value > 9 else "")


def _meaning(name: str, value: int) -> str:
    if name.startswith("E") and errno.errorcode.get(value):
        return f": {os.strerror(value)}"
    if name.startswith("SIG") and value in set(signal.Signals):
        return f": {signal.strsignal(value)}"
    return ""
