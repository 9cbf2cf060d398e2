"""The arguments of static user probes: `-4@-20(%rbp)` and so on, as assemblers write operands.

An argument is `SIZE@OPERAND`; a size below 0 says that it is signed. Operands are AT&T's on x86-64
(`$5`, `%rdi`, `8(%rax,%rbx,4)`, `counter(%rip)`) and A64's on aarch64 (`5`, `x0`, `[sp, 16]`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from tracelang.semantic.sources import UsdtArgument

AddressOf = Callable[[str], int | None]
"""Gives a symbol's place relative to the probe itself, or None where there is no such symbol."""

_ARGUMENT: Final = re.compile(r"(-?)([1248])@(\[[^\]]*\]|\S+)|\S+")
_NUMBER: Final = r"[-+]?(?:0x[0-9a-f]+|\d+)"
_CONSTANT: Final = re.compile(rf"[$#]?({_NUMBER})")
_MEMORY: Final = re.compile(
    rf"(?P<before>{_NUMBER})?\+?(?P<symbol>[A-Za-z_.][\w.$]*)?(?P<after>{_NUMBER})?"
    r"\((?:%(?P<base>\w+))?(?:,%(?P<index>\w+)(?:,(?P<scale>[1248]))?)?\)"
)
_BRACKETS: Final = re.compile(
    rf"\[(?P<base>\w+)(?:, ?#?(?P<offset>{_NUMBER}))?"
    r"(?:, ?(?P<index>[xw]\d+)(?:, ?lsl #?(?P<shift>[0-3]))?)?\]"
)


def _general(name: str) -> dict[str, str]:
    """Return how the four widths of `ax`, `bx`, `cx`, `dx` are written."""
    return dict.fromkeys((f"r{name}", f"e{name}", name, f"{name[0]}l"), name)


def _pointing(name: str) -> dict[str, str]:
    return dict.fromkeys((f"r{name}", f"e{name}", name, f"{name}l"), name)


_X86: Final = {
    **{k: v for name in ("ax", "bx", "cx", "dx") for k, v in _general(name).items()},
    **{k: v for name in ("si", "di", "bp", "sp") for k, v in _pointing(name).items()},
    **{f"r{n}{width}": f"r{n}" for n in range(8, 16) for width in ("", "d", "w", "b")},
    "rip": "ip",
}
_ARM: Final = {
    **{f"{letter}{n}": f"regs[{n}]" for n in range(31) for letter in "xw"},
    "sp": "sp",
    "wsp": "sp",
}


def read_arguments(
    text: str, architecture: str, address_of: AddressOf
) -> tuple[tuple[UsdtArgument, ...], str]:
    """Return the arguments that can be read, and the first that cannot, as written (or nothing).

    Those behind it are left out, so that positions stay right. `address_of` resolves symbols.
    """
    found: list[UsdtArgument] = []
    for match in _ARGUMENT.finditer(text):
        sign, size, operand = match.groups()
        if size is None:
            return tuple(found), match[0]
        argument = UsdtArgument(int(size), signed=bool(sign))
        read = _read_arm if architecture == "aarch64" else _read_x86
        done = read(operand, argument, address_of)
        if done is None:
            return tuple(found), match[0]
        found.append(done)
    return tuple(found), ""


def _read_x86(operand: str, argument: UsdtArgument, address_of: AddressOf) -> UsdtArgument | None:
    if operand.startswith("%"):
        register = _X86.get(operand[1:])
        return replace(argument, register=register) if register else None
    if match := _CONSTANT.fullmatch(operand):
        return replace(argument, constant=int(match[1], 0)) if operand.startswith("$") else None
    if not (match := _MEMORY.fullmatch(operand)):
        return None
    base, index = (_X86.get(match[name]) if match[name] else "" for name in ("base", "index"))
    if base is None or index is None:
        return None
    constant = int(match["before"] or "0", 0) + int(match["after"] or "0", 0)
    if match["symbol"]:
        place = address_of(match["symbol"]) if base == "ip" else None
        if place is None:
            return None
        constant += place
    elif base == "ip":  # relative to an instruction whose length is not known
        return None
    scale = int(match["scale"] or "1")
    return replace(
        argument, constant=constant, register=base, index=index, scale=scale, dereference=True
    )


def _read_arm(operand: str, argument: UsdtArgument, _: AddressOf) -> UsdtArgument | None:
    if operand in ("xzr", "wzr"):
        return argument
    if register := _ARM.get(operand):
        return replace(argument, register=register)
    if match := _CONSTANT.fullmatch(operand):
        return replace(argument, constant=int(match[1], 0))
    match = _BRACKETS.fullmatch(operand)
    if match is None or match["base"] not in _ARM:
        return None
    index = _ARM.get(match["index"], "") if match["index"] else ""
    if match["index"] and not index:
        return None
    return replace(
        argument,
        constant=int(match["offset"] or "0", 0),
        register=_ARM[match["base"]],
        index=index,
        scale=1 << int(match["shift"] or "0"),
        dereference=True,
    )
