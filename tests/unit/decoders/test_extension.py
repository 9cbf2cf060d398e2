"""Other packages add decoders and outputs through entry points."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.decoders.bound import context
from tracelang.decoders import load_decoders
from tracelang.sinks import find_sink, load_sinks

_MODULE = """
from tracelang.decoders.definition import Definition, reading

def read(arguments, context):
    return reading(lambda raw: f"<{raw}>")

ANGLES = Definition("angles", "in angle brackets", read, example="probe begin capture angles(cpu)")

class Nothing:
    name = "nothing"
    summary = "writes nothing"

NOTHING = Nothing()
"""


@pytest.fixture
def _other_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "angle_brackets.py").write_text(_MODULE)
    info = tmp_path / "angle_brackets-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: angle-brackets\nVersion: 1\n")
    (info / "entry_points.txt").write_text(
        "[tracelang.decoders]\nangles = angle_brackets:ANGLES\n"
        "[tracelang.sinks]\nnothing = angle_brackets:NOTHING\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))


@pytest.mark.usefixtures("_other_package")
def test_a_decoder_of_another_package_is_found() -> None:
    decoder = load_decoders().get("angles")
    assert decoder is not None
    assert decoder.bind((), context()).text(3) == "<3>"
    assert "angles" in load_decoders().names()
    assert "angles" in load_decoders()


@pytest.mark.usefixtures("_other_package")
def test_an_output_of_another_package_is_found() -> None:
    assert find_sink("nothing").name == "nothing"
    assert "nothing" in load_sinks().names()


def test_without_it_there_is_none() -> None:
    assert load_decoders().get("angles") is None
