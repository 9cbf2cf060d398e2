"""What a build produces: plain data that can be loaded now, or stored and loaded later."""

from __future__ import annotations

from typing import Final

from tracelang.dataclass import dataclass

CONSTANT_MAGIC: Final = 0x7ACE0000
"""A constant that the loader fills in is an `ld_imm64` of this value plus the constant's number."""
TARGET_CONSTANT: Final = 0
PID_CONSTANT: Final = 1
"""The numbers of the target's index and of the one process that is traced."""
TARGET_IN_COOKIE: Final = 0xFFFF_FFFF
"""Put in the place of its target's number it tells a program to ask for its attachment's cookie."""


@dataclass(frozen=True, slots=True)
class MapDefinition:
    """One map as the kernel's BPF_MAP_CREATE takes it."""

    name: str
    type: int
    key_size: int
    value_size: int
    max_entries: int
    flags: int


@dataclass(frozen=True, slots=True)
class MapReference:
    """The 16-byte instruction at index `instruction` takes the descriptor of the map `map`."""

    instruction: int
    map: str


@dataclass(frozen=True, slots=True)
class ConstantReference:
    """The 16-byte instruction at index `instruction` takes the constant number `constant`."""

    instruction: int
    constant: int


@dataclass(frozen=True, slots=True)
class ProgramObject:
    """One function's instructions (8 bytes each), and what must be filled in before loading."""

    name: str
    instructions: bytes
    maps: tuple[MapReference, ...]
    constants: tuple[ConstantReference, ...]


@dataclass(frozen=True, slots=True)
class BuiltObject:
    """All programs and maps of one script."""

    programs: tuple[ProgramObject, ...]
    maps: tuple[MapDefinition, ...]
