"""Maps in this machine's kernel: what is put in is found again, added up, taken out at once."""

from __future__ import annotations

import struct

import pytest

from tracelang.build.object import MapDefinition
from tracelang.diagnostics import DiagnosticError
from tracelang.runtime.libbcc import Libbcc
from tracelang.runtime.maps import create_maps

HASH, PERCPU_HASH, LRU_HASH, LRU_PERCPU_HASH = 1, 5, 9, 10


@pytest.mark.parametrize("kind", [HASH, PERCPU_HASH])
def test_maps_keep_what_is_put_in(kind: int) -> None:
    definition = MapDefinition("a_name_of_more_than_15", kind, 4, 12, 8, 0)
    maps = create_maps(Libbcc(), [definition], {"a_name_of_more_than_15": 64})
    with maps["a_name_of_more_than_15"] as table:
        keys = [struct.pack("=I", n) for n in range(40)]
        for key in keys:
            table.update(key, key * 3)
        assert sorted(table.keys()) == sorted(keys)
        assert set(table.lookup_cpus(keys[7])) == {keys[7] * 3}
        assert table.delete(keys[7])
        assert not table.delete(keys[7])
        assert table.lookup(keys[7]) is None
        assert table.lookup_cpus(keys[7]) == ()
        assert table.lookup_sums(keys[7]) == ()
        assert len(dict(table.items())) == 39


@pytest.mark.parametrize("kind", [HASH, PERCPU_HASH, LRU_HASH, LRU_PERCPU_HASH])
def test_hashes_are_emptied_in_one_go(kind: int) -> None:
    number = 6000
    (table,) = create_maps(Libbcc(), [MapDefinition("h", kind, 4, 12, 4 * number, 0)]).values()
    with table:
        keys = [struct.pack("=I", n) for n in range(number)]
        for key in keys:
            table.update(key, key * 3)
        shown = dict(table.items())
        taken = table.take()
        assert sorted(key for key, _ in taken) == sorted(keys)
        assert dict(taken) == shown
        assert {value[:12] for _, value in taken} == {key * 3 for key in keys}
        assert table.take() == ()
        assert table.keys() == ()


def test_large_values_are_read_in_small_pieces() -> None:
    size, number = 60_000, 500
    definition = MapDefinition("large", HASH, 8, size, number, 0)
    (table,) = create_maps(Libbcc(), [definition]).values()
    with table:
        for n in range(number):
            table.update(struct.pack("=Q", n), bytes(size))
        assert len(table.take()) == number


def test_per_cpu_values_are_added_up() -> None:
    (table,) = create_maps(Libbcc(), [MapDefinition("sums", PERCPU_HASH, 4, 16, 8, 0)]).values()
    with table:
        table.update(b"abcd", struct.pack("=QQ", 2**63, 5))
        processors = len(table.lookup_cpus(b"abcd"))
        assert table.lookup_sums(b"abcd") == (2**63 * processors % 2**64, 5 * processors)


def test_a_map_too_large_for_memory_is_named() -> None:
    with pytest.raises(DiagnosticError) as caught:
        create_maps(Libbcc(), [MapDefinition("huge", HASH, 400, 60000, 2**31, 0)])
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "T318"
    assert "huge" in diagnostic.message
