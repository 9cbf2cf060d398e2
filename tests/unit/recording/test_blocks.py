"""The container: what was written comes back, and a file that was cut off is good up to the cut."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracelang.diagnostics import DiagnosticError
from tracelang.recording.blocks import Ending, open_recording, pack_block, read_blocks

_BLOCKS = st.lists(st.tuples(st.sampled_from([b"HEAD", b"ROWS", b"DONE"]), st.binary()), max_size=4)


@given(_BLOCKS)
def test_blocks_come_back(blocks: list[tuple[bytes, bytes]]) -> None:
    file = io.BytesIO(b"".join(pack_block(*block) for block in blocks))
    ending = Ending()
    assert [(b.kind, b.payload) for b in read_blocks(file, ending)] == blocks
    assert ending.is_whole
    assert not ending.damaged


def test_a_cut_anywhere_leaves_the_blocks_before_it() -> None:
    blocks = [pack_block(b"ROWS", bytes([n]) * 50) for n in range(3)]
    whole = b"".join(blocks)
    for cut in range(len(whole)):
        ending = Ending()
        found = list(read_blocks(io.BytesIO(whole[:cut]), ending))
        assert len(found) == cut // len(blocks[0])
        assert ending.offset == len(found) * len(blocks[0])
        assert ending.is_whole == (cut % len(blocks[0]) == 0)
        assert not ending.damaged


@given(st.data())
def test_a_changed_byte_is_found(data: st.DataObject) -> None:
    first, second = pack_block(b"HEAD", b"head"), pack_block(b"ROWS", b"rows" * 100)
    place = data.draw(st.integers(0, len(second) - 1))
    change = data.draw(st.integers(1, 255))
    broken = bytearray(second)
    broken[place] ^= change
    ending = Ending()
    found = list(read_blocks(io.BytesIO(first + broken), ending))
    assert [block.payload for block in found] == [b"head"]
    assert ending.offset == len(first)
    assert ending.damaged or not ending.is_whole


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"", "U120"), (b"\x7fELF", "U120"), (b"tracelang recording 2\n", "U121")],
)
def test_what_is_no_recording_says_so(tmp_path: Path, content: bytes, code: str) -> None:
    (tmp_path / "f").write_bytes(content)
    with pytest.raises(DiagnosticError) as error:
        open_recording(tmp_path / "f")
    assert error.value.diagnostics[0].code == code
