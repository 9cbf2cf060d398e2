"""Recording a kernel into a directory, to check scripts against it anywhere, without root.

The layout, version 1:

    kernel.json        release, architecture, page size, features with their reasons, …
    btf.xz             the kernel's BTF as it is (xz: a quarter smaller than gzip)
    modules/NAME.xz    the split BTF of each module that was loaded
    formats.json.gz    {category: {event: text of the format file}}
    functions.gz       available_filter_functions, where the kernel shows it
    variables.gz       the names of the kernel's variables, a line each
    config.gz          the names of the options that are y or m, a line each

No address, host name, process or user of the machine is in it.
"""

from __future__ import annotations

import gzip
import json
import lzma
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final, Protocol

from tracelang.kernel.function_list import FilterFunctions
from tracelang.kernel.view import Feature, Features, KernelView

MARK: Final = "tracelang kernel recording"
VERSION: Final = 1

KERNEL: Final = "kernel.json"
BTF: Final = "btf.xz"
MODULES: Final = "modules"
FORMATS: Final = "formats.json.gz"
FUNCTIONS: Final = "functions.gz"
VARIABLES: Final = "variables.gz"
CONFIG: Final = "config.gz"

FEATURES: Final = (
    "kprobe",
    "fentry",
    "uprobe",
    "tracepoint",
    "raw_tracepoint",
    "perf_event",
    "hardware",
    "ring_buffer",
    "typed_task",
    "typed_registers",
    "syscall_wrapper",
)


class Recordable(KernelView, Protocol):
    """A kernel whose lists can be had as the kernel gives them."""

    @property
    def filter_functions(self) -> FilterFunctions | None:
        """The functions ftrace lists, where that says what can be traced."""
        ...

    def kernel_btf(self) -> bytes | None:
        """Return the kernel's own BTF."""
        ...

    def module_btf(self) -> Mapping[str, bytes]:
        """Return the split BTF of each loaded module."""
        ...

    def format_text(self, category: str, event: str) -> str | None:
        """Return a tracepoint's format as the kernel writes it."""
        ...

    def data_symbols(self) -> Iterable[str]:
        """Return the names of the kernel's variables."""
        ...

    def configuration(self) -> Iterable[str]:
        """Return the names of the options that are y or m."""
        ...


def record_kernel(kernel: Recordable, directory: Path, *, release: str | None = None) -> None:
    """Write a recording of `kernel` into `directory`, which is made if need be.

    `release` replaces the kernel's own where a vendor's name is not to be told. Raises `OSError`
    where writing fails, and `DiagnosticError` T303 where the tracepoint formats cannot be read.
    """
    directory.mkdir(parents=True, exist_ok=True)
    _clear(directory)
    facts = json.dumps(_describe(kernel, release), indent=2) + "\n"
    (directory / KERNEL).write_text(facts)
    if (btf := kernel.kernel_btf()) is not None:
        (directory / BTF).write_bytes(lzma.compress(btf))
    for name, data in kernel.module_btf().items():
        (directory / MODULES).mkdir(exist_ok=True)
        (directory / MODULES / f"{name}.xz").write_bytes(lzma.compress(data))
    (directory / FORMATS).write_bytes(_pack(json.dumps(_read_formats(kernel), sort_keys=True)))
    if kernel.filter_functions is not None:
        text = kernel.filter_functions.text
        (directory / FUNCTIONS).write_bytes(gzip.compress(text, mtime=0))
    (directory / VARIABLES).write_bytes(_pack("\n".join(sorted(set(kernel.data_symbols())))))
    (directory / CONFIG).write_bytes(_pack("\n".join(sorted(set(kernel.configuration())))))


def _clear(directory: Path) -> None:
    """Remove an earlier recording: a part that this kernel has not must not stay."""
    for name in (KERNEL, BTF, FORMATS, FUNCTIONS, VARIABLES, CONFIG):
        (directory / name).unlink(missing_ok=True)
    for module in (directory / MODULES).glob("*.xz"):
        module.unlink()


def _describe(kernel: KernelView, release: str | None) -> dict[str, object]:
    return {
        "what": MARK,
        "version": VERSION,
        "identity": kernel.identity,
        "release": release or kernel.release,
        "architecture": kernel.architecture,
        "page_size": kernel.page_size,
        "version_code": kernel.version_code,
        "cpus": list(kernel.cpus),
        "hz": kernel.hz,
        "features": {name: _describe_feature(kernel.features, name) for name in FEATURES},
        "lockdown": kernel.features.lockdown,
    }


def _describe_feature(features: Features, name: str) -> dict[str, object]:
    feature: Feature = getattr(features, name)
    return {"present": feature.present, "reason": feature.reason}


def _read_formats(kernel: Recordable) -> dict[str, dict[str, str]]:
    formats: dict[str, dict[str, str]] = {}
    for category, event in kernel.tracepoints():
        if (text := kernel.format_text(category, event)) is not None:
            formats.setdefault(category, {})[event] = text
    return formats


def _pack(text: str) -> bytes:
    # No time stamp, so that recording the same kernel twice gives the same bytes.
    return gzip.compress(text.encode(), mtime=0)
