"""Attaching one program to many probes, each of which it knows by a cookie (Linux 5.15).

Otherwise each probe takes a program of its own, which the kernel verifies each time. Closing a
link detaches, as with all attachments. Sources: include/uapi/linux/bpf.h, perf_event_open(2).
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
from typing import Final

from tracelang.runtime.bpf import call_bpf
from tracelang.runtime.libbcc import BpfError, raise_file_limit
from tracelang.runtime.libc import c_library

_LINK_CREATE: Final = 28
_PERF_EVENT: Final = 41
# struct `link_create` of union bpf_attr: prog_fd, target_fd, attach_type, flags, bpf_cookie.
_LINK: Final = struct.Struct("=IIIIQ")

_NUMBERS: Final = {"x86_64": 298, "s390x": 331, "ppc64le": 319}
_GENERIC_NUMBER: Final = 241
_CLOSE_ON_EXEC: Final = 8


def link_program(program: int, attributes: bytes, cpu: int, cookie: int) -> int:
    """Open a perf event (`struct perf_event_attr`) and link the program to it, enabled.

    Returns the link's descriptor. Raises BpfError.
    """
    try:
        return _link(program, attributes, cpu, cookie)
    except OSError as error:
        if error.errno != errno.EMFILE or not raise_file_limit():
            raise BpfError(error.errno or 0, "") from error
    return _link(program, attributes, cpu, cookie)


def _link(program: int, attributes: bytes, cpu: int, cookie: int) -> int:
    event = open_perf_event(attributes, cpu)
    try:
        request = _LINK.pack(program, event, _PERF_EVENT, 0, cookie)
        return call_bpf(_LINK_CREATE, ctypes.create_string_buffer(request))
    finally:
        os.close(event)  # the link holds it


def open_perf_event(attributes: bytes, cpu: int) -> int:
    """Open a perf event on a CPU for all processes; return its descriptor. Raises OSError."""
    number = _NUMBERS.get(platform.machine(), _GENERIC_NUMBER)
    libc = c_library()
    descriptor = libc.syscall(
        *(ctypes.c_long(number), attributes, ctypes.c_int(-1), ctypes.c_int(cpu)),
        *(ctypes.c_int(-1), ctypes.c_ulong(_CLOSE_ON_EXEC)),
    )
    if descriptor < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
    return int(descriptor)
