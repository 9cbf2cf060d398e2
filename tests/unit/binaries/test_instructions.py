from __future__ import annotations

import re
import shutil
import subprocess
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracelang.binaries.errors import BinaryError
from tracelang.binaries.find import find_binaries
from tracelang.binaries.instructions import (
    instruction_length,
    instruction_starts,
    require_boundary,
)

_LINE = re.compile(r"\s+([0-9a-f]+):\s+(\S+)")


@pytest.mark.parametrize(
    ("code", "length"),
    [
        ("90", 1),  # nop
        ("f30f1efa", 4),  # endbr64
        ("554889e5", 1),  # push %rbp
        ("4889e5", 3),  # mov %rsp,%rbp
        ("488b0512345678", 7),  # mov x(%rip),%rax
        ("8b84249c000000", 7),  # mov 0x9c(%rsp),%eax
        ("8b0425c0000000", 7),  # mov 0xc0,%eax
        ("48b80102030405060708", 10),  # movabs $…,%rax
        ("b801020304", 5),  # mov $…,%eax
        ("66b80102", 4),  # mov $…,%ax
        ("6681c30102", 5),  # add $…,%bx
        ("f6c301", 3),  # test $1,%bl
        ("f6d3", 2),  # not %bl
        ("f7c301020304", 6),  # test $…,%ebx
        ("f7d3", 2),  # not %ebx
        ("e801020304", 5),  # call
        ("0f8401020304", 6),  # je
        ("7401", 2),  # je
        ("c20800", 3),  # ret $8
        ("c8100000", 4),  # enter
        ("a10102030405060708", 9),  # movabs …,%eax
        ("67a101020304", 6),  # addr32 mov …,%eax
        ("0fba e8 07", 4),  # bts $7,%eax
        ("660f3a0fc108", 6),  # palignr $8
        ("660f3800c1", 5),  # pshufb
        ("c5f877", 3),  # vzeroupper
        ("c5f96fc1", 4),  # vmovdqa
        ("c4e37d18c101", 6),  # vinsertf128 $1
        ("62f17c48100424", 7),  # vmovups (%rsp),%zmm0
        ("62f37d48 25 c0 ff", 7),  # vpternlogd $255
        ("8f00", 2),  # pop (%rax)
        ("8fe97812c0", 5),  # llwpcb
        ("06", 0),  # not in 64-bit mode
    ],
)
def test_lengths(code: str, length: int) -> None:
    assert instruction_length(bytes.fromhex(code) + bytes(8), 0) == length


def test_every_instruction_of_a_real_library_is_as_long_as_objdump_says() -> None:
    objdump = shutil.which("objdump")
    if objdump is None:
        pytest.skip("no objdump to compare with")
    (libc,) = find_binaries("libc", "x86_64")
    text = libc.elf.section(".text")
    assert text is not None
    stop = text.address + min(text.size, 200_000)
    command = [objdump, "-d", "-w", "--no-show-raw-insn", "-j", ".text", f"--stop-address={stop}"]
    output = subprocess.run(
        [*command, libc.path], check=True, capture_output=True, text=True
    ).stdout
    starts = [int(m[1], 16) - text.address for m in map(_LINE.match, output.splitlines()) if m]
    code = libc.elf.read(text)
    assert len(starts) > 10_000
    wrong = [(a, b) for a, b in pairwise(starts) if instruction_length(code, a) != b - a]
    assert wrong == []


@given(st.binary(max_size=200))
def test_any_bytes_are_walked_through_to_an_end(code: bytes) -> None:
    starts = list(instruction_starts(code))
    assert bool(starts) == bool(code)
    assert all(b - a > 0 for a, b in pairwise(starts))


def test_an_offset_inside_an_instruction_is_refused() -> None:
    code = bytes.fromhex("f30f1efa554889e5c3")
    for offset in (0, 4, 5, 8):
        require_boundary("x86_64", code, offset, "f")
    with pytest.raises(BinaryError) as error:
        require_boundary("x86_64", code, 6, "f")
    assert error.value.code == "T245"
    assert error.value.help_ == ("instructions begin at +0x5 and +0x8",)


def test_behind_unknown_bytes_nothing_is_certain() -> None:
    with pytest.raises(BinaryError) as error:
        require_boundary("x86_64", b"\x90\x06\x90\x90", 3, "f")
    assert error.value.code == "T245"


def test_elsewhere_instructions_have_four_bytes() -> None:
    require_boundary("aarch64", bytes(16), 8, "f")
    with pytest.raises(BinaryError):
        require_boundary("aarch64", bytes(16), 6, "f")
