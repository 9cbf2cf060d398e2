"""The container of a recording: a first line that says what it is, then blocks with checksums.

A file that ends in the middle of a block is good up to the block before. See docs/recording.md.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from tracelang.diagnostics import DiagnosticError, fail

VERSION: Final = 1
_FIRST_LINE: Final = b"tracelang recording %d\n"
_HEADER: Final = struct.Struct("<4sIII")
"""A block's kind, its stored bytes, its bytes when unpacked, the CRC-32 of all but itself."""
_LARGEST: Final = 1 << 30
_LEVEL: Final = 1

HEAD: Final = b"HEAD"
ROWS: Final = b"ROWS"
TABLE: Final = b"TABL"
NAMES: Final = b"NAME"
CLOCK: Final = b"TIME"
DONE: Final = b"DONE"


def first_line() -> bytes:
    """Return what a recording begins with."""
    return _FIRST_LINE % VERSION


def pack_block(kind: bytes, payload: bytes) -> bytes:
    """Return a block."""
    stored = zlib.compress(payload, _LEVEL)
    check = _checksum(kind, stored, len(payload))
    return _HEADER.pack(kind, len(stored), len(payload), check) + stored


def _checksum(kind: bytes, stored: bytes, size: int) -> int:
    start = zlib.crc32(struct.pack("<4sII", kind, len(stored), size))
    return zlib.crc32(stored, start)


@dataclass(frozen=True, slots=True)
class Block:
    """A whole block: `payload` unpacked, `offset` where it begins."""

    kind: bytes
    payload: bytes
    offset: int


@dataclass(slots=True)
class Ending:
    """How the reading of a file ended: `offset` is where the last whole block did.

    `damaged` says that the bytes there are not what was written, rather than too few.
    """

    offset: int = 0
    size: int = 0
    damaged: bool = False

    @property
    def is_whole(self) -> bool:
        """Tell whether the file's last block was its end."""
        return self.offset == self.size


def open_recording(path: Path) -> BinaryIO:
    """Return the file behind its first line; U120 for what is no recording of this version."""
    try:
        file = path.open("rb")
    except OSError as error:
        partial = path.with_name(f"{path.name}.partial")
        help_ = [f"a run that was cut off left `{partial}`"] if partial.exists() else []
        raise fail("U120", f"`{path}` cannot be read: {error.strerror}", help=help_) from None
    line = file.readline(len(first_line()) + 8)
    if line != first_line():
        file.close()
        raise _refuse(path, line)
    return file


def _refuse(path: Path, line: bytes) -> DiagnosticError:
    words = line.split()
    if words[:2] == first_line().split()[:2] and len(words) == 3:
        return fail(
            "U121",
            f"`{path}` is a recording of version {words[2].decode(errors='replace')}; "
            f"this tracelang reads version {VERSION}",
            help=["replay it with the tracelang that wrote it, or a newer one"],
        )
    return fail(
        "U120",
        f"`{path}` is no recording",
        help=["make one: `tracelang record SCRIPT -w FILE`"],
    )


def read_blocks(file: BinaryIO, ending: Ending) -> Iterator[Block]:
    """Yield the whole blocks from where the file stands; `ending` is filled in on the way."""
    position = file.tell()
    ending.size = file.seek(0, 2)
    file.seek(position)
    ending.offset = position
    while header := file.read(_HEADER.size):
        if len(header) < _HEADER.size:
            return
        kind, size, unpacked, check = _HEADER.unpack(header)
        if size > _LARGEST or unpacked > _LARGEST:
            ending.damaged = True
            return
        stored = file.read(size)
        if len(stored) < size:
            return
        if _checksum(kind, stored, unpacked) != check:
            ending.damaged = True
            return
        yield Block(kind, zlib.decompress(stored, bufsize=max(unpacked, 1)), ending.offset)
        ending.offset += _HEADER.size + size
