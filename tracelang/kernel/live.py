"""The running kernel, read from /sys and /proc when a fact is asked for and then remembered."""

from __future__ import annotations

import gzip
import hashlib
import os
import re
import subprocess
from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Final

from tracelang.diagnostics import fail
from tracelang.kernel.btf import Btf, BtfError
from tracelang.kernel.function_list import (
    FilterFunctions,
    find_address,
    has_symbol,
    text_symbols,
)
from tracelang.kernel.live_features import LiveFeatures
from tracelang.kernel.syscalls import SyscallTable
from tracelang.kernel.tracefs import TracepointFormat, parse_format
from tracelang.kernel.version import version_code
from tracelang.kernel.view import SyscallInfo

_BTF: Final = Path("/sys/kernel/btf")
_TRACEFS: Final = Path("/sys/kernel/tracing")
_DEBUG_TRACEFS: Final = Path("/sys/kernel/debug/tracing")
_SYMBOLS: Final = Path("/proc/kallsyms")
_NOTES: Final = Path("/sys/kernel/notes")
_ONLINE: Final = Path("/sys/devices/system/cpu/online")
_MOUNT: Final = "mount -t tracefs tracefs /sys/kernel/tracing"


class LiveKernel:
    """The kernel this process runs on: see `tracelang.kernel.view.KernelView`.

    Besides the Protocol it has `tracefs`, `tracepoints_reason`, `formats` and `module_btf`, which is what a recording needs.
    """

    def __init__(self) -> None:
        self._formats: dict[tuple[str, str], TracepointFormat | None] = {}

    # --- The machine -------------------------------------------------------------------------------

    @cached_property
    def identity(self) -> str:
        """A hash of the kernel's build id, release and the size of each module's BTF."""
        facts = [self.release.encode(), self.architecture.encode(), os.uname().version.encode()]
        facts.append(_read(_NOTES) or b"")
        facts.extend(f"{p.name} {p.stat().st_size}".encode() for p in self._btf_files())
        return hashlib.blake2s(b"\0".join(facts), digest_size=8).hexdigest()

    @property
    def release(self) -> str:
        """As `uname -r` prints it."""
        return os.uname().release

    @property
    def architecture(self) -> str:
        """As `uname -m` prints it."""
        return os.uname().machine

    @property
    def page_size(self) -> int:
        """In bytes."""
        return os.sysconf("SC_PAGE_SIZE")

    @cached_property
    def version_code(self) -> int:
        """LINUX_VERSION_CODE, from the kernel's release and version."""
        return version_code(self.release, os.uname().version)

    @cached_property
    def cpus(self) -> tuple[int, ...]:
        """The CPUs that are online, by /sys."""
        text = (_read(_ONLINE) or b"0").decode().strip()
        spans = (part.partition("-") for part in text.split(","))
        return tuple(c for low, _, high in spans for c in range(int(low), int(high or low) + 1))

    @cached_property
    def hz(self) -> int | None:
        """CONFIG_HZ, or None where the configuration cannot be read."""
        match = re.search(r"^CONFIG_HZ=(\d+)$", self._config or "", re.MULTILINE)
        return int(match[1]) if match is not None else None

    @cached_property
    def features(self) -> LiveFeatures:
        """What this process may use."""
        return LiveFeatures(self)

    def has_config(self, name: str) -> bool | None:
        """Tell whether CONFIG_NAME is y or m; None where the configuration cannot be read."""
        if self._config is None:
            return None
        return f"\nCONFIG_{name}=y\n" in self._config or f"\nCONFIG_{name}=m\n" in self._config

    @cached_property
    def _config(self) -> str | None:
        packed = _read(Path("/proc/config.gz"))
        if packed is not None:
            return gzip.decompress(packed).decode()
        plain = _read(Path("/boot") / f"config-{self.release}")
        return plain.decode() if plain is not None else None

    # --- Types -------------------------------------------------------------------------------------

    @property
    def has_btf(self) -> bool:
        """Whether the kernel's BTF is there, readable and sound."""
        return self.btf is not None

    @cached_property
    def btf(self) -> Btf | None:
        """The types of the kernel and its loaded modules."""
        data = _read(_BTF / "vmlinux")
        if data is None:
            return None
        try:
            return Btf(data, self.module_btf)
        except BtfError:
            return None

    def module_btf(self) -> Mapping[str, bytes]:
        """Return the split BTF of each loaded module, those that can be read."""
        read = {p.name: _read(p) for p in self._btf_files() if p.name != "vmlinux"}
        return {name: data for name, data in read.items() if data}

    @staticmethod
    def _btf_files() -> list[Path]:
        try:
            return sorted(_BTF.iterdir())
        except OSError:
            return []

    # --- Tracepoints -------------------------------------------------------------------------------

    @cached_property
    def tracefs(self) -> Path | None:
        """Where tracefs is mounted and readable, or None."""
        return next(
            (p for p in (_TRACEFS, _DEBUG_TRACEFS) if os.access(p / "events", os.R_OK)), None
        )

    def tracepoints_reason(self) -> str:
        """Say why tracepoints cannot be listed, "" when they can."""
        if self.tracepoints():
            return ""
        if self.tracefs is None and os.geteuid() == 0:
            return f"no tracepoints: tracefs is not mounted, run `{_MOUNT}`"
        return "no tracepoints for this process: tracefs is readable by root only, run as root"

    def tracepoints(self) -> Sequence[tuple[str, str]]:
        """Return (category, event) of every tracepoint, sorted; empty where they cannot be listed."""
        return self._tracepoints

    @cached_property
    def _tracepoints(self) -> tuple[tuple[str, str], ...]:
        text = _read(self.tracefs / "available_events") if self.tracefs is not None else None
        if text is None:
            return ()
        pairs = (line.partition(":") for line in text.decode().split())
        return tuple(sorted((category, event) for category, _, event in pairs))

    def tracepoint(self, category: str, event: str) -> TracepointFormat | None:
        """Return a tracepoint's format; raises `DiagnosticError` T303 where it cannot be read."""
        key = (category, event)
        if key not in self._formats:
            text = self.format_text(category, event)
            self._formats[key] = parse_format(category, text) if text is not None else None
        return self._formats[key]

    def format_text(self, category: str, event: str) -> str | None:
        """Return the text of a format file, or None where there is no such tracepoint (T303 as above)."""
        directory = self.tracefs or _TRACEFS
        try:
            return (directory / "events" / category / event / "format").read_text()
        except (FileNotFoundError, NotADirectoryError):
            if self.tracefs is not None:
                return None
            problem, remedy = "tracefs is not mounted", f"mount it: `{_MOUNT}`"
        except OSError as error:
            problem, remedy = os.strerror(error.errno or 0), "run as root"
        raise fail(
            "T303",
            f"the format of `{category}:{event}` cannot be read: {problem}",
            help=[remedy],
        )

    def raw_tracepoints(self) -> Collection[str]:
        """Return the events BTF has a `btf_trace_` type for; without BTF every tracepoint's name."""
        return self._raw_tracepoints

    @cached_property
    def _raw_tracepoints(self) -> Collection[str]:
        if self.btf is None:
            names = (e for c, e in self.tracepoints() if c != "syscalls")
            return dict.fromkeys((*names, "sys_enter", "sys_exit")) if self.tracepoints() else ()
        return dict.fromkeys(self.btf.names_after("typedef", "btf_trace_"))

    # --- Functions ---------------------------------------------------------------------------------

    def functions(self) -> Collection[str]:
        """Return the functions ftrace lists where the kernel can trace them, else those BTF describes."""
        return self._functions

    @cached_property
    def _functions(self) -> Collection[str]:
        if self._filter_functions is not None:
            return self._filter_functions.names
        if self.btf is not None:
            return dict.fromkeys(self.btf.names("function"))
        return text_symbols(self._symbols)

    def function_is_traceable(self, name: str) -> bool:
        """Tell whether `functions()` has a name, without making that list."""
        if self._filter_functions is not None:
            return name in self._filter_functions
        return self.has_function(name)

    def has_function(self, name: str) -> bool:
        """Tell whether the kernel has a function of that name, traceable or not."""
        if self.btf is not None:
            return self.btf.find("function", name) is not None
        return has_symbol(self._symbols, name)

    def module_of(self, function: str) -> str:
        """Return the module a kernel function lives in, "" for the kernel itself or an unknown one."""
        if self._filter_functions is not None and function in self._filter_functions:
            return self._filter_functions.module_of(function)
        found = self.btf.find("function", function) if self.btf is not None else None
        return self.btf.module_of(found) if self.btf is not None and found is not None else ""

    def symbol_address(self, name: str) -> int | None:
        """Return a symbol's address by /proc/kallsyms, or None where it is missing or hidden."""
        return find_address(self._symbols, name)

    @cached_property
    def _filter_functions(self) -> FilterFunctions | None:
        if self.tracefs is None or not (
            self.features.kprobe.present or self.features.fentry.present
        ):
            return None
        text = _read(self.tracefs / "available_filter_functions")
        return FilterFunctions(text) if text else None

    @cached_property
    def _symbols(self) -> bytes:
        return _read(_SYMBOLS) or b""

    # --- System calls ------------------------------------------------------------------------------

    def syscalls(self) -> Mapping[str, SyscallInfo]:
        """Return the system calls that have tracepoints, by their tracepoints' names."""
        return self._syscalls

    def syscall_aliases(self) -> Mapping[str, str]:
        """Return other names of system calls with the keys of `syscalls()`."""
        return self._syscalls.aliases()

    @cached_property
    def _syscalls(self) -> SyscallTable:
        return SyscallTable(self.architecture, self.tracepoints, self.tracepoint, self.has_function)


def mount_tracefs() -> bool:
    """Mount tracefs where it is not (it takes root); tell whether it is there afterwards."""
    if not (_TRACEFS / "events").is_dir() and os.geteuid() == 0:
        subprocess.run(_MOUNT.split(), check=False, capture_output=True)
    return (_TRACEFS / "events").is_dir()


def _read(path: Path) -> bytes | None:
    """Return a file's bytes, or None where it is missing or this process may not read it."""
    try:
        return path.read_bytes()
    except OSError:
        return None
