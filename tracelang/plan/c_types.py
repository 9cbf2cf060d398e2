"""The C types of values that generated code holds and stores."""

from __future__ import annotations

from typing import Final

from tracelang.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class CType:
    """A value the generated code holds: `name` is its C spelling, `size` its bytes.

    `code` is its letter for the struct module; for a byte array (`u8 x[N]`, `char x[N]`) `length`
    is N and the code is `Ns`.
    """

    name: str
    size: int
    code: str
    length: int = 0

    @property
    def alignment(self) -> int:
        """Its alignment in bytes, as C and ctypes have it."""
        return 1 if self.length else self.size


U8: Final = CType("u8", 1, "B")
U16: Final = CType("u16", 2, "H")
U32: Final = CType("u32", 4, "I")
U64: Final = CType("u64", 8, "Q")
S8: Final = CType("s8", 1, "b")
S16: Final = CType("s16", 2, "h")
S32: Final = CType("s32", 4, "i")
S64: Final = CType("s64", 8, "q")


def integer(size: int, *, signed: bool) -> CType:
    """Return the integer type of `size` bytes (1, 2, 4 or 8)."""
    return {
        (1, False): U8,
        (2, False): U16,
        (4, False): U32,
        (8, False): U64,
        (1, True): S8,
        (2, True): S16,
        (4, True): S32,
        (8, True): S64,
    }[size, signed]


def byte_array(length: int, *, text: bool) -> CType:
    """Return the type of `length` bytes, `char` for text, `u8` otherwise."""
    return CType("char" if text else "u8", length, f"{length}s", length)
