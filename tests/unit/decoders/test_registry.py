"""Every decoder says what it is and how it is used."""

from __future__ import annotations

import importlib
import pkgutil

import pytest

from tracelang import decoders
from tracelang.decoders.protocol import Decoder
from tracelang.source import SourceFile
from tracelang.syntax.parse import parse_script

_ALL = tuple(decoders.load_decoders())
_WORDS = tuple(decoder for decoder in _ALL if decoder.example)


def test_words_of_the_language_are_there() -> None:
    assert {decoder.name for decoder in _WORDS} >= {
        "buf", "capability", "cgroup_path", "dev", "errno", "flags", "hex", "ip", "join", "mac",
        "ms", "oct", "s", "signal", "size", "syscall_name", "us", "user",
    }  # fmt: skip


def test_words_of_types_are_there_and_are_no_words() -> None:
    internal = {decoder.name for decoder in _ALL if not decoder.example}
    assert internal == {
        "array", "average", "bool", "char", "container", "duration", "elapsed", "enum", "kstack",
        "flags_table", "func", "histogram", "int", "number", "pointer", "probe", "table",
        "text", "time", "timestamp", "ustack", "usym",
    }  # fmt: skip


@pytest.mark.parametrize("decoder", _ALL, ids=lambda d: d.name)
def test_says_what_it_is(decoder: Decoder) -> None:
    assert decoder.summary
    assert not decoder.summary.endswith(".")
    assert 4 <= decoder.width <= 32


@pytest.mark.parametrize("decoder", _WORDS, ids=lambda d: d.name)
def test_example_uses_the_word(decoder: Decoder) -> None:
    assert f"{decoder.name}(" in decoder.example
    assert parse_script(SourceFile("example", decoder.example)).items


def test_every_module_says_what_it_owns() -> None:
    for module in pkgutil.iter_modules(decoders.__path__, "tracelang.decoders."):
        assert importlib.import_module(module.name).__doc__, module.name
