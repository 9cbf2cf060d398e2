"""Recorded kernels: everything in the committed ones can be read, and damage is told."""

from __future__ import annotations

import json
import lzma
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.kernel.kernels import KERNELS, NAMES
from tracelang.diagnostics import DiagnosticError
from tracelang.kernel.btf import BtfEnum, BtfPrototype, BtfStruct
from tracelang.kernel.c_text import describe_named, describe_type
from tracelang.kernel.features import INITIAL_PID_NAMESPACE
from tracelang.kernel.recorded import RecordedKernel
from tracelang.kernel.tracefs import FieldKind
from tracelang.kernel.view import KernelView


@pytest.fixture(scope="module", params=NAMES)
def kernel(request: pytest.FixtureRequest) -> KernelView:
    return RecordedKernel(KERNELS / request.param)


def test_every_type_decodes_and_refers_to_types_that_exist(kernel: KernelView) -> None:
    btf = kernel.btf
    assert btf is not None
    assert len(btf) > 50_000
    # Each type on the way is decoded, its references resolved to a size or to none.
    structs = enums = constants = 0
    for id_ in range(1, len(btf) + 1):
        match btf.type(id_):
            case BtfStruct(_, size, is_union, members):
                structs += 1
                for member in members:
                    end = member.bit_offset // 8 + (btf.size_of(member.type) or 0)
                    assert end <= size or member.bitfield_size or is_union
            case BtfEnum(_, size, _, values):
                enums += 1
                assert size in (1, 2, 4, 8)
                # An enum that is only named has none (6.1 has such; later ones are forwards).
                constants += len(values)
            case BtfPrototype(returns, parameters):
                assert all(btf.type(i) is not None for i in (returns, *(t for _, t in parameters)))
    assert structs > 5_000
    assert enums > 1_000
    assert constants > 10_000


def test_every_format_parses(kernel: KernelView) -> None:
    formats = [kernel.tracepoint(c, e) for c, e in kernel.tracepoints()]
    assert len(formats) > 1_400
    decoded = 0
    for format_ in formats:
        assert format_ is not None
        decoded += len(format_.decodings)
        for field in format_.fields:
            assert field.name.isidentifier()
            assert field.kind is not FieldKind.STRUCT or field.size not in (1, 2, 4, 8)
    assert decoded > 200


def test_well_known_facts(kernel: KernelView) -> None:
    btf = kernel.btf
    assert btf is not None
    assert kernel.has_btf
    iphdr = btf.find("struct", "iphdr")
    assert iphdr is not None
    struct = btf.type(iphdr)
    assert isinstance(struct, BtfStruct)
    assert struct.size == 20
    places = {m.name: (m.bit_offset, m.bitfield_size) for m in struct.members}
    assert places["ihl"] == (0, 4)
    assert places["version"] == (4, 4)
    assert places["protocol"] == (72, 0)
    enumerator = btf.enumerator("TCP_ESTABLISHED")
    assert enumerator is not None
    assert enumerator[0] == 1
    prototype = btf.function("tcp_connect")
    assert prototype is not None
    assert [name for name, _ in prototype.parameters] == ["sk"]
    sock = describe_named(btf, "struct sock")
    assert sock is not None
    assert "struct sk_buff_head sk_receive_queue;" in sock


def test_lists(kernel: KernelView) -> None:
    assert {"vfs_read", "tcp_connect"} <= set(kernel.functions())
    assert kernel.function_is_traceable("vfs_read")
    assert not kernel.function_is_traceable("vfs_rea")
    assert {"sched_switch", "sys_enter", "sys_exit"} <= set(kernel.raw_tracepoints())
    assert ("sched", "sched_switch") in kernel.tracepoints()
    assert kernel.tracepoint("sched", "none") is None
    assert kernel.architecture == "x86_64"
    assert kernel.page_size == 4096
    assert kernel.hz == 250
    assert kernel.has_config("BPF_SYSCALL") is True
    assert kernel.has_config("NOT_AN_OPTION") is False
    assert kernel.features.syscall_wrapper.present
    assert kernel.features.pid_namespace.inode == INITIAL_PID_NAMESPACE


def test_scheduler_states_read_as_the_kernel_prints_them(kernel: KernelView) -> None:
    format_ = kernel.tracepoint("sched", "sched_switch")
    assert format_ is not None
    ((field, decoder, table),) = format_.decodings
    assert (field, decoder) == ("prev_state", "flags_table")
    assert (1, "S") in table
    assert (0, "R") in table


def test_a_module_is_part_of_the_kernel() -> None:
    kernel = RecordedKernel(KERNELS / "debian-6.1")
    btf = kernel.btf
    assert btf is not None
    assert kernel.module_of("ext4_file_open") == "ext4"
    assert kernel.module_of("vfs_read") == ""
    assert kernel.module_of("no_such_function") == ""
    prototype = btf.function("ext4_file_open")
    assert prototype is not None
    assert [name for name, _ in prototype.parameters] == ["inode", "filp"]
    struct = btf.find("struct", "ext4_inode_info")
    assert struct is not None
    assert "struct inode vfs_inode;" in describe_type(btf, struct)


def test_the_kernels_differ_in_what_they_offer() -> None:
    debian = RecordedKernel(KERNELS / "debian-6.1").features
    other = RecordedKernel(KERNELS / "linux-6.18").features
    assert debian.kprobe.present
    assert debian.fentry.present
    assert not other.kprobe.present
    assert not other.fentry.present
    assert "CONFIG_KPROBE_EVENTS" in other.kprobe.reason


def test_variables_have_placeholders_for_addresses() -> None:
    kernel = RecordedKernel(KERNELS / "debian-6.1")
    assert kernel.symbol_address("jiffies")
    assert kernel.symbol_address("no_such_variable") is None


@pytest.mark.parametrize("name", NAMES)
def test_nothing_of_the_machine_is_recorded(name: str) -> None:
    facts = json.loads((KERNELS / name / "kernel.json").read_text())
    assert set(facts) == {
        *("what", "version", "identity", "release", "architecture", "page_size", "version_code"),
        *("cpus", "hz", "features", "lockdown"),
    }


# --- Damage --------------------------------------------------------------------------------------


def test_a_directory_without_a_recording_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DiagnosticError) as caught:
        RecordedKernel(tmp_path)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "T304"
    assert "is not a recorded kernel: it has no kernel.json" in diagnostic.message
    assert diagnostic.help


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{}", "is not a recorded kernel: its kernel.json is something else"),
        ("[1]", "is not a recorded kernel: its kernel.json is something else"),
        ("{", "is damaged: kernel.json: "),
        (
            '{"what": "tracelang kernel recording", "version": 99}',
            "its layout is version 99, this program reads 1",
        ),
        (
            '{"what": "tracelang kernel recording", "version": 1}',
            "is damaged: kernel.json: `identity` is missing",
        ),
    ],
)
def test_a_wrong_kernel_json_is_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "kernel.json").write_text(text)
    with pytest.raises(DiagnosticError, match="T304") as caught:
        RecordedKernel(tmp_path)
    assert message in caught.value.diagnostics[0].message


def _ask_btf(kernel: KernelView) -> object:
    return kernel.btf


def _ask_modules(kernel: KernelView) -> object:
    return kernel.btf and kernel.btf.find("struct", "no_such_struct")


def _ask_formats(kernel: KernelView) -> object:
    return kernel.tracepoints()


def _ask_functions(kernel: KernelView) -> object:
    return kernel.function_is_traceable("vfs_read")


def _ask_variables(kernel: KernelView) -> object:
    return kernel.symbol_address("jiffies")


def _ask_config(kernel: KernelView) -> object:
    return kernel.has_config("SMP")


@pytest.mark.parametrize(
    ("part", "ask"),
    [
        ("btf.xz", _ask_btf),
        ("modules/ext4.xz", _ask_modules),
        ("formats.json.gz", _ask_formats),
        ("functions.gz", _ask_functions),
        ("variables.gz", _ask_variables),
        ("config.gz", _ask_config),
    ],
)
@pytest.mark.parametrize("damage", ["cut", "other", "empty"])
def test_a_damaged_part_is_named(
    tmp_path: Path, part: str, ask: Callable[[KernelView], object], damage: str
) -> None:
    directory = tmp_path / "kernel"
    shutil.copytree(KERNELS / "debian-6.1", directory)
    file = directory / part
    damaged = {"cut": file.read_bytes()[:-40], "other": b"something else", "empty": b""}[damage]
    file.write_bytes(damaged)
    kernel = RecordedKernel(directory)
    with pytest.raises(DiagnosticError) as caught:
        ask(kernel)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "T304"
    assert f"is damaged: {part}: " in diagnostic.message


def test_btf_that_is_none_is_damage(tmp_path: Path) -> None:
    shutil.copytree(KERNELS / "debian-6.1", tmp_path / "kernel")
    (tmp_path / "kernel/btf.xz").write_bytes(lzma.compress(b"not BTF"))
    with pytest.raises(DiagnosticError, match="these bytes are not BTF"):
        _ = RecordedKernel(tmp_path / "kernel").btf


def test_a_kernel_without_btf_can_be_recorded(tmp_path: Path) -> None:
    shutil.copytree(KERNELS / "debian-6.1", tmp_path / "kernel")
    (tmp_path / "kernel/btf.xz").unlink()
    kernel: KernelView = RecordedKernel(tmp_path / "kernel")
    assert not kernel.has_btf
    assert kernel.btf is None
    assert kernel.function_is_traceable("vfs_read")
    assert "sched_switch" in kernel.raw_tracepoints()
    assert "sys_enter" in kernel.raw_tracepoints()
    assert kernel.module_of("ext4_file_open") == "ext4"
    assert kernel.syscalls()["openat"].number == 257
