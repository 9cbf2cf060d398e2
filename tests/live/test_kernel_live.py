"""Facts about this machine's kernel, against what the kernel and libbpf say by other ways."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.features import TRACEFS
from tests.live.libbpf_btf import LibbpfBtf
from tracelang.kernel.btf import Btf, BtfStruct
from tracelang.kernel.live import LiveKernel
from tracelang.kernel.mounting import mount_tracefs
from tracelang.kernel.record import FEATURES
from tracelang.kernel.recorded import RecordedKernel, record_kernel
from tracelang.kernel.view import Feature, KernelView

_BTF = Path("/sys/kernel/btf")
STRUCT, UNION, DECLARATION_TAG, FUNCTION = 4, 5, 17, 12


@pytest.fixture(scope="module")
def kernel() -> LiveKernel:
    return LiveKernel()


@pytest.fixture(scope="module")
def btf(kernel: LiveKernel) -> Btf:
    assert kernel.btf is not None
    return kernel.btf


@pytest.fixture(scope="module")
def libbpf() -> Iterator[LibbpfBtf]:
    opinion = LibbpfBtf(_BTF / "vmlinux")
    yield opinion
    opinion.close()


# --- Types ---------------------------------------------------------------------------------------


def test_libbpf_sees_as_many_types(btf: Btf, libbpf: LibbpfBtf) -> None:
    assert len(btf) == len(libbpf) - 1


def test_libbpf_finds_the_same_sizes_and_names(btf: Btf, libbpf: LibbpfBtf) -> None:
    differing = []
    for id_ in range(1, len(btf) + 1, 23):
        ours = getattr(btf.type(id_), "name", ""), btf.size_of(id_)
        if libbpf.kind(id_) == DECLARATION_TAG:
            continue  # libbpf gives the size of what is tagged
        if ours != (libbpf.name(id_), libbpf.size(id_)):
            differing.append((id_, ours, libbpf.name(id_), libbpf.size(id_)))
    assert differing == []


def test_libbpf_finds_the_same_members(btf: Btf, libbpf: LibbpfBtf) -> None:
    structs = fields = bit_fields = 0
    for id_ in range(1, len(btf) + 1, 5):
        if libbpf.kind(id_) not in (STRUCT, UNION):
            continue
        struct = btf.type(id_)
        assert isinstance(struct, BtfStruct)
        assert struct.is_union == (libbpf.kind(id_) == UNION)
        ours = [(m.name, m.type, m.bit_offset, m.bitfield_size) for m in struct.members]
        theirs = [(m.name, m.type, m.bit_offset, m.bitfield_size) for m in libbpf.members(id_)]
        assert ours == theirs
        structs += 1
        fields += len(ours)
        bit_fields += sum(m.bitfield_size > 0 for m in struct.members)
    assert structs > 1_000
    assert fields > 5_000
    assert bit_fields > 50


@pytest.mark.parametrize("name", ["task_struct", "sock", "file", "iphdr", "pt_regs", "none"])
def test_libbpf_finds_the_same_struct(btf: Btf, libbpf: LibbpfBtf, name: str) -> None:
    assert btf.find("struct", name) == libbpf.find(STRUCT, name)


@pytest.mark.parametrize("name", ["tcp_connect", "vfs_read", "task_struct"])
def test_libbpf_finds_the_same_function(btf: Btf, libbpf: LibbpfBtf, name: str) -> None:
    assert btf.find("function", name) == libbpf.find(FUNCTION, name)


def test_libbpf_reads_modules_alike(kernel: LiveKernel, libbpf: LibbpfBtf) -> None:
    data = kernel.kernel_btf()
    assert data is not None
    for module, split in list(kernel.module_btf().items())[:5]:
        theirs = LibbpfBtf(_BTF / module, libbpf)
        try:
            # Alone, a module's types have the ids its own blob gives them.
            ours = Btf(data, lambda split=split, module=module: {module: split})  # type: ignore[misc]
            assert ours.find("struct", "no such struct") is None
            for id_ in range(len(libbpf), len(theirs)):
                assert getattr(ours.type(id_), "name", "") == theirs.name(id_)
                if theirs.kind(id_) != DECLARATION_TAG:
                    assert ours.size_of(id_) == theirs.size(id_)
                assert ours.module_of(id_) == module
        finally:
            theirs.close()


# --- Lists ---------------------------------------------------------------------------------------


def test_tracepoints_are_those_of_tracefs(kernel: LiveKernel) -> None:
    points = kernel.tracepoints()
    assert ("sched", "sched_switch") in points
    assert list(points) == sorted(points)
    for category, event in points[::50]:
        format_ = kernel.tracepoint(category, event)
        assert format_ is not None
        assert format_.id == int((TRACEFS / "events" / category / event / "id").read_text())
        assert (format_.category, format_.name) == (category, event)


@pytest.mark.parametrize(("category", "event"), [("sched", "none"), ("none", "sched_switch")])
def test_an_unknown_tracepoint_has_no_format(kernel: LiveKernel, category: str, event: str) -> None:
    assert kernel.tracepoint(category, event) is None


def test_functions_and_system_calls(kernel: LiveKernel) -> None:
    functions = kernel.functions()
    assert "vfs_read" in functions
    assert kernel.function_is_traceable("vfs_read")
    assert not kernel.function_is_traceable("no_such_function")
    assert kernel.module_of("vfs_read") == ""
    openat = kernel.syscalls()["openat"]
    assert [name for name, _ in openat.arguments] == ["dfd", "filename", "flags", "mode"]
    assert openat.entry_function.endswith("sys_openat")
    assert kernel.has_function(openat.entry_function)


def test_every_function_of_a_sample_is_traceable_by_both_ways_of_asking(
    kernel: LiveKernel,
) -> None:
    names = list(kernel.functions())
    assert all(kernel.function_is_traceable(name) for name in names[:: len(names) // 20])


def test_symbols_have_the_addresses_of_kallsyms(kernel: LiveKernel) -> None:
    line = next(
        line
        for line in Path("/proc/kallsyms").read_text().splitlines()
        if line.endswith((" T vfs_read", " t vfs_read"))
    )
    assert kernel.symbol_address("vfs_read") == int(line.split()[0], 16)
    assert kernel.symbol_address("no_such_symbol") is None


def test_the_machine(kernel: LiveKernel) -> None:
    assert kernel.identity == LiveKernel().identity
    assert kernel.release == os.uname().release
    assert len(kernel.cpus) == os.cpu_count()
    assert kernel.page_size == os.sysconf("SC_PAGE_SIZE")
    assert kernel.version_code >> 16 == int(kernel.release.split(".")[0])
    assert kernel.features.pid_namespace.inode == Path("/proc/self/ns/pid").stat().st_ino


# --- Features ------------------------------------------------------------------------------------


def _descriptors() -> list[str]:
    return sorted(p.name for p in Path("/proc/self/fd").iterdir())


def test_what_is_absent_has_a_reason_and_nothing_stays_open() -> None:
    before = _descriptors()
    features = LiveKernel().features
    for name in FEATURES:
        feature: Feature = getattr(features, name)
        assert feature.present != bool(feature.reason), name
    assert _descriptors() == before


def test_features_are_what_tracefs_offers(kernel: LiveKernel) -> None:
    assert kernel.features.kprobe.present == (TRACEFS / "kprobe_events").exists()
    assert kernel.features.uprobe.present == (TRACEFS / "uprobe_events").exists()
    assert kernel.features.tracepoint.present


_AS_NOBODY = """
import json, os
from tracelang.diagnostics import DiagnosticError
from tracelang.kernel.live import LiveKernel
from tracelang.kernel.mounting import mount_tracefs
from tracelang.kernel.record import FEATURES
os.setgroups([])
os.setgid(65534)
os.setuid(65534)
kernel = LiveKernel()
try:
    kernel.tracepoint("sched", "sched_switch")
    refusal = None
except DiagnosticError as error:
    (d,) = error.diagnostics
    refusal = [d.code, d.message, *d.help]
print(json.dumps({
    "features": {n: getattr(kernel.features, n).reason for n in FEATURES},
    "tracepoints": len(kernel.tracepoints()),
    "refusal": refusal,
    "btf": kernel.has_btf,
    "traceable": kernel.function_is_traceable("vfs_read"),
    "raw": len(kernel.raw_tracepoints()),
    "syscalls": len(kernel.syscalls()),
    "symbol": kernel.symbol_address("vfs_read"),
    "mounted": mount_tracefs(),
}))
"""


def test_without_rights_everything_says_why() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _AS_NOBODY],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    assert done.stderr == ""
    found = json.loads(done.stdout)
    for feature in ("uprobe", "raw_tracepoint"):
        assert "it lacks CAP_BPF and CAP_PERFMON, run as root" in found["features"][feature]
    assert "tracefs is readable by root only" in found["features"]["tracepoint"]
    assert found["tracepoints"] == found["syscalls"] == 0
    code, message, remedy = found["refusal"]
    assert (code, remedy) == ("T303", "run as root")
    assert message == "the format of `sched:sched_switch` cannot be read: Permission denied"
    assert found["btf"]
    assert found["traceable"]
    assert found["raw"] > 100
    assert found["symbol"] is None


def test_mounting_what_is_mounted_changes_nothing() -> None:
    before = Path("/proc/self/mounts").read_text()
    assert mount_tracefs()
    assert Path("/proc/self/mounts").read_text() == before


# --- Recording -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def recording(kernel: LiveKernel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("kernel")
    record_kernel(kernel, directory)
    return directory


def test_a_recording_says_what_the_kernel_said(kernel: LiveKernel, recording: Path) -> None:
    recorded: KernelView = RecordedKernel(recording)
    live: KernelView = kernel
    for name in ("identity", "release", "architecture", "page_size", "version_code", "cpus", "hz"):
        assert getattr(recorded, name) == getattr(live, name)
    for name in (*FEATURES, "lockdown"):
        assert getattr(recorded.features, name) == getattr(live.features, name)
    assert recorded.tracepoints() == live.tracepoints()
    for category, event in live.tracepoints()[::50]:
        assert recorded.tracepoint(category, event) == live.tracepoint(category, event)
    assert list(recorded.functions()) == list(live.functions())
    assert list(recorded.raw_tracepoints()) == list(live.raw_tracepoints())
    assert recorded.syscalls()["openat"] == live.syscalls()["openat"]
    assert live.btf is not None
    assert recorded.btf is not None
    for id_ in range(0, len(live.btf), 501):
        assert recorded.btf.type(id_) == live.btf.type(id_)
    for option in ("BPF_SYSCALL", "KPROBES", "NOT_AN_OPTION"):
        assert recorded.has_config(option) == live.has_config(option)


def test_recording_again_gives_the_same_bytes(recording: Path, tmp_path: Path) -> None:
    (tmp_path / "modules").mkdir()
    (tmp_path / "modules/unloaded.xz").write_bytes(b"of an earlier recording")
    (tmp_path / "functions.gz").write_bytes(b"of an earlier recording")
    record_kernel(LiveKernel(), tmp_path)
    files = sorted(p.relative_to(recording) for p in recording.rglob("*") if p.is_file())
    assert files == sorted(p.relative_to(tmp_path) for p in tmp_path.rglob("*") if p.is_file())
    assert all((recording / f).read_bytes() == (tmp_path / f).read_bytes() for f in files)
