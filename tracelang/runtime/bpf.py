"""The few bpf(2) commands libbcc does not offer: running a program, asking about programs."""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Iterator
from typing import Final

from tracelang.runtime.libc import c_library

# asm/unistd.h of each architecture.
_NUMBERS: Final = {
    "x86_64": 321,
    "aarch64": 280,
    "riscv64": 280,
    "loongarch64": 280,
    "ppc64le": 361,
    "s390x": 351,
}
_PROG_TEST_RUN: Final = 10
_PROG_GET_NEXT_ID: Final = 11
_OBJ_GET_INFO_BY_FD: Final = 15

# struct `test` of union bpf_attr: descriptor, result, data with sizes, repeat, duration, context.
_TEST_RUN: Final = struct.Struct("=IIIIQQIIIIQQIII4x")
_RESULT_OFFSET: Final = 4
_INFO_REQUEST: Final = struct.Struct("=IIQ")
_INFO_SIZE: Final = 256
# struct bpf_prog_info: the offsets of `id` and of `recursion_misses`, which Linux 5.12 appended.
_ID_OFFSET: Final = 4
_MISSES_OFFSET: Final = 208


def run_program(program: int) -> int:
    """Run a raw tracepoint program once, here and now; return its result. Raises OSError.

    Linux has BPF_PROG_TEST_RUN for raw tracepoint programs since 5.10.
    """
    request = ctypes.create_string_buffer(_TEST_RUN.pack(program, *[0] * 14))
    call_bpf(_PROG_TEST_RUN, request)
    return int(struct.unpack_from("=I", request, _RESULT_OFFSET)[0])


def missed(program: int) -> int:
    """Return how often the kernel skipped the program, as it was running already.

    0 if the kernel cannot tell (before Linux 5.12).
    """
    try:
        info = _program_info(program)
    except OSError:
        return 0
    if len(info) < _MISSES_OFFSET + 8:
        return 0
    return int(struct.unpack_from("=Q", info, _MISSES_OFFSET)[0])


def program_id(program: int) -> int:
    """Return the number the kernel knows the program by, on the whole machine. Raises OSError."""
    return int(struct.unpack_from("=I", _program_info(program), _ID_OFFSET)[0])


def all_program_ids() -> Iterator[int]:
    """Yield the numbers of all programs that are loaded (CAP_SYS_ADMIN)."""
    number = 0
    while True:
        request = ctypes.create_string_buffer(struct.pack("=III4x", number, 0, 0))
        try:
            call_bpf(_PROG_GET_NEXT_ID, request)
        except FileNotFoundError:
            return
        number = int(struct.unpack_from("=I", request, 4)[0])
        yield number


def _program_info(program: int) -> bytes:
    info = ctypes.create_string_buffer(_INFO_SIZE)
    packed = _INFO_REQUEST.pack(program, _INFO_SIZE, ctypes.addressof(info))
    request = ctypes.create_string_buffer(packed)
    call_bpf(_OBJ_GET_INFO_BY_FD, request)
    return info.raw[: struct.unpack_from("=I", request, 4)[0]]


def call_bpf(command: int, request: ctypes.Array[ctypes.c_char]) -> int:
    """Make the system call; `request` holds the attributes and a NUL. Raises OSError.

    Returns what the command gives: a descriptor, or 0.
    """
    number = _NUMBERS.get(os.uname().machine)
    if number is None:
        raise OSError(38, f"no bpf(2) known for {os.uname().machine}")
    libc = c_library()
    # create_string_buffer appends a NUL, which is no part of the attributes.
    size = ctypes.sizeof(request) - 1
    result = int(libc.syscall(ctypes.c_long(number), command, request, ctypes.c_uint(size)))
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
    return result
