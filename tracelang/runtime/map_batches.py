"""Reading a BPF hash in large pieces (BPF_MAP_LOOKUP_BATCH, Linux 5.6).

A piece is a number of whole buckets, each read under its lock: so a key is seen at most once, and
with `remove` nothing falls between reading and removing. See kernel/bpf/hashtab.c.
"""

from __future__ import annotations

import ctypes
import errno
import struct
from collections.abc import Iterator
from typing import Final

from tracelang.runtime.bpf import call_bpf

_LOOKUP: Final = 24
_LOOKUP_AND_DELETE: Final = 25
# union bpf_attr's struct `batch`: where to begin, where it ended, keys, values, count, map, flags.
_REQUEST: Final = struct.Struct("=QQQQIIQQ")
_COUNT_OFFSET: Final = 32
_PIECE: Final = 4096
_LEAST: Final = 64
_MEMORY: Final = 8 << 20
_PLACE_SIZE: Final = 4
"""Bytes that say where to go on: the number of a bucket."""


def read_batches(
    fd: int, key_size: int, value_size: int, entries: int, *, remove: bool
) -> Iterator[tuple[bytes, bytes]]:
    """Yield each key with its value; `value_size` is that of all processors together.

    `entries` is the map's `max_entries`. Raises OSError, with EINVAL or 524 (ENOTSUPP) if the
    kernel or the map cannot do so.
    """
    room = min(entries, _PIECE, max(_LEAST, _MEMORY // (key_size + value_size)))
    place: bytes | None = None
    while True:
        try:
            piece = _Piece(fd, key_size, value_size, room)
            last = piece.read(place, remove=remove)
        except OSError as error:
            # A bucket holds more than there is room for: nothing was read or removed.
            if error.errno != errno.ENOSPC or room >= entries:
                raise
            room = min(entries, room * 4)
            continue
        yield from piece.items()
        if last:
            return
        place = piece.end


class _Piece:
    """The buffers of one system call."""

    def __init__(self, fd: int, key_size: int, value_size: int, room: int) -> None:
        self._fd = fd
        self._key_size = key_size
        self._value_size = value_size
        self._keys = ctypes.create_string_buffer(key_size * room)
        self._values = ctypes.create_string_buffer(value_size * room)
        self._end = ctypes.create_string_buffer(max(_PLACE_SIZE, key_size))
        self._room = room
        self._count = 0

    @property
    def end(self) -> bytes:
        """Where the next piece begins."""
        return self._end.raw

    def read(self, place: bytes | None, *, remove: bool) -> bool:
        """Fill the buffers from `place`, or the start; say whether that was the last piece."""
        start = ctypes.create_string_buffer(place, len(place)) if place is not None else None
        packed = _REQUEST.pack(
            ctypes.addressof(start) if start else 0,
            *(ctypes.addressof(b) for b in (self._end, self._keys, self._values)),
            *(self._room, self._fd, 0, 0),
        )
        request = ctypes.create_string_buffer(packed)
        last = False
        try:
            call_bpf(_LOOKUP_AND_DELETE if remove else _LOOKUP, request)
        except FileNotFoundError:
            last = True
        (self._count,) = struct.unpack_from("=I", request, _COUNT_OFFSET)
        return last

    def items(self) -> Iterator[tuple[bytes, bytes]]:
        """Yield what was read."""
        keys = self._keys.raw[: self._count * self._key_size]
        values = self._values.raw[: self._count * self._value_size]
        for n in range(self._count):
            key, value = n * self._key_size, n * self._value_size
            yield keys[key : key + self._key_size], values[value : value + self._value_size]
