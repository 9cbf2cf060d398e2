"""The running kernel, read from /sys and /proc when a fact is asked for and then remembered."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tracelang.diagnostics import fail
from tracelang.kernel.facts import KernelFacts
from tracelang.kernel.function_list import (
    FilterFunctions,
    data_symbols,
    find_address,
    text_symbols,
)
from tracelang.kernel.machine import kernel_identity
from tracelang.kernel.mounting import MOUNT_COMMAND
from tracelang.kernel.tracefs import TracepointFormat, parse_format
from tracelang.kernel.version import version_code

# A warm start asks for `identity` alone; what it does not need is imported where it is used.
if TYPE_CHECKING:
    from tracelang.kernel.btf import Btf
    from tracelang.kernel.live_features import LiveFeatures

_BTF: Final = Path("/sys/kernel/btf")
_TRACEFS: Final = Path("/sys/kernel/tracing")
_DEBUG_TRACEFS: Final = Path("/sys/kernel/debug/tracing")
_SYMBOLS: Final = Path("/proc/kallsyms")
_ONLINE: Final = Path("/sys/devices/system/cpu/online")


class LiveKernel(KernelFacts):
    """The kernel this process runs on: see `tracelang.kernel.view.KernelView`.

    Besides the Protocol it gives what a recording needs: `tracelang.kernel.record.Recordable`.
    """

    def __init__(self) -> None:
        self._formats: dict[tuple[str, str], TracepointFormat | None] = {}

    # --- The machine -----------------------------------------------------------------------------

    @cached_property
    def identity(self) -> str:
        """A hash of the kernel's build id, release and the size of each module's BTF."""
        return kernel_identity()

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
        from tracelang.kernel.live_features import LiveFeatures

        return LiveFeatures(self)

    def has_config(self, name: str) -> bool | None:
        """Tell whether CONFIG_NAME is y or m; None where the configuration cannot be read."""
        if self._config is None:
            return None
        return f"\nCONFIG_{name}=y\n" in self._config or f"\nCONFIG_{name}=m\n" in self._config

    def configuration(self) -> Iterable[str]:
        """Return the names of all options that are y or m."""
        return re.findall(r"^CONFIG_(\w+)=[ym]$", self._config or "", re.MULTILINE)

    @cached_property
    def _config(self) -> str | None:
        packed = _read(Path("/proc/config.gz"))
        if packed is not None:
            import gzip

            return gzip.decompress(packed).decode()
        plain = _read(Path("/boot") / f"config-{self.release}")
        return plain.decode() if plain is not None else None

    # --- Types -----------------------------------------------------------------------------------

    @cached_property
    def btf(self) -> Btf | None:
        """The types of the kernel and its loaded modules."""
        data = self.kernel_btf()
        if data is None:
            return None
        from tracelang.kernel.btf import Btf, BtfError

        try:
            return Btf(data, self.module_btf)
        except BtfError:
            return None

    def kernel_btf(self) -> bytes | None:
        """Return the kernel's own BTF, or None where there is none or it cannot be read."""
        return _read(_BTF / "vmlinux")

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

    # --- Tracepoints -----------------------------------------------------------------------------

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
            return f"no tracepoints: tracefs is not mounted, run `{MOUNT_COMMAND}`"
        return "no tracepoints for this process: tracefs is readable by root only, run as root"

    def tracepoints(self) -> Sequence[tuple[str, str]]:
        """Return (category, event) of every tracepoint, sorted; none where they are hidden."""
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
            self._formats[key] = self._parse(category, text) if text is not None else None
        return self._formats[key]

    def _parse(self, category: str, text: str) -> TracepointFormat:
        return parse_format(category, text, self.constant)

    def format_text(self, category: str, event: str) -> str | None:
        """Return a format file's text, None where there is no such tracepoint; T303 as above."""
        directory = self.tracefs or _TRACEFS
        try:
            return (directory / "events" / category / event / "format").read_text()
        except (FileNotFoundError, NotADirectoryError):
            if self.tracefs is not None:
                return None
            problem, remedy = "tracefs is not mounted", f"mount it: `{MOUNT_COMMAND}`"
        except OSError as error:
            problem, remedy = os.strerror(error.errno or 0), "run as root"
        raise fail(
            "T303",
            f"the format of `{category}:{event}` cannot be read: {problem}",
            help=[remedy],
        )

    # --- Functions -------------------------------------------------------------------------------

    @cached_property
    def filter_functions(self) -> FilterFunctions | None:
        """The functions ftrace lists, where that can be read and they can be traced."""
        if not (self.features.kprobe.present or self.features.fentry.present):
            return None
        text = _read((self.tracefs or _TRACEFS) / "available_filter_functions")
        return FilterFunctions(text) if text else None

    def text_symbols(self) -> Mapping[str, None]:
        """Return the functions of /proc/kallsyms."""
        return self._text_symbols

    @cached_property
    def _text_symbols(self) -> Mapping[str, None]:
        return text_symbols(self._symbols)

    def data_symbols(self) -> Iterable[str]:
        """Return the names of the kernel's variables that /proc/kallsyms shows."""
        return data_symbols(self._symbols)

    def symbol_address(self, name: str) -> int | None:
        """Return a symbol's address by /proc/kallsyms, or None where it is missing or hidden."""
        return find_address(self._symbols, name)

    @cached_property
    def _symbols(self) -> bytes:
        return _read(_SYMBOLS) or b""


def _read(path: Path) -> bytes | None:
    """Return a file's bytes, or None where it is missing or this process may not read it."""
    try:
        return path.read_bytes()
    except OSError:
        return None
