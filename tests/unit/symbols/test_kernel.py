"""The kernel's functions by address, and what tracing puts on top of a stack."""

from __future__ import annotations

from pathlib import Path

import pytest

from tracelang.decoders.frames import Frame
from tracelang.symbols.kernel import KernelSymbols
from tracelang.symbols.machinery import without_machinery

LINES = """\
ffffffff81000000 T _text
ffffffff81000000 t __entry
ffffffff81000100 t helper
ffffffff81000200 D some_data
ffffffff81000300 W weak_one
ffffffffc0000000 t ext4_read\t[ext4]
ffffffffc0001000 t bpf_prog_6deef7357e7b4530_x\t[bpf]
"""


@pytest.fixture
def symbols(tmp_path: Path) -> KernelSymbols:
    file = tmp_path / "kallsyms"
    file.write_text(LINES)
    return KernelSymbols(file)


@pytest.mark.parametrize(
    ("address", "name", "module", "offset"),
    [
        (0xFFFFFFFF81000000, "_text", "kernel", 0),
        (0xFFFFFFFF81000104, "helper", "kernel", 4),
        (0xFFFFFFFF810001FF, "helper", "kernel", 0xFF),
        (0xFFFFFFFF81000204, "some_data", "kernel", 4),
        (0xFFFFFFFF81000300, "weak_one", "kernel", 0),
        (0xFFFFFFFFC0000010, "ext4_read", "ext4", 0x10),
        (0x1000, "", "", 0x1000),
    ],
)
def test_an_address_is_in_the_function_before_it(
    symbols: KernelSymbols, address: int, name: str, module: str, offset: int
) -> None:
    assert symbols.frame(address, address) == Frame(name, module, offset, is_kernel=True)


def test_a_caller_is_found_by_its_call_and_shown_by_where_it_goes_on(
    symbols: KernelSymbols,
) -> None:
    frame = symbols.frame(0xFFFFFFFF810000FF, 0xFFFFFFFF81000100)
    assert (frame.name, frame.offset) == ("_text", 0x100)


def test_a_kernel_that_hides_addresses_has_no_names(tmp_path: Path) -> None:
    file = tmp_path / "kallsyms"
    file.write_text("0000000000000000 T _text\n0000000000000000 T vfs_read\n")
    assert KernelSymbols(file).frame(0xFFFF, 0xFFFF).label == "0xffff"
    assert KernelSymbols(tmp_path / "none").frame(1, 1).label == "0x1"


def stack(*names: str, kernel: bool = True) -> tuple[Frame, ...]:
    return tuple(Frame(name, "kernel", 0, is_kernel=kernel) for name in names)


@pytest.mark.parametrize(
    "above",
    [
        (),
        ("bpf_prog_6deef_rule_1", "bpf_trace_run2", "__bpf_trace_sys_enter"),
        ("perf_syscall_enter",),
        ("bpf_get_stack_raw_tp", "odd_one", "bpf_prog_1_a", "__traceiter_sched_switch"),
    ],
)
def test_a_stack_begins_where_it_was_traced(above: tuple[str, ...]) -> None:
    traced = stack("vfs_read", "ksys_read")
    assert without_machinery(stack(*above) + traced) == traced


def test_functions_of_a_process_are_never_taken_for_tracing() -> None:
    frames = stack("bpf_prog_load", "main", kernel=False)
    assert without_machinery(frames) == frames
