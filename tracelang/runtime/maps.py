"""BPF maps: creating them and reading and writing their elements as bytes.

Owns the layout of per-CPU values: one slot for each possible processor, each rounded up to 8 bytes.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
from collections.abc import Iterable, Iterator, Mapping
from types import TracebackType
from typing import Final, Self

from tracelang.build.object import MapDefinition
from tracelang.build.rights import explain_denial
from tracelang.diagnostics import DiagnosticError, fail
from tracelang.runtime.cpus import possible_cpus
from tracelang.runtime.libbcc import BpfError, Libbcc
from tracelang.runtime.map_batches import read_batches

_PERF_EVENT_ARRAY: Final = 4
_HASHES: Final = frozenset({1, 5, 9, 10})  # plain, per CPU, LRU, LRU per CPU
_ENOTSUPP: Final = 524
_PER_CPU: Final = frozenset({5, 6, 10})  # hash, array, LRU hash
# A key that vanishes while it is being stepped from makes the kernel start again at the first.
_RESTARTS: Final = 4


class BpfMap:
    """One map, open until closed; keys and values are bytes of the sizes in `definition`."""

    def __init__(self, library: Libbcc, definition: MapDefinition, cpus: int) -> None:
        self._library = library
        self.definition = definition
        self.per_cpu = definition.type in _PER_CPU
        self._slot = (definition.value_size + 7) // 8 * 8
        self._slots = cpus if self.per_cpu else 1
        room = self._slot * cpus if self.per_cpu else definition.value_size
        self._value = ctypes.create_string_buffer(max(room, 1))
        self._room = room
        self.fd = library.create_map(
            definition.type,
            definition.name,
            definition.key_size,
            definition.value_size,
            definition.max_entries,
            definition.flags,
        )

    def lookup(self, key: bytes) -> bytes | None:
        """Return the value of `key` or None; a per-CPU map's is that of all processors, joined."""
        if not self._library.lookup(self.fd, key, self._value):
            return None
        return self._value.raw[: self._room]

    def lookup_cpus(self, key: bytes) -> tuple[bytes, ...]:
        """Return the value of each possible processor, empty if there is no such key."""
        joined = self.lookup(key)
        if joined is None:
            return ()
        size = self.definition.value_size
        return tuple(joined[n * self._slot :][:size] for n in range(self._slots))

    def lookup_sums(self, key: bytes) -> tuple[int, ...]:
        """Add up the values of all processors, taken as unsigned 64-bit numbers, place by place.

        A sum wraps at 64 bits, as it would in the kernel. Empty if there is no such key.
        """
        values = self.lookup_cpus(key)
        rows = [struct.unpack(f"={len(v) // 8}Q", v[: len(v) // 8 * 8]) for v in values]
        return tuple(sum(column) & 0xFFFFFFFFFFFFFFFF for column in zip(*rows, strict=True))

    def update(self, key: bytes, value: bytes) -> None:
        """Set the value of `key`, on each processor of a per-CPU map; raises OSError."""
        if self.per_cpu:
            value = value.ljust(self._slot, b"\0") * self._slots
        self._library.update(self.fd, key, value)

    def delete(self, key: bytes) -> bool:
        """Remove `key`; say whether it was there. An array's elements cannot be removed."""
        return self._library.delete(self.fd, key)

    def keys(self) -> tuple[bytes, ...]:
        """Return all keys, each once, though programs may add and remove some meanwhile."""
        found: dict[bytes, None] = {}
        following = ctypes.create_string_buffer(self.definition.key_size)
        key: bytes | None = None
        for _ in range(_RESTARTS * max(self.definition.max_entries, 1)):
            if not self._library.next_key(self.fd, key, following):
                break
            key = following.raw
            found[key] = None
        return tuple(found)

    def items(self) -> Iterator[tuple[bytes, bytes]]:
        """Yield each key with its value (see `lookup`), but those that vanish meanwhile."""
        if self.definition.type in _HASHES:
            sizes = (self.definition.key_size, self._room, self.definition.max_entries)
            try:
                yield from tuple(read_batches(self.fd, *sizes, remove=False))
            except OSError as error:
                if error.errno not in {errno.EINVAL, _ENOTSUPP}:
                    raise
            else:
                return
        for key in self.keys():
            value = self.lookup(key)
            if value is not None:
                yield key, value

    def take(self) -> tuple[tuple[bytes, bytes], ...]:
        """Return all keys with their values and remove them; of a hash only.

        What programs add meanwhile is returned now or next time, but for an addition that is under
        way at the very moment. Kernels before 5.6 cannot read and remove in one go: there what is
        added to a key in between is lost.
        """
        sizes = (self.definition.key_size, self._room, self.definition.max_entries)
        try:
            return tuple(read_batches(self.fd, *sizes, remove=True))
        except OSError as error:
            if error.errno not in {errno.EINVAL, _ENOTSUPP}:
                raise
        taken = tuple(self.items())
        for key, _ in taken:
            self.delete(key)
        return taken

    def close(self) -> None:
        """Close the descriptor; harmless if done already. Programs keep the map they use alive."""
        fd, self.fd = self.fd, -1
        if fd >= 0:
            os.close(fd)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def create_maps(
    library: Libbcc, definitions: Iterable[MapDefinition], entries: Mapping[str, int] | None = None
) -> dict[str, BpfMap]:
    """Create all maps, by name; `entries` overrides `max_entries` of some.

    Raises DiagnosticError (T317 for rights, T318 otherwise), and then leaves none open.
    """
    cpus = len(possible_cpus())
    maps: dict[str, BpfMap] = {}
    for definition in definitions:
        sized = _resize(definition, (entries or {}).get(definition.name), cpus)
        try:
            maps[definition.name] = BpfMap(library, sized, cpus)
        except BpfError as error:
            for created in maps.values():
                created.close()
            raise _explain(sized, error) from error
    return maps


def _resize(definition: MapDefinition, entries: int | None, cpus: int) -> MapDefinition:
    # bcc leaves the size of a perf event array open: it needs an entry for each processor.
    if definition.type == _PERF_EVENT_ARRAY:
        entries = cpus
    if entries is None:
        return definition
    return MapDefinition(
        definition.name,
        definition.type,
        definition.key_size,
        definition.value_size,
        entries,
        definition.flags,
    )


def _explain(definition: MapDefinition, error: BpfError) -> DiagnosticError:
    if error.errno in {errno.EPERM, errno.EACCES}:
        return explain_denial("T317", "create BPF maps")
    if error.errno in {errno.ENOMEM, errno.E2BIG}:
        return fail(
            "T318",
            f"no memory for {definition.max_entries:,} entries of {definition.name}",
            notes=(f"an entry takes {definition.key_size} + {definition.value_size} bytes",),
            help=("use a smaller `--buffer`, or free memory",),
        )
    return fail(
        "T318",
        f"this kernel cannot create a map of type {definition.type} ({definition.name})",
        notes=(f"it says: {(error.strerror or '').lower()}",),
        help=("`tracelang doctor` shows what this kernel lacks",),
    )
