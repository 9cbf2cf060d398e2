"""BTF: every kind of type, both byte orders, modules, look-up by name, and damaged data."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.kernel.btf_builder import BtfBuilder
from tracelang.kernel.btf import (
    Btf,
    BtfArray,
    BtfDeclarationTag,
    BtfEnum,
    BtfError,
    BtfFloat,
    BtfForward,
    BtfFunction,
    BtfInt,
    BtfMember,
    BtfPointer,
    BtfPrototype,
    BtfQualifier,
    BtfSection,
    BtfStruct,
    BtfType,
    BtfTypedef,
    BtfVariable,
    BtfVoid,
)


def build_every_kind(order: str) -> tuple[bytes, list[BtfType]]:
    """Return a blob and its types in order, the first being void."""
    b = BtfBuilder(order)
    types: list[BtfType] = [BtfVoid()]

    def expect(id_: int, type_: BtfType) -> None:
        assert id_ == len(types)
        types.append(type_)

    expect(b.integer("int", 4, 1), BtfInt("int", 4, True, False, False, 32))
    expect(b.integer("_Bool", 1, 4), BtfInt("_Bool", 1, False, True, False, 8))
    expect(b.integer("char", 1, 2), BtfInt("char", 1, False, False, True, 8))
    expect(b.integer("bits", 4, 0, bits=3), BtfInt("bits", 4, False, False, False, 3))
    expect(b.add(2, "", 1), BtfPointer(1))
    expect(b.add(3, "", 0, (3, 1, 16)), BtfArray(3, 16))
    plain = (("a", 1, 0), ("b", 5, 64))
    members = (BtfMember("a", 1, 0, 0), BtfMember("b", 5, 64, 0))
    expect(b.struct("plain", 16, plain), BtfStruct("plain", 16, False, members))
    packed = (("x", 1, 3 << 24), ("y", 1, 5 << 24 | 3), ("z", 1, 32))
    bits = (BtfMember("x", 1, 0, 3), BtfMember("y", 1, 3, 5), BtfMember("z", 1, 32, 0))
    expect(b.struct("packed", 8, packed, flag=True), BtfStruct("packed", 8, False, bits))
    both = (BtfMember("i", 1, 0, 0), BtfMember("p", 5, 0, 0))
    union = b.struct("both", 8, (("i", 1, 0), ("p", 5, 0)), kind=5)
    expect(union, BtfStruct("both", 8, True, both))
    expect(
        b.enum("e", (("A", 1), ("B", 2**32 - 1))),
        BtfEnum("e", 4, False, (("A", 1), ("B", 2**32 - 1))),
    )
    expect(b.enum("s", (("C", -1),), signed=True), BtfEnum("s", 4, True, (("C", -1),)))
    expect(b.add(7, "later"), BtfForward("later", False))
    expect(b.add(7, "ulater", flag=True), BtfForward("ulater", True))
    expect(b.add(8, "pid_t", 1), BtfTypedef("pid_t", 1))
    expect(b.add(9, "", 1), BtfQualifier("volatile", "", 1))
    expect(b.add(10, "", 1), BtfQualifier("const", "", 1))
    expect(b.add(11, "", 5), BtfQualifier("restrict", "", 5))
    function = b.function("open", 1, (("path", 5), ("", 0)))
    types.append(BtfPrototype(1, (("path", 5), ("", 0))))
    expect(function, BtfFunction("open", function - 1))
    expect(b.add(14, "jiffies", 1, (1,)), BtfVariable("jiffies", 1, 1))
    variables = ((20, 8, 4),)
    expect(b.add(15, ".data", 64, (20, 8, 4), count=1), BtfSection(".data", 64, variables))
    expect(b.add(16, "double", 8), BtfFloat("double", 8))
    expect(b.add(17, "tag", 8, (-1,)), BtfDeclarationTag("tag", 8, -1))
    expect(b.add(18, "user", 1), BtfQualifier("type_tag", "user", 1))
    wide = (b.text("W"), 1, 0x80000000)
    expect(b.add(19, "wide", 8, wide, count=1), BtfEnum("wide", 8, False, (("W", (1 << 63) + 1),)))
    low = (b.text("L"), 0xFFFFFFFF, 0xFFFFFFFF)
    expect(b.add(19, "low", 8, low, count=1, flag=True), BtfEnum("low", 8, True, (("L", -1),)))
    return b.build(), types


@pytest.mark.parametrize("order", ["<", ">"])
def test_every_kind_decodes(order: str) -> None:
    data, types = build_every_kind(order)
    btf = Btf(data)
    assert len(btf) == len(types) - 1
    assert [btf.type(i) for i in range(len(types))] == types


@pytest.mark.parametrize("id_", [-1, 27, 1 << 30])
def test_an_unknown_id_is_a_key_error(id_: int) -> None:
    with pytest.raises(KeyError):
        Btf(build_every_kind("<")[0]).type(id_)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(
    ("kind", "name", "id_"),
    [
        ("int", "int", 1),
        ("struct", "plain", 7),
        ("union", "both", 9),
        ("enum", "e", 10),
        ("enum", "wide", 25),
        ("typedef", "pid_t", 14),
        ("function", "open", 19),
        ("variable", "jiffies", 20),
        ("float", "double", 22),
        ("struct", "both", None),
        ("struct", "later", None),
        ("function", "nothing", None),
        ("struct", "", None),
        ("struct", "plai", None),
        ("struct", "lain", None),
    ],
)
def test_types_are_found_by_kind_and_name(
    order: str, kind: str, name: str, id_: int | None
) -> None:
    assert Btf(build_every_kind(order)[0]).find(kind, name) == id_


def test_of_several_types_the_first_with_a_body_is_found() -> None:
    b = BtfBuilder()
    b.struct("foo", 0, ())
    body = b.struct("foo", 4, (("a", 0, 0),))
    b.struct("foo", 8, (("b", 0, 0),))
    empty = b.struct("bar", 0, ())
    btf = Btf(b.build())
    assert (btf.find("struct", "foo"), btf.find("struct", "bar")) == (body, empty)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(
    ("name", "found"),
    [("A", (1, 10)), ("C", (-1, 11)), ("W", ((1 << 63) + 1, 25)), ("a", None), ("none", None)],
)
def test_constants_are_found_with_their_enum(
    order: str, name: str, found: tuple[int, int] | None
) -> None:
    assert Btf(build_every_kind(order)[0]).enumerator(name) == found


def test_a_function_has_its_prototype() -> None:
    btf = Btf(build_every_kind("<")[0])
    assert btf.function("open") == BtfPrototype(1, (("path", 5), ("", 0)))
    assert btf.function("close") is None


def test_names_come_in_order_and_without_anonymous_types() -> None:
    btf = Btf(build_every_kind("<")[0])
    assert list(btf.names("enum")) == ["e", "s", "wide", "low"]
    assert list(btf.names("struct")) == ["plain", "packed"]
    assert list(btf.names_after("struct", "pa")) == ["cked"]


def test_strip_goes_through_typedefs_and_qualifiers_and_tells_of_user_memory() -> None:
    b = BtfBuilder()
    integer = b.integer("int", 4, 1)
    typedef = b.add(8, "t", b.add(10, "", integer))
    user = b.add(8, "u", b.add(18, "user", typedef))
    rcu = b.add(18, "rcu", integer)
    btf = Btf(b.build())
    assert [btf.strip(i) for i in (typedef, user, rcu, 0)] == [
        (integer, False),
        (integer, True),
        (integer, False),
        (0, False),
    ]


def test_sizes() -> None:
    btf = Btf(build_every_kind("<")[0])
    by_id = {1: 4, 5: 8, 6: 16, 7: 16, 9: 8, 10: 4, 14: 4, 20: 4, 22: 8, 25: 8}
    assert {i: btf.size_of(i) for i in by_id} == by_id
    assert [btf.size_of(i) for i in (0, 12, 18, 19)] == [None] * 4


# --- Modules -------------------------------------------------------------------------------------


def build_kernel_with_modules(order: str = "<") -> tuple[bytes, dict[str, bytes]]:
    kernel = BtfBuilder(order)
    integer = kernel.integer("int", 4, 1)
    kernel.struct("inode", 8, (("number", integer, 0),))
    ext4, xfs = kernel.split(), kernel.split()
    pointer = ext4.add(2, "", 2)
    ext4.function("ext4_open", integer, (("inode", pointer),))
    ext4.struct("info", 16, (("inode", 2, 0), ("back", pointer, 64)))
    pointer = xfs.add(2, "", 2)
    xfs.function("xfs_open", integer, (("inode", pointer),))
    xfs.enum("mode", (("XFS_MODE", 7),))
    return kernel.build(), {"xfs": xfs.build(), "ext4": ext4.build()}


@pytest.mark.parametrize("order", ["<", ">"])
def test_types_of_modules_refer_to_the_kernels_and_to_their_own(order: str) -> None:
    data, modules = build_kernel_with_modules(order)
    btf = Btf(data, lambda: modules)
    for function in ("ext4_open", "xfs_open"):
        prototype = btf.function(function)
        assert prototype is not None
        ((name, pointer),) = prototype.parameters
        assert (prototype.returns, name, btf.type(pointer)) == (1, "inode", BtfPointer(2))
    info = btf.find("struct", "info")
    assert info is not None
    struct = btf.type(info)
    assert isinstance(struct, BtfStruct)
    assert [m.name for m in struct.members] == ["inode", "back"]
    assert btf.type(struct.members[1].type) == BtfPointer(2)
    assert btf.module_of(info) == "ext4"
    assert btf.module_of(2) == ""
    found = btf.enumerator("XFS_MODE")
    assert found is not None
    assert (found[0], btf.module_of(found[1])) == (7, "xfs")


def test_names_of_modules_come_last_in_the_order_of_the_modules() -> None:
    data, modules = build_kernel_with_modules()
    assert list(Btf(data, lambda: modules).names("function")) == ["ext4_open", "xfs_open"]


def test_modules_are_not_read_for_a_name_the_kernel_has() -> None:
    data, modules = build_kernel_with_modules()
    read: list[str] = []

    def modules_read() -> dict[str, bytes]:
        read.append("read")
        return modules

    btf = Btf(data, modules_read)
    assert btf.find("struct", "inode") == 2
    assert read == []
    assert btf.find("struct", "none") is None
    assert btf.find("struct", "info") is not None
    assert read == ["read"]


def test_a_damaged_module_is_left_out() -> None:
    data, modules = build_kernel_with_modules()
    modules["ext4"] = modules["ext4"][:40]
    btf = Btf(data, lambda: modules)
    assert btf.function("ext4_open") is None
    assert btf.function("xfs_open") is not None


# --- Damage --------------------------------------------------------------------------------------


@pytest.mark.parametrize("data", [b"", b"\x9f", b"\x9f\xeb\x01", b"\x7fELF" + bytes(40), bytes(64)])
def test_other_bytes_are_no_btf(data: bytes) -> None:
    with pytest.raises(BtfError):
        Btf(data)


@given(st.integers(min_value=0), st.integers(0, 255))
def test_damage_is_never_more_than_a_btf_error(position: int, value: int) -> None:
    damaged = bytearray(build_every_kind("<")[0])
    damaged[position % len(damaged)] = value
    try:
        btf = Btf(bytes(damaged))
        for id_ in range(1, len(btf) + 1):
            btf.type(id_)
    except BtfError:
        pass


@given(st.integers(0))
def test_a_blob_cut_short_is_a_btf_error(length: int) -> None:
    data, _ = build_every_kind("<")
    with pytest.raises(BtfError):
        Btf(data[: length % len(data)])
