"""The kernel's functions by address: its own, its modules' and those of BPF programs."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tracelang.decoders.frames import Frame

KALLSYMS: Final = Path("/proc/kallsyms")
_ABSOLUTE: Final = frozenset(b"aA")
KERNEL: Final = "kernel"


class KernelSymbols:
    """The symbols of the running kernel, read when the first one is asked for."""

    def __init__(self, path: Path = KALLSYMS) -> None:
        self._path = path
        self._starts: list[int] = []
        self._names: list[tuple[str, str]] = []
        self._read = False

    def frame(self, address: int, place: int) -> Frame:
        """Return the function around `address`; its offset is that of `place`."""
        if not self._read:
            self._load()
        index = bisect_right(self._starts, address) - 1
        if index < 0:
            return Frame("", "", place, is_kernel=True)
        name, module = self._names[index]
        return Frame(name, module, place - self._starts[index], is_kernel=True)

    def _load(self) -> None:
        self._read = True
        try:
            data = self._path.read_bytes()
        except OSError:
            return
        found = sorted(_parse(data))
        if found and found[-1][0] == 0:
            return  # the kernel shows addresses to nobody (kernel.kptr_restrict)
        for start, _, name, module in found:
            if self._starts and self._starts[-1] == start:
                self._names[-1] = (name, module)
            else:
                self._starts.append(start)
                self._names.append((name, module))


def _parse(data: bytes) -> Iterator[tuple[int, tuple[bool, bool, int], str, str]]:
    """Yield (address, how good a name, name, module): of several at one place the best is last."""
    for line in data.splitlines():
        words = line.split()
        if len(words) < 3 or words[1][0] in _ABSOLUTE:
            continue
        name = words[2].decode(errors="replace")
        module = words[3].decode(errors="replace").strip("[]") if len(words) > 3 else KERNEL
        yield int(words[0], 16), _plainness(words[1][0], name), name, module


def _plainness(kind: int, name: str) -> tuple[bool, bool, int]:
    """Return how good a name is: of code, exported, without underscores."""
    code = kind in b"tTwW"
    return code, kind in b"TW", len(name.lstrip("_")) - len(name)
