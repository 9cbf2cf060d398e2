"""Tracepoint formats: kinds of field, and the words in which the kernel prints them."""

from __future__ import annotations

import pytest

from tracelang.kernel.tracefs import FieldKind, TracepointField, TracepointFormat, parse_format

COMMON = (
    "\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"
    "\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n"
)


def parse(fields: str = "", print_format: str = '"none"') -> TracepointFormat:
    text = f"name: event\nID: 42\nformat:\n{COMMON}{fields}\nprint fmt: {print_format}\n"
    return parse_format("category", text)


def parse_field(declaration: str, size: int, *, signed: bool = False) -> TracepointField:
    line = f"\tfield:{declaration};\toffset:8;\tsize:{size};\tsigned:{int(signed)};\n"
    return parse(line).fields[-1]


def test_the_head_and_the_common_fields() -> None:
    format_ = parse("\tfield:u32 act;\toffset:8;\tsize:4;\tsigned:0;\n", '"%d", REC->act')
    assert (format_.category, format_.name, format_.id) == ("category", "event", 42)
    assert [(f.name, f.common) for f in format_.fields] == [
        ("common_type", True),
        ("common_pid", True),
        ("act", False),
    ]
    assert format_.print_format == '"%d", REC->act'
    assert format_.field("act") == format_.fields[2]
    assert format_.field("none") is None


@pytest.mark.parametrize(
    ("declaration", "size", "kind", "type_text", "element", "count"),
    [
        ("int prog_id", 4, FieldKind.INTEGER, "int", "", 0),
        ("unsigned long long x", 8, FieldKind.INTEGER, "unsigned long long", "", 0),
        ("enum zone_type zone", 4, FieldKind.INTEGER, "enum zone_type", "", 0),
        ("const clockid_t which", 8, FieldKind.INTEGER, "const clockid_t", "", 0),
        ("char rwbs[10]", 10, FieldKind.CHAR_ARRAY, "char", "char", 10),
        ("char name[]", 0, FieldKind.CHAR_ARRAY, "char", "char", 0),
        ("u8 mac[6]", 6, FieldKind.ARRAY, "u8", "u8", 6),
        ("__u8 saddr[28]", 28, FieldKind.ARRAY, "__u8", "__u8", 28),
        ("unsigned long args[6]", 48, FieldKind.ARRAY, "unsigned long", "unsigned long", 6),
        ("const char * filename", 8, FieldKind.POINTER, "const char *", "", 0),
        (
            "struct robust_list_head * * head",
            8,
            FieldKind.POINTER,
            "struct robust_list_head * *",
            "",
            0,
        ),
        ("const void *const p", 8, FieldKind.POINTER, "const void *const", "", 0),
        ("void __seg_gs * x", 8, FieldKind.POINTER, "void __seg_gs *", "", 0),
        ("__data_loc char[] name", 4, FieldKind.DATA_LOC, "char", "char", 0),
        (
            "__data_loc const unsigned[] x",
            4,
            FieldKind.DATA_LOC,
            "const unsigned",
            "const unsigned",
            0,
        ),
        ("__data_loc cpumask_t cpumask", 4, FieldKind.DATA_LOC, "cpumask_t", "cpumask_t", 0),
        ("__rel_loc char[] name", 4, FieldKind.REL_LOC, "char", "char", 0),
        ("struct timespec64 t", 16, FieldKind.STRUCT, "struct timespec64", "", 0),
        ("fl_owner_t owner", 24, FieldKind.STRUCT, "fl_owner_t", "", 0),
    ],
)
def test_kinds_of_field(
    declaration: str, size: int, kind: FieldKind, type_text: str, element: str, count: int
) -> None:
    field = parse_field(declaration, size)
    assert (field.kind, field.type_text) == (kind, type_text)
    assert (field.element_type, field.count) == (element, count)
    assert (field.offset, field.size) == (8, size)


def test_signs() -> None:
    assert parse_field("int x", 4, signed=True).signed
    assert not parse_field("u32 x", 4).signed


def test_other_text_is_no_format() -> None:
    with pytest.raises(ValueError, match="not a tracepoint format"):
        parse_format("category", "nothing of the kind")


# --- Symbolic names ------------------------------------------------------------------------------

_FIELDS = (
    "\tfield:u32 act;\toffset:8;\tsize:4;\tsigned:0;\n"
    "\tfield:int code;\toffset:12;\tsize:4;\tsigned:1;\n"
    "\tfield:unsigned long flags;\toffset:16;\tsize:8;\tsigned:0;\n"
    "\tfield:char name[8];\toffset:24;\tsize:8;\tsigned:0;\n"
)


@pytest.mark.parametrize(
    ("expression", "decodings"),
    [
        (
            '__print_symbolic(REC->act, { 0, "A" }, { 1, "B" })',
            (("act", "enum", ((0, "A"), (1, "B"))),),
        ),
        ('__print_symbolic(REC->act, {0x10,"A"})', (("act", "enum", ((16, "A"),)),)),
        (
            '__print_flags(REC->flags, "|", {1UL << 3, "A"}, {(1 << 4), "B"})',
            (("flags", "flags_table", ((8, "A"), (16, "B"))),),
        ),
        ('__print_flags_u64(REC->flags, "|", {1, "A"})', (("flags", "flags_table", ((1, "A"),)),)),
        (
            '__print_flags((unsigned long)REC->flags, ",", {1, "A"})',
            (("flags", "flags_table", ((1, "A"),)),),
        ),
        (
            '(REC->flags) ? __print_flags(REC->flags, "|", {1, "A"}) : "none"',
            (("flags", "flags_table", ((1, "A"), (0, "none"))),),
        ),
        (
            '(REC->flags & 7) ? __print_flags(REC->flags & 7, "|", {1, "S"}) : "R"',
            (("flags", "flags_table", ((1, "S"), (0, "R"))),),
        ),
        (
            '__print_symbolic(REC->act, {0, "a, b) }"}, {1, "c"})',
            (("act", "enum", ((0, "a, b) }"), (1, "c"))),),
        ),
        ('__print_symbolic(REC->act, {-1, "X"})', (("act", "enum", ((0xFFFFFFFF, "X"),)),)),
        ('__print_symbolic(REC->code, {0xffffffff, "X"})', (("code", "enum", ((-1, "X"),)),)),
        (
            '__print_symbolic(REC->act, {0, "A"}, {NAME, "B"}, {-1, ((void *)0)})',
            (("act", "enum", ((0, "A"),)),),
        ),
        ('__print_symbolic(REC->act, {NAME, "B"})', ()),
        ('__print_symbolic((REC->act >> 13) & 7, {0, "A"})', ()),
        ('__print_symbolic(REC->act & 7, {0, "A"})', ()),
        ('__print_symbolic(REC->name, {0, "A"})', ()),
        ("__print_hex(REC->name, 8)", ()),
        (
            (
                '__print_symbolic(REC->act, {0, "A"}), __print_symbolic(REC->act, {0, "other"}), '
                '__print_symbolic(REC->code, {0, "C"})'
            ),
            (("act", "enum", ((0, "A"),)), ("code", "enum", ((0, "C"),))),
        ),
        ('__print_symbolic(REC->act, {0, "A"', ()),
    ],
)
def test_symbolic_names(expression: str, decodings: object) -> None:
    assert parse(_FIELDS, f'"x=%s", {expression}').decodings == decodings


def test_constants_that_are_left_as_names_are_looked_up() -> None:
    print_format = '"%s", __print_symbolic(REC->act, {NAME, "A"}, {OTHER, "B"})'
    text = f"name: event\nID: 42\nformat:\n{_FIELDS}\nprint fmt: {print_format}\n"
    format_ = parse_format("category", text, {"NAME": 7}.get)
    assert format_.decodings == (("act", "enum", ((7, "A"),)),)
