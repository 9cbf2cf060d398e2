"""Formats print what C's printf prints, for every flag, width and precision."""

from __future__ import annotations

import ctypes
import itertools
from decimal import Decimal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.unit.decoders.bound import bind, context
from tracelang.decoders.format import parse_format
from tracelang.decoders.protocol import Reading
from tracelang.sinks.printf import FormatValue, compile_format

_SNPRINTF = ctypes.CDLL(None).snprintf
_C_INTEGERS = {
    ("hh", True): ctypes.c_int8,
    ("hh", False): ctypes.c_uint8,
    ("h", True): ctypes.c_int16,
    ("h", False): ctypes.c_uint16,
    ("", True): ctypes.c_int32,
    ("", False): ctypes.c_uint32,
    ("ll", True): ctypes.c_int64,
    ("ll", False): ctypes.c_uint64,
}
_BITS = {"hh": 8, "h": 16, "": 32, "ll": 64}


def c_printf(text: str, *arguments: object) -> str:
    """Return what this machine's C library prints."""
    buffer = ctypes.create_string_buffer(8192)
    length = _SNPRINTF(buffer, ctypes.c_size_t(len(buffer)), text.encode(), *arguments)
    assert 0 <= length < len(buffer)
    return buffer.value.decode()


def ours(text: str, raw: object, value: FormatValue | None = None) -> str:
    """Return what tracelang prints for one row with one value."""
    value = value or FormatValue(0, bind("int"))
    return compile_format(parse_format(text), [value])([(raw,)])


def integer(bits: int, *, signed: bool) -> FormatValue:
    return FormatValue(0, bind("int"), bits, signed)


_FLAGS = st.sets(st.sampled_from("-+ 0")).map("".join)
_FLAGS_OF_UNSIGNED = st.sets(st.sampled_from("-#0")).map("".join)
_WIDTHS = st.sampled_from(["", "1", "5", "20"])
_PRECISIONS = st.sampled_from(["", ".", ".0", ".1", ".5", ".12"])
_LENGTHS = st.sampled_from(["hh", "h", "", "ll"])


@settings(max_examples=400)
@given(_FLAGS, _WIDTHS, _PRECISIONS, _LENGTHS, st.sampled_from("di"), st.data())
def test_signed_integers(
    flags: str, width: str, precision: str, length: str, conversion: str, data: st.DataObject
) -> None:
    bits = _BITS[length]
    raw = data.draw(st.integers(-(1 << (bits - 1)), (1 << (bits - 1)) - 1))
    text = f"<%{flags}{width}{precision}{length}{conversion}>"
    expected = c_printf(text, _C_INTEGERS[length, True](raw))
    assert ours(text, raw, integer(bits, signed=True)) == expected


@settings(max_examples=400)
@given(_FLAGS_OF_UNSIGNED, _WIDTHS, _PRECISIONS, _LENGTHS, st.sampled_from("uxXo"), st.data())
def test_unsigned_integers(
    flags: str, width: str, precision: str, length: str, conversion: str, data: st.DataObject
) -> None:
    if conversion == "u":
        flags = flags.replace("#", "")
    bits = _BITS[length]
    raw = data.draw(st.integers(0, (1 << bits) - 1))
    text = f"<%{flags}{width}{precision}{length}{conversion}>"
    expected = c_printf(text, _C_INTEGERS[length, False](raw))
    assert ours(text, raw, integer(bits, signed=False)) == expected


@pytest.mark.parametrize(
    ("flags", "width", "precision"),
    list(
        itertools.product(
            ["".join(f) for n in range(5) for f in itertools.combinations("-+ 0#", n)],
            ["", "1", "7"],
            ["", ".0", ".3"],
        )
    ),
)
def test_whole_grid_of_small_values(flags: str, width: str, precision: str) -> None:
    for conversion, raw in itertools.product("dxXo", (0, 1, 8, 255)):
        if conversion == "d" and "#" in flags:
            continue  # undefined in C
        text = f"%{flags}{width}{precision}{conversion}"
        assert ours(text, raw, integer(32, signed=False)) == c_printf(text, ctypes.c_uint32(raw)), (
            text
        )


@given(st.integers(-(1 << 63), (1 << 63) - 1), st.sampled_from(["hh", "h"]), st.sampled_from("dux"))
@example(-1, "hh", "x")
@example(0x1FF, "hh", "d")
def test_short_lengths_cut_wider_values(raw: int, length: str, conversion: str) -> None:
    text = f"%{length}{conversion}"
    expected = c_printf(text, ctypes.c_int64(raw))
    assert ours(text, raw, integer(64, signed=True)) == expected


@settings(max_examples=400)
@given(
    st.sets(st.sampled_from("-+ 0#")).map("".join),
    _WIDTHS,
    st.sampled_from(["", ".", ".0", ".1", ".6", ".9"]),
    st.sampled_from("eEgGfF"),
    st.floats(allow_nan=False, allow_infinity=False, min_value=-1e18, max_value=1e18),
)
def test_floats(flags: str, width: str, precision: str, conversion: str, raw: float) -> None:
    text = f"<%{flags}{width}{precision}{conversion}>"
    value = FormatValue(0, Reading(str, number=lambda raw: raw))  # type: ignore[return-value, arg-type]
    assert ours(text, raw, value) == c_printf(text, ctypes.c_double(raw))


@given(
    st.sampled_from(["", "-"]),
    _WIDTHS,
    _PRECISIONS,
    st.text(st.characters(min_codepoint=32, max_codepoint=126)),
)
def test_text(flags: str, width: str, precision: str, word: str) -> None:
    text = f"<%{flags}{width}{precision}s>"
    expected = c_printf(text, ctypes.c_char_p(word.encode()))
    assert ours(text, word.encode(), FormatValue(0, bind("text"))) == expected


@given(st.sampled_from(["", "-"]), _WIDTHS, st.characters(min_codepoint=32, max_codepoint=126))
def test_characters(flags: str, width: str, char: str) -> None:
    text = f"<%{flags}{width}c>"
    assert ours(text, ord(char)) == c_printf(text, ctypes.c_int(ord(char)))


def test_a_character_that_is_a_control_is_escaped() -> None:
    assert ours("%c", 27) == r"\x1b"


@given(st.sampled_from(["", "-"]), _WIDTHS, st.integers(1, (1 << 64) - 1))
def test_pointers(flags: str, width: str, raw: int) -> None:
    text = f"<%{flags}{width}p>"
    assert ours(text, raw) == c_printf(text, ctypes.c_void_p(raw))


class TestOwnWidth:
    """Where C looks at the argument's promoted type, a value here has the width of its field."""

    def test_largest_unsigned_64_bit_number_is_printed_in_full(self) -> None:
        assert ours("%d", (1 << 64) - 1) == "18446744073709551615"

    @pytest.mark.parametrize(
        ("bits", "expected"), [(8, "ff"), (16, "ffff"), (32, "f" * 8), (64, "f" * 16)]
    )
    def test_negative_in_hexadecimal_has_its_fields_width(self, bits: int, expected: str) -> None:
        assert ours("%x", -1, integer(bits, signed=True)) == expected

    def test_negative_as_unsigned_has_its_fields_width(self) -> None:
        assert ours("%u", -1, integer(32, signed=True)) == "4294967295"

    def test_length_l_changes_nothing(self) -> None:
        for length in ("l", "ll", "j", "z", "t"):
            assert ours(f"%{length}d", 1 << 40) == "1099511627776"


class TestExactDecimals:
    @given(st.integers(-(10**20), 10**20), st.integers(0, 12))
    def test_elapsed_keeps_every_digit(self, raw: int, precision: int) -> None:
        value = FormatValue(0, bind("elapsed"))
        text = ours(f"%.{precision}f", raw, value)
        assert abs(Decimal(text) * 10**9 - raw) <= Decimal(10) ** (9 - precision) / 2

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("<%-18.9f>", "<1.000000002       >"),
            ("<%18.9f>", "<       1.000000002>"),
            ("<%018.9f>", "<00000001.000000002>"),
            ("<%+.9f>", "<+1.000000002>"),
            ("<% 12.1f>", "<         1.0>"),
            ("<%#.0f>", "<1.>"),
            ("<%f>", "<1.000000>"),
            ("<%.12f>", "<1.000000002000>"),
            ("<%d>", "<1>"),
            ("<%05d>", "<00001>"),
            ("<%e>", "<1.000000e+00>"),
            ("<%s>", "<1.000000002>"),
        ],
    )
    def test_elapsed_in_every_conversion(self, text: str, expected: str) -> None:
        value = FormatValue(0, bind("elapsed", within=context(start=10)))
        assert ours(text, 1_000_000_012, value) == expected

    def test_negative_decimal_is_filled_with_zeros_after_its_sign(self) -> None:
        value = FormatValue(0, bind("s"), signed=True)
        assert ours("%010.3f", -1_500_000_000, value) == "-00001.500"

    def test_an_integer_beyond_a_floats_digits(self) -> None:
        assert ours("%.1f", (1 << 64) - 1) == "18446744073709551615.0"

    def test_microseconds_are_whole(self) -> None:
        value = FormatValue(0, bind("us"))
        assert ours("%d", 1_999_999, value) == "1999"
        assert ours("%.1f", 1_999_999, value) == "1999.0"


class TestPieces:
    def test_percent_signs_and_braces_stand_for_themselves(self) -> None:
        assert ours("100%% {} %d%%", 5) == "100% {} 5%"

    def test_without_values_each_row_prints_the_text(self) -> None:
        assert (
            compile_format(parse_format("hit 100%%\n"), [])([(1,), (2,)]) == "hit 100%\nhit 100%\n"
        )

    def test_values_come_from_their_slots(self) -> None:
        values = [FormatValue(2, bind("int")), FormatValue(0, bind("text"))]
        render = compile_format(parse_format("%d %s\n"), values)
        assert render([(b"a\0", 0, 1), (b"b\0", 0, 2)]) == "1 a\n2 b\n"

    def test_no_rows_print_nothing(self) -> None:
        assert compile_format(parse_format("%d"), [FormatValue(0, bind("int"))])([]) == ""


class TestBatches:
    """Rows together print what each prints alone, whether their values are alike or not."""

    @given(
        st.lists(
            st.tuples(st.sampled_from([0, 7, -1]), st.sampled_from([b"50%\0", b"%s\0", b"\0"])),
            max_size=6,
        )
    )
    def test_of_values_that_are_often_alike(self, rows: list[tuple[int, bytes]]) -> None:
        values = [FormatValue(n, bind(d)) for n, d in ((0, "int"), (1, "text"), (0, "int"))]
        format_ = parse_format("%d%% <%5s> %x\n")
        together = compile_format(format_, values)
        for _ in range(2):  # what was seen before is remembered
            alone = [compile_format(format_, values)([row]) for row in rows]
            assert together(rows) == "".join(alone)

    def test_each_text_that_is_cut_is_counted_though_all_are_alike(self) -> None:
        cuts: list[int] = []
        within = context(limit=3, on_cut=lambda: cuts.append(1))
        value = FormatValue(0, bind("text", within=within))
        render = compile_format(parse_format("%s\n"), [value])
        assert render([(b"abcdef\0",)] * 5) + render([(b"abcdef\0",)] * 2) == "abc…\n" * 7
        assert len(cuts) == 7
