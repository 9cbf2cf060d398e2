"""Registers: where calling conventions put arguments and return values, in `pt_regs`."""

from __future__ import annotations

from typing import Final

from tracelang.semantic.model import Register, Registers
from tracelang.semantic.type_table import TypeTable
from tracelang.semantic.types import Space

_X86_ORDER: Final = (
    "r15", "r14", "r13", "r12", "bp", "bx", "r11", "r10", "r9", "r8", "ax", "cx", "dx", "si", "di",
    "orig_ax", "ip", "cs", "flags", "sp", "ss",
)  # fmt: skip
"""x86-64's `pt_regs`: the order has been ABI with ptrace since it began."""


def find_registers(architecture: str, types: TypeTable) -> Registers:
    """Return the registers of an architecture, at the offsets this kernel's BTF gives.

    Sources: the System V x86-64 psABI and AAPCS64; system calls pass their fourth argument in r10
    on x86-64.
    """
    if architecture == "aarch64":
        return _arm64()
    offsets = _x86_offsets(types)

    def register(name: str) -> Register:
        return Register(name, offsets[name])

    return Registers(
        168,
        tuple(register(r) for r in ("di", "si", "dx", "cx", "r8", "r9")),
        tuple(register(r) for r in ("di", "si", "dx", "r10", "r8", "r9")),
        register("ax"),
        register("orig_ax"),
        tuple(register(name) for name in offsets),
    )


def _x86_offsets(types: TypeTable) -> dict[str, int]:
    """Return the members' offsets, by BTF where there is any."""
    offsets = {name: index * 8 for index, name in enumerate(_X86_ORDER)}
    struct = types.struct("pt_regs")
    if struct is None:
        return offsets
    for name in offsets:
        found = types.member(struct, name, Space.KERNEL)
        if found is not None:
            offsets[name] = found.offset
    return offsets


def _arm64() -> Registers:
    """Return arm64's: `pt_regs` starts with x0 to x30, sp, pc, pstate; `orig_x0` follows them."""
    general = tuple(Register(f"regs[{n}]", n * 8) for n in range(31))
    first, number = Register("orig_x0", 34 * 8), Register("syscallno", 35 * 8)
    named = (*general, Register("sp", 31 * 8), Register("pc", 32 * 8))
    return Registers(336, general[:8], (first, *general[1:6]), general[0], number, named)
