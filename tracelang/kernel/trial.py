"""Trying what the kernel allows: tiny BPF programs, maps and perf events, made and dropped again.

Every trial returns the error number the kernel answers with, 0 for success. Nothing stays behind:
descriptors are closed before a trial returns. The layouts are those of <linux/bpf.h> and
<linux/perf_event.h>.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tracelang.dataclass import dataclass

_BPF_NUMBERS: Final[Mapping[str, int]] = {"x86_64": 321, "aarch64": 280, "riscv64": 280}
_PERF_NUMBERS: Final[Mapping[str, int]] = {"x86_64": 298, "aarch64": 241, "riscv64": 241}

_MAP_CREATE: Final = 0
_PROG_LOAD: Final = 5
_RAW_TRACEPOINT_OPEN: Final = 17

_MAP_TYPE_RINGBUF: Final = 27
_PROG_TYPE_RAW_TRACEPOINT: Final = 17
_PROG_TYPE_TRACING: Final = 26
_ATTACH_FENTRY: Final = 24

_RETURN_0: Final = struct.pack("=BBhiBBhi", 0xB7, 0, 0, 0, 0x95, 0, 0, 0)
"""`r0 = 0; exit`: the smallest program there is."""
_CURRENT_TASK_BTF: Final = struct.pack("=BBhi", 0x85, 0, 0, 158)
"""`call bpf_get_current_task_btf`."""
_TASK_REGISTERS: Final = struct.pack("=BBhiBBhi", 0xBF, 0x01, 0, 0, 0x85, 0, 0, 175)
"""`r1 = r0; call bpf_task_pt_regs`."""

_PERF_DISABLED: Final = 1
_PERF_TYPE_HARDWARE: Final = 0
_PERF_TYPE_SOFTWARE: Final = 1
_PERF_ATTRIBUTE_SIZE: Final = 64
_PERF_CLOEXEC: Final = 8

CAP_SYS_ADMIN: Final = 21
CAP_PERFMON: Final = 38
CAP_BPF: Final = 39


@dataclass(frozen=True, slots=True)
class Calls:
    """The two system calls that trials need, by their numbers here (None: not known)."""

    bpf_number: int | None
    perf_number: int | None

    def bpf(self, command: int, attribute: bytes) -> int:
        """Make that system call; return a descriptor or the negative error number."""
        buffer = ctypes.create_string_buffer(attribute, len(attribute))
        return _system_call(self.bpf_number, command, ctypes.addressof(buffer), len(attribute))

    def perf_event_open(self, attribute: bytes, cpu: int) -> int:
        """Open an event for all processes on one CPU; return as `bpf` does."""
        buffer = ctypes.create_string_buffer(attribute, len(attribute))
        address = ctypes.addressof(buffer)
        return _system_call(self.perf_number, address, -1, cpu, -1, _PERF_CLOEXEC)


def running_calls() -> Calls:
    """Return the system calls of this machine's architecture."""
    machine = platform.machine()
    return Calls(_BPF_NUMBERS.get(machine), _PERF_NUMBERS.get(machine))


def try_ring_buffer(calls: Calls, page_size: int) -> int:
    """Make a BPF ring buffer of one page."""
    attribute = struct.pack("=IIIII", _MAP_TYPE_RINGBUF, 0, 0, page_size, 0)
    return _drop(calls.bpf(_MAP_CREATE, attribute))


def try_raw_tracepoint(calls: Calls) -> int:
    """Load a program for raw tracepoints."""
    return _drop(_load(calls, _PROG_TYPE_RAW_TRACEPOINT, 0, 0))


def try_typed_task(calls: Calls) -> int:
    """Load a program that asks for the running task with its type."""
    code = _CURRENT_TASK_BTF + _RETURN_0
    return _drop(_load(calls, _PROG_TYPE_RAW_TRACEPOINT, 0, 0, code))


def try_typed_registers(calls: Calls) -> int:
    """Load a program that asks for the registers the running task saved."""
    code = _CURRENT_TASK_BTF + _TASK_REGISTERS + _RETURN_0
    return _drop(_load(calls, _PROG_TYPE_RAW_TRACEPOINT, 0, 0, code))


def try_fentry(calls: Calls, function_id: int, *, attach: bool) -> int:
    """Load a tracing program for the function of that id and, if asked to, attach it briefly.

    Some kernels load such programs and cannot attach them (arm64 before it had BPF trampolines).
    """
    program = _load(calls, _PROG_TYPE_TRACING, _ATTACH_FENTRY, function_id)
    if program < 0 or not attach:
        return _drop(program)
    result = _drop(calls.bpf(_RAW_TRACEPOINT_OPEN, struct.pack("=QI", 0, program)))
    os.close(program)
    return result


def try_perf_event(calls: Calls, cpu: int) -> int:
    """Open the software CPU clock for all processes on a CPU."""
    return _open_perf_event(calls, _PERF_TYPE_SOFTWARE, cpu)


def try_hardware(calls: Calls, cpu: int) -> int:
    """Open the CPU's cycle counter for all processes."""
    return _open_perf_event(calls, _PERF_TYPE_HARDWARE, cpu)


def effective_capabilities() -> int:
    """Return this process's effective capabilities as bits, by /proc/self/status."""
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return 0
    for line in status.splitlines():
        if line.startswith("CapEff:"):
            return int(line.split()[1], 16)
    return 0


def _load(
    calls: Calls, type_: int, attach_type: int, function_id: int, code: bytes = _RETURN_0
) -> int:
    instructions = ctypes.create_string_buffer(code, len(code))
    license_ = ctypes.create_string_buffer(b"GPL")
    attribute = struct.pack(
        "=IIQQIIQII16sIIIIQIIQIII",
        *(type_, len(code) // 8),
        *(ctypes.addressof(instructions), ctypes.addressof(license_)),
        *(0, 0, 0, 0, 0, b"trial"),
        *(0, attach_type, 0, 0, 0, 0, 0, 0, 0),
        *(function_id, 0),
    )
    return calls.bpf(_PROG_LOAD, attribute)


def _open_perf_event(calls: Calls, type_: int, cpu: int) -> int:
    attribute = struct.pack(
        "=IIQQQQQIIQ", type_, _PERF_ATTRIBUTE_SIZE, 0, 0, 0, 0, _PERF_DISABLED, 0, 0, 0
    )
    return _drop(calls.perf_event_open(attribute, cpu))


def _drop(descriptor: int) -> int:
    """Close a descriptor and return 0, or return the error number."""
    if descriptor < 0:
        return -descriptor
    os.close(descriptor)
    return 0


def _system_call(number: int | None, *arguments: int) -> int:
    if number is None:
        return -errno.ENOSYS
    libc = ctypes.CDLL(None, use_errno=True)
    result: int = libc.syscall(ctypes.c_long(number), *(ctypes.c_long(a) for a in arguments))
    return result if result >= 0 else -ctypes.get_errno()
