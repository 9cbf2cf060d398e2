"""What a few small scripts become, word for word: C, and for some the Plan and the ctypes text.

After a change that is meant, `TRACELANG_UPDATE_CASES=1 pytest tests/cases/test_golden.py` writes
the files anew: look at the difference before committing it.
"""

from __future__ import annotations

import ctypes
import os
import re
import struct
from pathlib import Path

import pytest

from tests.cases.compiling import USUAL, Conditions, compile_case
from tracelang.cli.dump import dump
from tracelang.pipeline import Compilation
from tracelang.plan.ir import Record
from tracelang.runtime.batch import frame_format
from tracelang.runtime.frames import HEADER_SIZE

GOLDEN = Path(__file__).parent / "golden"
SCRIPTS = sorted(GOLDEN.glob("*.trace"))
WHOLE = ("minimal", "members", "addresses")
"""Scripts of which the Plan and the ctypes text are kept as well."""


def compile_golden(script: Path) -> Compilation:
    text = script.read_text(encoding="utf-8")
    found = re.search(r"^# kernels: (.*)$", text, re.M)
    return compile_case(text, Conditions(found[1] if found else USUAL), name=script.name)


def compare(file: Path, text: str) -> None:
    if os.environ.get("TRACELANG_UPDATE_CASES"):
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8"), f"{file.name} differs; see this module's text"


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda s: s.stem)
def test_c(script: Path) -> None:
    compare(script.with_suffix(".c"), compile_golden(script).artifact.c_text)


@pytest.mark.parametrize("name", WHOLE)
def test_plan(name: str) -> None:
    script = GOLDEN / f"{name}.trace"
    compare(script.with_suffix(".plan"), dump(compile_golden(script).plan))


@pytest.mark.parametrize("name", WHOLE)
def test_ctypes(name: str) -> None:
    script = GOLDEN / f"{name}.trace"
    compare(script.with_suffix(".py.txt"), compile_golden(script).artifact.ctypes_text)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda s: s.stem)
def test_the_ctypes_text_has_the_layout_of_the_record(script: Path) -> None:
    compilation = compile_golden(script)
    names: dict[str, type[ctypes.Structure]] = {}
    exec(compile(compilation.artifact.ctypes_text, "records.py", "exec"), names)
    for record in compilation.plan.records:
        structure = names[record.name]
        assert ctypes.sizeof(structure) == record.size
        for field in record.fields:
            place = getattr(structure, field.name)
            assert (place.offset, place.size) == (field.offset, field.type.size)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda s: s.stem)
def test_the_batch_decoder_reads_what_ctypes_wrote(script: Path) -> None:
    compilation = compile_golden(script)
    names: dict[str, type[ctypes.Structure]] = {}
    exec(compile(compilation.artifact.ctypes_text, "records.py", "exec"), names)
    for record in compilation.plan.records:
        event = names[record.name]()
        written = tuple(write_field(event, record, number) for number in range(len(record.fields)))
        drained = bytes(HEADER_SIZE) + bytes(event)
        assert struct.unpack(frame_format(record), drained) == written


def write_field(event: ctypes.Structure, record: Record, number: int) -> int | bytes:
    """Put a value of its own into a field; return what the decoder must read."""
    field = record.fields[number]
    if field.type.length:
        value = bytes((number + i) % 256 for i in range(field.type.length))
        address = ctypes.addressof(event) + field.offset
        ctypes.memmove(address, value, len(value))
        return value
    signed = field.type.name.startswith("s")
    value_ = -number - 1 if signed else number + 200
    setattr(event, field.name, value_)
    return value_
