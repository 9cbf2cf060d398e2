"""Layout: what C, ctypes and the struct module would make of the same fields."""

from __future__ import annotations

import ctypes
import struct

from hypothesis import given
from hypothesis import strategies as st

from tracelang.plan import c_types
from tracelang.plan.c_types import CType, byte_array, integer
from tracelang.plan.ir import Record
from tracelang.plan.layout import HEADER, lay_out
from tracelang.runtime.batch import frame_format
from tracelang.runtime.frames import HEADER_SIZE

TYPES = st.one_of(
    st.builds(
        lambda size, signed: integer(size, signed=signed),
        st.sampled_from((1, 2, 4, 8)),
        st.booleans(),
    ),
    st.builds(lambda n, text: byte_array(n, text=text), st.integers(1, 300), st.booleans()),
)
FIELDS = st.lists(TYPES, max_size=20)


def record_of(types: list[CType]) -> Record:
    return lay_out("r", [(f"f{i}", t) for i, t in enumerate(types)])


@given(FIELDS)
def test_fields_follow_one_another_aligned_and_apart(types: list[CType]) -> None:
    record = record_of(types)
    end = 0
    for field in record.fields:
        assert field.offset % field.type.alignment == 0
        assert 0 <= field.offset - end < field.type.alignment
        end = field.offset + field.type.size
    assert record.size % 8 == 0
    assert 0 <= record.size - end < 8
    assert [f.type for f in record.fields] == [*(t for _, t in HEADER), *types]


@given(FIELDS)
def test_ctypes_lays_them_out_the_same(types: list[CType]) -> None:
    record = record_of(types)
    members = [(f.name, as_ctypes(f.type)) for f in record.fields]
    structure = type("S", (ctypes.Structure,), {"_fields_": members})
    assert ctypes.sizeof(structure) == record.size
    for field in record.fields:
        assert getattr(structure, field.name).offset == field.offset


def as_ctypes(type_: CType) -> object:
    if type_.length:
        return ctypes.c_uint8 * type_.length
    return getattr(ctypes, f"c_{'u' if type_.name[0] == 'u' else ''}int{type_.size * 8}")


@given(FIELDS)
def test_the_batch_decoder_covers_a_record_exactly(types: list[CType]) -> None:
    record = record_of(types)
    assert struct.calcsize(frame_format(record)) == HEADER_SIZE + record.size


@given(st.sampled_from((1, 2, 4, 8)), st.booleans())
def test_integers_have_the_codes_of_the_struct_module(size: int, signed: bool) -> None:
    type_ = integer(size, signed=signed)
    assert struct.calcsize("=" + type_.code) == size == type_.alignment
    low = -(1 << (size * 8 - 1)) if signed else 0
    assert struct.unpack("=" + type_.code, struct.pack("=" + type_.code, low)) == (low,)
    assert type_ in vars(c_types).values()
