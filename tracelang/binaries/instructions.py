"""Where instructions begin. A probe inside one would overwrite its middle and break the program.

On x86-64 only the lengths are decoded (Intel's manual, volume 2, chapter 2 and appendix A):
prefixes, opcode map, ModRM byte, displacement, immediate operand. Elsewhere all have 4 bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tracelang.binaries.errors import BinaryError

_PREFIXES: Final = frozenset(b"\x26\x2e\x36\x3e\x64\x65\x66\x67\xf0\xf2\xf3")
_INVALID: Final = frozenset(
    b"\x06\x07\x0e\x16\x17\x1e\x1f\x27\x2f\x37\x3f\x60\x61\x82\x9a\xce\xd4\xd5\xd6\xea"
)


def _bytes(*ranges: tuple[int, int]) -> frozenset[int]:
    return frozenset(byte for low, high in ranges for byte in range(low, high + 1))


_ARITHMETIC: Final = [(row, row + 3) for row in range(0, 0x40, 8)]
_WITH_MODRM: Final = _bytes(
    *_ARITHMETIC,
    *((0x63, 0x63), (0x69, 0x69), (0x6B, 0x6B), (0x80, 0x8F), (0xC0, 0xC1), (0xC6, 0xC7)),
    *((0xD0, 0xD3), (0xD8, 0xDF), (0xF6, 0xF7), (0xFE, 0xFF)),
)
_WITH_BYTE: Final = _bytes(
    *((row + 4, row + 4) for row in range(0, 0x40, 8)),
    *((0x6A, 0x6B), (0x70, 0x80), (0x83, 0x83), (0xA8, 0xA8), (0xB0, 0xB7), (0xC0, 0xC1)),
    *((0xC6, 0xC6), (0xCD, 0xCD), (0xE0, 0xE7), (0xEB, 0xEB)),
)
_WITH_WORD: Final = _bytes(
    *((row + 5, row + 5) for row in range(0, 0x40, 8)),
    *((0x68, 0x69), (0x81, 0x81), (0xA9, 0xA9), (0xB8, 0xBF), (0xC7, 0xC7)),
)
_OTHER_IMMEDIATES: Final = {0xC2: 2, 0xCA: 2, 0xC8: 3, 0xE8: 4, 0xE9: 4}
_SECOND_WITHOUT_MODRM: Final = _bytes(
    *((0x05, 0x09), (0x0B, 0x0B), (0x0E, 0x0E), (0x30, 0x37), (0x77, 0x77), (0x80, 0x8F)),
    *((0xA0, 0xA2), (0xA8, 0xAA), (0xC8, 0xCF)),
)
_SECOND_WITH_BYTE: Final = _bytes(
    *(
        (0x0F, 0x0F),
        (0x70, 0x73),
        (0xA4, 0xA4),
        (0xAC, 0xAC),
        (0xBA, 0xBA),
        (0xC2, 0xC2),
        (0xC4, 0xC6),
    )
)
_VECTOR_WITH_BYTE: Final = _bytes((0x70, 0x73), (0xC2, 0xC2), (0xC4, 0xC6))


def require_boundary(machine: str, code: bytes, offset: int, function: str) -> None:
    """Raise `BinaryError` (T245) unless an instruction of the `code` begins at `offset`."""
    starts = instruction_starts(code) if machine == "x86_64" else iter(range(0, len(code), 4))
    before = 0
    for start in starts:
        if start == offset:
            return
        if start > offset:
            raise BinaryError(
                "T245",
                f"offset {offset:#x} of `{function}` is inside an instruction, which would break",
                help_=(f"instructions begin at +{before:#x} and +{start:#x}",),
            )
        before = start
    raise BinaryError(
        "T245",
        f"the instructions of `{function}` cannot be told apart up to offset {offset:#x}",
        notes=(f"the last one known begins at +{before:#x}",),
        help_=("probe the function's entry",),
    )


def instruction_starts(code: bytes) -> Iterator[int]:
    """Yield the offsets of the instructions of x86-64 code, up to the first that is not known."""
    at = 0
    while at < len(code):
        yield at
        try:
            length = instruction_length(code, at)
        except IndexError:  # the last one is cut off
            return
        if not length:
            return
        at += length


def instruction_length(code: bytes, start: int) -> int:
    """Return the bytes of the x86-64 instruction at `start`, 0 if there is none known."""
    at = start
    while code[at] in _PREFIXES:
        at += 1
    short = 0x66 in code[start:at]
    short_address = 0x67 in code[start:at]
    wide = False
    if code[at] & 0xF0 == 0x40:  # REX
        wide = bool(code[at] & 8)
        at += 1
    opcode = code[at]
    if opcode in (0xC4, 0xC5, 0x62) or (opcode == 0x8F and code[at + 1] & 0x38):
        end = _vector_end(code, at)
    elif opcode == 0x0F:
        sse4a = code[at + 1] == 0x78 and (short or 0xF2 in code[start:at])
        end = _second_map_end(code, at + 1) + 2 * sse4a
    elif opcode in _INVALID:
        return 0
    else:
        address = 4 if short_address else 8
        end = _first_map_end(
            code, at, word=2 if short and not wide else 4, address=address, wide=wide
        )
    return end - start


def _first_map_end(code: bytes, at: int, *, word: int, address: int, wide: bool) -> int:
    opcode = code[at]
    end = at + 1
    if opcode in _WITH_MODRM:
        end = _modrm_end(code, end)
    if opcode in _WITH_BYTE:
        end += 1
    elif opcode in _WITH_WORD:
        end += 8 if wide and opcode >= 0xB8 and opcode <= 0xBF else word
    elif 0xA0 <= opcode <= 0xA3:
        end += address
    elif (
        opcode in (0xF6, 0xF7) and code[at + 1] & 0x30 == 0
    ):  # test: the only ones with an immediate
        end += 1 if opcode == 0xF6 else word
    return end + _OTHER_IMMEDIATES.get(opcode, 0)


def _second_map_end(code: bytes, at: int) -> int:
    """Return the end of an instruction whose opcode, after 0x0F, is at `at`."""
    opcode = code[at]
    if opcode == 0x38:
        return _modrm_end(code, at + 2)
    if opcode == 0x3A:
        return _modrm_end(code, at + 2) + 1
    if opcode in _SECOND_WITHOUT_MODRM:
        return at + 1 + (4 if 0x80 <= opcode <= 0x8F else 0)
    return _modrm_end(code, at + 1) + (opcode in _SECOND_WITH_BYTE)


def _vector_end(code: bytes, at: int) -> int:
    """Return the end of an instruction with a VEX, EVEX or XOP prefix at `at`."""
    kind = code[at]
    if kind == 0xC5:
        map_, opcode_at = 1, at + 2
    elif kind == 0x62:
        map_, opcode_at = code[at + 1] & 7, at + 4
    else:
        map_, opcode_at = code[at + 1] & 0x1F, at + 3
    opcode = code[opcode_at]
    if map_ == 1 and opcode == 0x77 and kind != 0x62:  # vzeroupper
        return opcode_at + 1
    end = _modrm_end(code, opcode_at + 1)
    if map_ in (3, 8) or (map_ == 1 and opcode in _VECTOR_WITH_BYTE):
        return end + 1
    return end + (4 if map_ in (7, 10) else 0)


def _modrm_end(code: bytes, at: int) -> int:
    """Return the end of the ModRM byte at `at` with its SIB byte and displacement."""
    mode, operand = code[at] >> 6, code[at] & 7
    end = at + 1
    if mode == 3:
        return end
    base = operand
    if operand == 4:
        base = code[end] & 7
        end += 1
    if mode == 0:
        return end + (4 if base == 5 else 0)
    return end + (1 if mode == 1 else 4)
