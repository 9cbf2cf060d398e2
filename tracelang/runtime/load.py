"""Loading compiled programs into the kernel.

Owns filling in what a program leaves open (maps, constants) and its program type; why the kernel's
verifier refused one is told by `verifier`.
"""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Mapping
from typing import Final

from tracelang.build.object import ProgramObject
from tracelang.build.relocate import INSTRUCTION
from tracelang.mechanism import Mechanism
from tracelang.runtime.libbcc import BpfError, Libbcc
from tracelang.runtime.verifier import explain_refusal
from tracelang.source import Span

# enum bpf_prog_type
_KPROBE: Final = 2
_TRACEPOINT: Final = 5
_PERF_EVENT: Final = 7
_RAW_TRACEPOINT: Final = 17
_TYPES: Final = {
    Mechanism.KPROBE: _KPROBE,
    Mechanism.KRETPROBE: _KPROBE,
    Mechanism.UPROBE: _KPROBE,
    Mechanism.URETPROBE: _KPROBE,
    Mechanism.TRACEPOINT: _TRACEPOINT,
    Mechanism.RAW_TRACEPOINT: _RAW_TRACEPOINT,
    Mechanism.PERF_EVENT: _PERF_EVENT,
    # The kernel runs raw tracepoint programs on request, on the calling process.
    Mechanism.RUN: _RAW_TRACEPOINT,
}

_WITH_PATH: Final = 1
_MESSAGES_ONLY: Final = 4
_LOG_SIZE: Final = 1 << 20


def patch_instructions(
    program: ProgramObject, maps: Mapping[str, int], constants: Mapping[int, int]
) -> bytes:
    """Return the instructions with map descriptors and 64-bit constants filled in.

    Raises KeyError for a map or constant that is not given.
    """
    code = bytearray(program.instructions)
    for place in program.maps:
        _patch(code, place.instruction, maps[place.map])
    for open_constant in program.constants:
        _patch(code, open_constant.instruction, constants[open_constant.constant])
    return bytes(code)


def _patch(code: bytearray, index: int, value: int) -> None:
    for half, shift in ((index, 0), (index + 1, 32)):
        operation, registers, offset, _ = INSTRUCTION.unpack_from(code, half * 8)
        bits = value >> shift & 0xFFFFFFFF
        signed = bits - (1 << 32) if bits >> 31 else bits
        INSTRUCTION.pack_into(code, half * 8, operation, registers, offset, signed)


def load_program(
    library: Libbcc,
    program: ProgramObject,
    mechanism: Mechanism,
    maps: Mapping[str, int],
    constants: Mapping[int, int],
    *,
    place: str = "",
    span: Span | None = None,
) -> int:
    """Load one instance of a program; return its descriptor, which the caller closes.

    `maps` gives descriptors by name, `constants` values by number. `place` is the function, needed
    for fentry and fexit (`module:function` for a module's). `span` is the rule, to point at if the
    kernel refuses: then DiagnosticError (T319, T320, T402, T41x, T902) is raised.
    """
    code = patch_instructions(program, maps, constants)
    name = program.name
    try:
        return _load(library, name, mechanism, place, code)
    except BpfError as error:
        verdict = _judge(library, name, mechanism, place, code) or error
        raise explain_refusal(verdict, mechanism, place, span) from error


def try_program(
    library: Libbcc,
    program: ProgramObject,
    mechanism: Mechanism,
    maps: Mapping[str, int],
    constants: Mapping[int, int],
) -> int | None:
    """Load one instance of a program as `load_program` does; None if the kernel refuses it."""
    code = patch_instructions(program, maps, constants)
    with contextlib.suppress(BpfError):
        return _load(library, program.name, mechanism, "", code)
    return None


def _load(
    library: Libbcc, name: str, mechanism: Mechanism, place: str, code: bytes, level: int = 0
) -> int:
    size = _LOG_SIZE if level else 0
    if mechanism in {Mechanism.FENTRY, Mechanism.FEXIT}:
        module, _, function = place.rpartition(":")
        at_exit = mechanism is Mechanism.FEXIT
        return library.load_tracing(
            *(module or "vmlinux", function, code), at_exit=at_exit, log_level=level, log_size=size
        )
    return library.load(_TYPES[mechanism], name, code, log_level=level, log_size=size)


def _judge(
    library: Libbcc, name: str, mechanism: Mechanism, place: str, code: bytes
) -> BpfError | None:
    """Load again for the verifier's log; where that is longer than the buffer, for its messages."""
    verdict: BpfError | None = None
    for level in (_WITH_PATH, _MESSAGES_ONLY):
        try:
            # Should it succeed this time, the program is of no use: nobody waits for it.
            os.close(_load(library, name, mechanism, place, code, level))
        except BpfError as error:
            verdict = error
            if error.errno != errno.ENOSPC:
                break
    return verdict
