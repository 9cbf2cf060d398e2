"""The kernel's lists of functions and symbols, version numbers, and what a trial's error means."""

from __future__ import annotations

import errno

import pytest

from tracelang.kernel.features import PRESENT, judge
from tracelang.kernel.function_list import (
    FilterFunctions,
    data_symbols,
    find_address,
    text_symbols,
)
from tracelang.kernel.version import version_code

FUNCTIONS = FilterFunctions(
    b"vfs_read\n__ftrace_invalid_address___16\nvfs_write\n"
    b"ext4_open [ext4]\nvfs_read\next4_iget [ext4]\n"
)
SYMBOLS = (
    b"ffffffff81000000 T _stext\n"
    b"ffffffff81000010 t vfs_read\n"
    b"0000000000000000 D hidden\n"
    b"ffffffff82000000 D jiffies\n"
    b"ffffffff82000008 d jiffies.1\n"
    b"ffffffff82000010 d __key\n"
    b"ffffffffc0000000 d module_data\t[ext4]\n"
    b"ffffffffc0000010 t module_function\t[ext4]\n"
)


def test_functions_are_found_and_listed_once() -> None:
    assert list(FUNCTIONS.names) == ["vfs_read", "vfs_write", "ext4_open", "ext4_iget"]
    assert "vfs_read" in FUNCTIONS
    assert "ext4_iget" in FUNCTIONS
    assert "vfs" not in FUNCTIONS
    assert "read" not in FUNCTIONS
    assert "vfs.read" not in FUNCTIONS


@pytest.mark.parametrize(
    ("function", "module"), [("ext4_open", "ext4"), ("vfs_read", ""), ("none", "")]
)
def test_functions_have_a_module(function: str, module: str) -> None:
    assert FUNCTIONS.module_of(function) == module


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("_stext", 0xFFFFFFFF81000000),
        ("jiffies", 0xFFFFFFFF82000000),
        ("module_data", 0xFFFFFFFFC0000000),
        ("hidden", None),
        ("jiffie", None),
        ("iffies", None),
    ],
)
def test_addresses(name: str, address: int | None) -> None:
    assert find_address(SYMBOLS, name) == address


def test_symbols_by_kind() -> None:
    assert list(text_symbols(SYMBOLS)) == ["_stext", "vfs_read", "module_function"]
    assert list(data_symbols(SYMBOLS)) == ["hidden", "jiffies"]


def test_names_that_several_functions_have() -> None:
    functions = FilterFunctions(b"x\ny [a]\nx\nz\ny [b]\nx\n")
    assert functions.shared_of(["x", "y", "z", "u"]) == ["x", "y"]


@pytest.mark.parametrize(
    ("release", "version", "code"),
    [
        ("6.18.44", "#1 SMP", 0x06122C),
        ("6.1.0-56-amd64", "#1 SMP PREEMPT_DYNAMIC Debian 6.1.192-1 (2026-01-01)", 0x0601C0),
        ("4.19.300", "#1", 0x0413FF),
        ("6.12-rc1", "#1", 0x060C00),
        ("odd", "#1", 0),
    ],
)
def test_version_codes(release: str, version: str, code: int) -> None:
    assert version_code(release, version) == code


def test_no_error_means_present() -> None:
    assert judge(0, "kprobes", privileged=False) == PRESENT


@pytest.mark.parametrize(
    ("error", "privileged", "reason"),
    [
        (
            errno.EPERM,
            False,
            "no kprobes for this process: it lacks CAP_BPF and CAP_PERFMON, run as root",
        ),
        (errno.EPERM, True, "no kprobes: it refuses them even to root (EPERM)"),
        (errno.EINVAL, True, "no kprobes (EINVAL)"),
    ],
)
def test_errors_are_told_by_what_they_mean(error: int, privileged: bool, reason: str) -> None:
    feature = judge(error, "kprobes", privileged=privileged)
    assert not feature.present
    assert feature.reason == reason
