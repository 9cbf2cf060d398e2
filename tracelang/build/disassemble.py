"""Compiled programs as text: BPF instructions as the verifier writes them, maps by name.

The encoding is that of Documentation/bpf/standardization/instruction-set.rst.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from tracelang.build.helper_functions import helper_name
from tracelang.build.object import BuiltObject, MapDefinition, ProgramObject
from tracelang.build.relocate import INSTRUCTION

Row = tuple[int, int, int, int]
"""One instruction: operation, registers, offset, immediate value."""

# The lowest three bits of an operation: its class.
_LOAD_REGISTER: Final = 0x1
_STORE: Final = 0x2
_STORE_REGISTER: Final = 0x3
_ARITHMETIC_32: Final = 0x4
_JUMP: Final = 0x5
_JUMP_32: Final = 0x6
_ARITHMETIC_64: Final = 0x7

_WIDE_LOAD: Final = 0x18
_FROM_REGISTER: Final = 0x08
_SIGN_EXTENDING: Final = 0x80
_ATOMIC: Final = 0xC0
_FETCH: Final = 0x01
_SIZES: Final = {0x00: "32", 0x08: "16", 0x10: "8", 0x18: "64"}

_ARITHMETIC: Final = {
    0x0: "+=", 0x1: "-=", 0x2: "*=", 0x3: "/=", 0x4: "|=", 0x5: "&=", 0x6: "<<=", 0x7: ">>=",
    0x9: "%=", 0xA: "^=", 0xB: "=", 0xC: "s>>=",
}  # fmt: skip
_NEGATE: Final = 0x8
_BYTE_ORDER: Final = 0xD
_COMPARISONS: Final = {
    0x1: "==", 0x2: ">", 0x3: ">=", 0x4: "&", 0x5: "!=", 0x6: "s>", 0x7: "s>=", 0xA: "<",
    0xB: "<=", 0xC: "s<", 0xD: "s<=",
}  # fmt: skip
_ALWAYS: Final = 0x0
_CALL: Final = 0x8
_EXIT: Final = 0x9
_CALL_LOCAL: Final = 1
_CALL_KERNEL: Final = 2
_ATOMIC_OPERATIONS: Final = {0x00: "+=", 0x40: "|=", 0x50: "&=", 0xA0: "^="}
_EXCHANGE: Final = 0xE1
_COMPARE_EXCHANGE: Final = 0xF1

_MAP_TYPES: Final = {
    1: "hash", 2: "array", 3: "program array", 4: "perf event array", 5: "per-CPU hash",
    6: "per-CPU array", 7: "stack trace", 9: "LRU hash", 10: "LRU per-CPU hash",
    11: "longest prefix", 27: "ring buffer",
}  # fmt: skip
"""enum bpf_map_type of include/uapi/linux/bpf.h: those that tracers use."""


def disassemble(built: BuiltObject) -> str:
    """Return the maps, then each program's instructions; the same text for the same object."""
    parts = []
    if built.maps:
        parts.append("maps:\n" + "\n".join(_describe_map(m) for m in built.maps) + "\n")
    parts.extend(_program(p) for p in built.programs)
    return "\n".join(parts)


def _describe_map(definition: MapDefinition) -> str:
    kind = _MAP_TYPES.get(definition.type, f"type {definition.type}")
    sizes = f"key {definition.key_size}, value {definition.value_size}"
    entries = f"{definition.max_entries} {'byte' if kind == 'ring buffer' else 'entrie'}s"
    if definition.max_entries == 1:
        entries = "1 entry"
    flags = f", flags {definition.flags:#x}" if definition.flags else ""
    return f"  {definition.name}: {kind}, {sizes}, {entries}{flags}"


def _program(program: ProgramObject) -> str:
    rows = list(INSTRUCTION.iter_unpack(program.instructions))
    named = {place.instruction: f"map {place.map}" for place in program.maps}
    named |= {place.instruction: f"constant {place.constant}" for place in program.constants}
    width = len(str(max(len(rows) - 1, 0)))
    targets = set(_jump_targets(rows))
    lines = [f"program {program.name} ({len(rows)} instructions):"]
    for index, text in _instructions(rows, named):
        mark = ">" if index in targets else " "
        lines.append(f" {mark}{index:>{width}}: {text}")
    return "\n".join(lines) + "\n"


def _jump_targets(rows: list[Row]) -> Iterator[int]:
    for index, (operation, _, offset, value) in enumerate(rows):
        kind, code = operation & 7, operation >> 4
        if kind in (_JUMP, _JUMP_32) and code not in (_CALL, _EXIT):
            yield index + 1 + (value if kind == _JUMP_32 and code == _ALWAYS else offset)


def _instructions(rows: list[Row], named: Mapping[int, str]) -> Iterator[tuple[int, str]]:
    """Yield each instruction's index and text; the second half of a wide load is no instruction."""
    second_half = False
    for index, row in enumerate(rows):
        if second_half:
            second_half = False
            continue
        if row[0] == _WIDE_LOAD and index + 1 < len(rows):
            second_half = True
            yield index, _wide_load(row, rows[index + 1], named.get(index))
        else:
            yield index, _instruction(row, index)


def _wide_load(row: Row, rest: Row, name: str | None) -> str:
    to = f"r{row[1] & 0xF}"
    if name is not None:
        return f"{to} = {name}"
    value = (row[3] & 0xFFFFFFFF) | (rest[3] & 0xFFFFFFFF) << 32
    return f"{to} = {value:#x} ll"


def _instruction(row: Row, index: int) -> str:
    read = _READERS.get(row[0] & 7)
    text = read(row, index) if read is not None else None
    if text is not None:
        return text
    operation, registers, offset, value = row
    return f"unknown {operation:02x} {registers:02x} {offset} {value}"


def _load(row: Row, _index: int) -> str:
    operation, registers, offset, _ = row
    sign = "s" if operation & 0xE0 == _SIGN_EXTENDING else "u"
    place = _place(operation, registers >> 4, offset, sign)
    return f"r{registers & 0xF} = {place}"


def _store(row: Row, _index: int) -> str | None:
    operation, registers, offset, value = row
    place = _place(operation, registers & 0xF, offset)
    if operation & 7 == _STORE:
        return f"{place} = {value}"
    source = f"r{registers >> 4}"
    if operation & 0xE0 != _ATOMIC:
        return f"{place} = {source}"
    if value == _EXCHANGE:
        return f"{source} = exchange({place}, {source})"
    if value == _COMPARE_EXCHANGE:
        return f"r0 = compare_exchange({place}, r0, {source})"
    sign = _ATOMIC_OPERATIONS.get(value & ~_FETCH)
    if sign is None:
        return None
    fetched = f"{source} = fetch " if value & _FETCH else "lock "
    return f"{fetched}{place} {sign} {source}"


def _place(operation: int, register: int, offset: int, sign: str = "u") -> str:
    return f"*({sign}{_SIZES[operation & 0x18]} *)(r{register} {_signed(offset)})"


def _signed(number: int) -> str:
    return f"- {-number}" if number < 0 else f"+ {number}"


def _arithmetic(row: Row, _index: int) -> str | None:
    operation, registers, offset, value = row
    code = operation >> 4
    letter = "w" if operation & 7 == _ARITHMETIC_32 else "r"
    to = f"{letter}{registers & 0xF}"
    if code == _NEGATE:
        return f"{to} = -{to}"
    if code == _BYTE_ORDER:
        return _byte_order(operation, registers & 0xF, value)
    if code not in _ARITHMETIC:
        return None
    sign = _ARITHMETIC[code]
    if operation & _FROM_REGISTER:
        source = f"{letter}{registers >> 4}"
        if code == 0xB and offset:
            source = f"(s{offset}){source}"
    else:
        source = str(value)
    return f"{to} {'s' if offset == 1 and code in (0x3, 0x9) else ''}{sign} {source}"


def _byte_order(operation: int, register: int, bits: int) -> str:
    if operation & 7 != _ARITHMETIC_32:
        return f"r{register} = bswap{bits} r{register}"
    order = "be" if operation & _FROM_REGISTER else "le"
    return f"r{register} = {order}{bits} r{register}"


def _jump(row: Row, index: int) -> str | None:
    operation, registers, offset, value = row
    code = operation >> 4
    if code == _EXIT:
        return "exit"
    if code == _CALL:
        return _call(registers >> 4, value, index)
    if code == _ALWAYS:
        far = value if operation & 7 == _JUMP_32 else offset
        return f"goto {far:+d} <{index + 1 + far}>"
    if code not in _COMPARISONS:
        return None
    letter = "w" if operation & 7 == _JUMP_32 else "r"
    right = f"{letter}{registers >> 4}" if operation & _FROM_REGISTER else str(value)
    condition = f"{letter}{registers & 0xF} {_COMPARISONS[code]} {right}"
    return f"if {condition} goto {offset:+d} <{index + 1 + offset}>"


def _call(kind: int, value: int, index: int) -> str:
    if kind == _CALL_LOCAL:
        return f"call {value:+d} <{index + 1 + value}>"
    if kind == _CALL_KERNEL:
        return f"call kernel function {value}"
    return f"call {helper_name(value)}"


_READERS: Final[Mapping[int, Callable[[Row, int], str | None]]] = {
    _LOAD_REGISTER: _load,
    _STORE: _store,
    _STORE_REGISTER: _store,
    _ARITHMETIC_32: _arithmetic,
    _ARITHMETIC_64: _arithmetic,
    _JUMP: _jump,
    _JUMP_32: _jump,
}
