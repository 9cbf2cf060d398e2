"""Look-ups by tables given as arguments."""

from __future__ import annotations

from tests.unit.decoders.bound import encode, show
from tracelang.decoders import load_decoders

_STATES = ((1, "ESTABLISHED"), (2, "SYN_SENT"), (1, "ALIAS"))
_MODES = ((0, "NONE"), (3, "RW"), (1, "R"), (2, "W"), (8, "X"))


def test_enum_names_its_values() -> None:
    assert show("enum", 1, _STATES) == "ESTABLISHED"
    assert show("enum", 7, _STATES) == "7"
    assert show("enum", -1, _STATES) == "-1"


def test_enum_encodes_every_name() -> None:
    assert encode("enum", "SYN_SENT", _STATES) == 2
    assert encode("enum", "ALIAS", _STATES) == 1
    assert encode("enum", "CLOSED", _STATES) is None


def test_table_has_a_word_for_the_rest() -> None:
    assert show("table", 1, ((1, "READ"),), "?") == "READ"
    assert show("table", 2, ((1, "READ"),), "?") == "?"
    assert show("table", 2, ((1, "READ"),), "") == ""
    assert show("table", 2, ((1, "READ"),), None) == "2"


def test_table_encodes_its_words_only() -> None:
    assert encode("table", "READ", ((1, "READ"),), "?") == 1
    assert encode("table", "?", ((1, "READ"),), "?") is None


def test_flags_join_names_and_show_the_rest() -> None:
    assert show("flags_table", 9, _MODES) == "R|X"
    assert show("flags_table", 0x42, _MODES) == "W|0x40"
    assert show("flags_table", 3, _MODES) == "RW"
    assert show("flags_table", 0, _MODES) == "NONE"
    assert show("flags_table", 0, _MODES[1:]) == "0"


def test_flags_encode() -> None:
    assert encode("flags_table", "R|X", _MODES) == 9
    assert encode("flags_table", "R | 0x40", _MODES) == 0x41
    assert encode("flags_table", "Q", _MODES) is None


def test_a_table_is_needed() -> None:
    for name in ("enum", "table", "flags_table"):
        decoder = load_decoders().get(name)
        assert decoder is not None
        assert decoder.check(()) is not None
