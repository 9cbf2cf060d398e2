"""Finding what a compiled program leaves open: maps and constants, to be filled in at loading.

The instruction format is the kernel's (Documentation/bpf/standardization/instruction-set): 8 bytes,
of which `ld_imm64` takes two in a row.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from typing import Final

from tracelang.build.object import CONSTANT_MAGIC, ConstantReference, MapReference, ProgramObject

INSTRUCTION: Final = struct.Struct("=BBhi")
"""Operation, registers (source in the upper half), offset, immediate value."""

_LD_IMM64: Final = 0x18
_CALL: Final = 0x85
_MAP_BY_FD: Final = 1
_NUMBER_MASK: Final = 0xFFFF


class UnresolvedError(Exception):
    """The program refers to something that was never defined; its argument says what."""


def extract_references(
    name: str, instructions: bytes, map_names: Mapping[int, str]
) -> ProgramObject:
    """Return the program with the places where maps and constants go.

    `map_names` gives a map's name by the descriptor the compiler used for it. Raises
    UnresolvedError for a descriptor that is no map's and for a call of an undefined function.
    """
    maps: list[MapReference] = []
    constants: list[ConstantReference] = []
    for index, source, value, high in _wide_loads(name, instructions):
        if source == _MAP_BY_FD:
            if value not in map_names:
                raise UnresolvedError(f"{name}: instruction {index} refers to an unknown map")
            maps.append(MapReference(index, map_names[value]))
        elif source == 0 and high == 0 and value & ~_NUMBER_MASK == CONSTANT_MAGIC:
            constants.append(ConstantReference(index, value & _NUMBER_MASK))
    return ProgramObject(name, instructions, tuple(maps), tuple(constants))


def _wide_loads(name: str, instructions: bytes) -> Iterator[tuple[int, int, int, int]]:
    """Yield index, kind of source, lower and upper half of the value of each `ld_imm64`."""
    rows = list(INSTRUCTION.iter_unpack(instructions))
    for index, (operation, registers, _, value) in enumerate(rows):
        if operation == _LD_IMM64:
            yield index, registers >> 4, value & 0xFFFFFFFF, rows[index + 1][3] & 0xFFFFFFFF
        # clang leaves -1 behind where the linker would put the callee; there is no linker here.
        elif operation == _CALL and value == -1:
            raise UnresolvedError(f"{name}: instruction {index} calls an undefined function")
