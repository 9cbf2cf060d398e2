"""A kernel as it was recorded: reads the directory that `record_kernel` writes."""

from __future__ import annotations

import gzip
import json
import lzma
import zlib
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Final, TypeVar

from tracelang.diagnostics import DiagnosticError, fail
from tracelang.kernel import record
from tracelang.kernel.btf import Btf, BtfError
from tracelang.kernel.facts import KernelFacts
from tracelang.kernel.features import INITIAL_PID_NAMESPACE, KnownFeatures
from tracelang.kernel.function_list import FilterFunctions
from tracelang.kernel.record import record_kernel
from tracelang.kernel.tracefs import TracepointFormat, parse_format
from tracelang.kernel.view import Feature, PidNamespace

__all__ = ["RecordedKernel", "record_kernel"]

T = TypeVar("T")

_UNRECORDED: Final = {"present": False, "reason": "nothing of typed pointers on record"}
_RECORDED_SINCE: Final = {"typed_task": _UNRECORDED, "typed_registers": _UNRECORDED}
"""Features that older recordings say nothing of."""
_PLACEHOLDER_ADDRESS = 0xFFFF_FFFF_8000_0000


class RecordedKernel(KernelFacts):
    """A recorded kernel: see `tracelang.kernel.view.KernelView`.

    Raises `DiagnosticError` T304 for a directory that is no recording, and later where a part of
    it turns out to be damaged. Its addresses are placeholders: scripts can be checked against it,
    not run.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._facts = self._read_facts()
        self._formats: dict[tuple[str, str], TracepointFormat] = {}
        self.identity: str = self._fact("identity", str)
        self.release: str = self._fact("release", str)
        self.page_size: int = self._fact("page_size", int)
        self.version_code: int = self._fact("version_code", int)
        self.cpus: tuple[int, ...] = tuple(self._fact("cpus", list))
        self.features = self._read_features()

    @property
    def architecture(self) -> str:
        """The machine it was recorded on, as `uname -m` prints it."""
        return self._fact("architecture", str)

    @property
    def hz(self) -> int | None:
        """CONFIG_HZ, or None where the configuration could not be read."""
        hz = self._facts.get("hz")
        return hz if isinstance(hz, int) else None

    @cached_property
    def btf(self) -> Btf | None:
        """The types of the kernel and the modules that were loaded."""
        packed = self._read(record.BTF)
        if packed is None:
            return None
        return self._undamaged(record.BTF, lambda: Btf(lzma.decompress(packed), self._modules))

    def _modules(self) -> Mapping[str, bytes]:
        found = sorted((self._directory / record.MODULES).glob("*.xz"))
        return {path.stem: self._read_module(path) for path in found}

    def _read_module(self, path: Path) -> bytes:
        name = f"{record.MODULES}/{path.name}"
        return self._undamaged(name, lambda: lzma.decompress(path.read_bytes()))

    def tracepoints(self) -> Sequence[tuple[str, str]]:
        """Return (category, event) of every tracepoint, sorted."""
        return self._tracepoints

    @cached_property
    def _tracepoints(self) -> tuple[tuple[str, str], ...]:
        return tuple(sorted((c, event) for c, events in self._texts.items() for event in events))

    def tracepoint(self, category: str, event: str) -> TracepointFormat | None:
        """Return a tracepoint's format, or None where there is no such tracepoint."""
        key = (category, event)
        if key not in self._formats:
            text = self._texts.get(category, {}).get(event)
            if text is None:
                return None
            parsed = self._undamaged(
                record.FORMATS, lambda: parse_format(category, text, self.constant)
            )
            self._formats[key] = parsed
        return self._formats[key]

    @cached_property
    def _texts(self) -> Mapping[str, Mapping[str, str]]:
        text = self._unpack(record.FORMATS)
        parsed: Any = self._undamaged(record.FORMATS, lambda: json.loads(text or b"{}"))
        return parsed if isinstance(parsed, dict) else {}

    @cached_property
    def filter_functions(self) -> FilterFunctions | None:
        """The functions ftrace listed, or None."""
        text = self._unpack(record.FUNCTIONS)
        return FilterFunctions(text) if text is not None else None

    def text_symbols(self) -> Mapping[str, None]:
        """Return nothing: without BTF only the functions ftrace lists are recorded."""
        return {}

    def symbol_address(self, name: str) -> int | None:
        """Return a placeholder for a variable that the kernel showed, None for any other name."""
        return _PLACEHOLDER_ADDRESS if name in self._variables else None

    @cached_property
    def _variables(self) -> frozenset[str]:
        return frozenset((self._unpack(record.VARIABLES) or b"").decode().split())

    def has_config(self, name: str) -> bool | None:
        """Tell whether CONFIG_NAME was y or m; None where the configuration could not be read."""
        return name in self._config if self._config else None

    @cached_property
    def _config(self) -> frozenset[str]:
        return frozenset((self._unpack(record.CONFIG) or b"").decode().split())

    # --- Reading ---------------------------------------------------------------------------------

    def _read_facts(self) -> Mapping[str, Any]:
        data = self._read(record.KERNEL)
        if data is None:
            raise self._foreign(f"it has no {record.KERNEL}")
        facts: Any = self._undamaged(record.KERNEL, lambda: json.loads(data))
        if not isinstance(facts, dict) or facts.get("what") != record.MARK:
            raise self._foreign(f"its {record.KERNEL} is something else")
        if facts.get("version") != record.VERSION:
            raise self._foreign(
                f"its layout is version {facts.get('version')}, this program reads {record.VERSION}"
            )
        return facts

    def _fact(self, name: str, type_: type[T]) -> T:
        value = self._facts.get(name)
        if not isinstance(value, type_):
            raise self._damaged(record.KERNEL, f"`{name}` is missing or of the wrong type")
        return value

    def _read_features(self) -> KnownFeatures:
        known = {**_RECORDED_SINCE, **self._fact("features", dict)}
        found = {
            name: self._undamaged(
                record.KERNEL,
                lambda name=name: Feature(**known[name]),  # type: ignore[misc]
            )
            for name in record.FEATURES
        }
        namespace = PidNamespace(0, INITIAL_PID_NAMESPACE, is_initial=True)
        return KnownFeatures(**found, lockdown=self._fact("lockdown", str), pid_namespace=namespace)

    def _read(self, name: str) -> bytes | None:
        try:
            return (self._directory / name).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise self._damaged(name, error.strerror or str(error)) from error

    def _unpack(self, name: str) -> bytes | None:
        packed = self._read(name)
        if packed is None:
            return None
        if not packed:
            raise self._damaged(name, "it is empty")
        return self._undamaged(name, lambda: gzip.decompress(packed))

    def _undamaged(self, name: str, read: Callable[[], T]) -> T:
        try:
            return read()
        except (ValueError, KeyError, TypeError, EOFError, OSError) as error:
            raise self._damaged(name, str(error)) from error
        except (lzma.LZMAError, zlib.error, BtfError) as error:
            raise self._damaged(name, str(error)) from error

    def _damaged(self, name: str, why: str) -> DiagnosticError:
        return fail(
            "T304",
            f"the recorded kernel {self._directory} is damaged: {name}: {why}",
            help=["record it again on that kernel"],
        )

    def _foreign(self, why: str) -> DiagnosticError:
        return fail(
            "T304",
            f"{self._directory} is not a recorded kernel: {why}",
            help=["name a directory that holds a recording"],
        )
