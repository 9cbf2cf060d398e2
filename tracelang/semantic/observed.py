"""What a compilation read of this machine besides the kernel itself.

As long as all of it holds a script means the same, and what it compiled to can be used again.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Final, Protocol

from tracelang.dataclass import dataclass
from tracelang.decoders.protocol import Decoding

_BOOT: Final = "/proc/sys/kernel/random/boot_id"
_MODULES: Final = "/proc/modules"
_MODULE_FACTS: Final = (0, 1, 5)
"""The columns of a module's name, size and address; the others count its users."""


class Observation(Protocol):
    """One thing that was read."""

    def holds(self) -> bool:
        """Tell whether it would be read the same now."""
        ...


@dataclass(frozen=True, slots=True)
class FileSeen:
    """A file that was read, or looked for. `state` is nothing if there was none (see `now`)."""

    path: str
    state: tuple[int, ...]

    @classmethod
    def now(cls, path: str) -> FileSeen:
        """Look at a file: whatever is done to it changes the time that its inode changed."""
        try:
            info = os.stat(path)  # noqa: PTH116 - paths here are texts
        except OSError:
            return cls(path, ())
        return cls(path, (info.st_ino, info.st_size, info.st_mtime_ns, info.st_ctime_ns))

    def holds(self) -> bool:
        """Tell whether it is still that file, unchanged."""
        return FileSeen.now(self.path) == self


@dataclass(frozen=True, slots=True)
class NameSeen:
    """A name of a binary, and the files it stood for."""

    name: str
    architecture: str
    files: tuple[str, ...]

    def holds(self) -> bool:
        """Tell whether it still stands for them."""
        from tracelang.binaries.find import locate_binaries  # few scripts name binaries

        return locate_binaries(self.name, self.architecture) == self.files


@dataclass(frozen=True, slots=True)
class NumberSeen:
    """A text that a decoder took for a number, such as the name of a user."""

    decoding: Decoding
    text: str
    number: int | None

    def holds(self) -> bool:
        """Tell whether the decoder still does."""
        from tracelang.decoders import load_decoders  # few scripts compare so

        decoder = load_decoders().get(self.decoding.decoder)
        if decoder is None:
            return False
        return decoder.encode(self.text, self.decoding.arguments) == self.number


@dataclass(frozen=True, slots=True)
class AddressesSeen:
    """Addresses of kernel variables: they stay while it runs and no module comes or goes."""

    boot: str
    modules: str

    @classmethod
    def now(cls) -> AddressesSeen:
        """Look at which boot this is, and at the modules."""
        rows = (line.split() for line in _read(_MODULES).splitlines())
        facts = (" ".join(row[i] for i in _MODULE_FACTS if i < len(row)) for row in rows)
        return cls(_read(_BOOT).strip(), "\n".join(facts))

    def holds(self) -> bool:
        """Tell whether addresses are still the same."""
        return AddressesSeen.now() == self


class Observed:
    """Collects observations, each once."""

    def __init__(self) -> None:
        self._all: dict[Observation, None] = {}

    @property
    def all(self) -> tuple[Observation, ...]:
        """Return what was collected, in order."""
        return tuple(self._all)

    def binary(self, name: str, architecture: str) -> tuple[str, ...]:
        """Note a name of a binary and the files it stands for; return those."""
        from tracelang.binaries.find import locate_binaries  # as above

        files = locate_binaries(name, architecture)
        self._all[NameSeen(name, architecture, files)] = None
        self.files(files)
        return files

    def files(self, paths: Iterable[str]) -> None:
        """Note files that are read, or looked for."""
        for path in paths:
            self._all[FileSeen.now(path)] = None

    def number(self, decoding: Decoding, text: str, number: int | None) -> None:
        """Note the number that a text stands for."""
        self._all[NumberSeen(decoding, text, number)] = None

    def addresses(self) -> None:
        """Note that the address of a kernel variable was read."""
        self._all[AddressesSeen.now()] = None


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8") as file:  # noqa: PTH123
            return file.read()
    except OSError:
        return ""
