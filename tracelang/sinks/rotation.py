"""Rotation: an output in numbered parts, each a whole file, the next begun by size or by time."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from tracelang.dataclass import dataclass
from tracelang.sinks.files import OutputFile
from tracelang.sinks.protocol import Form, Row, Sink, SinkSetup

_SLICE: Final = 256
"""Rows after which a part's size is looked at."""


@dataclass(frozen=True, slots=True)
class RotationLimits:
    """When a part is full: after `size` bytes or `period` nanoseconds, None for never.

    `keep` parts are kept, the newest (None: all).
    """

    size: int | None = None
    period: int | None = None
    keep: int | None = None


class Parts:
    """The files of an output: those of `events.json` are `events.000001.json` and so on."""

    def __init__(self, path: Path, keep: int | None) -> None:
        self._path = path
        self._keep = keep
        stem, suffix = re.escape(path.stem), re.escape(path.suffix)
        self._pattern = re.compile(rf"{stem}\.(\d{{6,}}){suffix}")

    def existing(self) -> list[tuple[int, Path]]:
        """Return the numbers and paths of all parts there are, oldest first."""
        if not self._path.parent.is_dir():
            return []
        found = []
        for path in self._path.parent.iterdir():
            match = self._pattern.fullmatch(path.name)
            if match:
                found.append((int(match[1]), path))
        return sorted(found)

    def next(self) -> Path:
        """Return the path of the part after the newest there is."""
        numbers = [number for number, _ in self.existing()]
        number = max(numbers, default=0) + 1
        return self._path.with_name(f"{self._path.stem}.{number:06}{self._path.suffix}")

    def prune(self) -> None:
        """Remove the oldest parts beyond those that are kept."""
        if self._keep is not None:
            for _, path in self.existing()[: -self._keep]:
                path.unlink(missing_ok=True)


class RotatingSink:
    """Hands rows to a sink on the present part, and begins the next part when that is full."""

    def __init__(
        self,
        path: Path,
        form: Form,
        limits: RotationLimits,
        setup: Callable[[OutputFile], SinkSetup],
        create: Callable[[SinkSetup], Sink],
    ) -> None:
        self._parts = Parts(path, limits.keep)
        self._form = form
        self._limits = limits
        self._setup = setup
        self._create = create
        self._is_empty = True
        self._sink: Sink | None = self._open()

    def _open(self) -> Sink:
        self._file = OutputFile(self._parts.next(), self._form)
        setup = self._setup(self._file)
        self._whole = {output.rule for output in setup.outputs if output.aggregate is not None}
        self._begun = time.monotonic_ns()
        return self._create(setup)

    @property
    def file(self) -> OutputFile:
        """The part that is being written, or was last."""
        return self._file

    def begin(self) -> None:
        """Begin the first part."""
        if self._sink is not None:
            self._sink.begin()

    def events(self, rule: int, rows: Sequence[Row]) -> None:
        """Write rows, in as many parts as they need; a table of an aggregate stays together."""
        step = len(rows) if rule in self._whole else _SLICE
        for start in range(0, len(rows), max(step, 1)):
            if self._is_full() or self._is_late():
                self._end_part()
            self._present().events(rule, rows[start : start + step])
            self._is_empty = False

    def flush(self) -> None:
        """Make everything written so far visible; a part whose time is over is done with."""
        if self._is_late():
            self._end_part()
        elif self._sink is not None:
            self._sink.flush()

    def end(self) -> None:
        """End the last part, which is the one that has the account."""
        self._present().end()

    def finish(self, *, failed: bool = False) -> None:
        """Finish the present part's file."""
        self._file.finish(failed=failed)
        self._parts.prune()

    def _present(self) -> Sink:
        """Return the sink of the present part, which is begun if need be."""
        if self._sink is None:
            self._sink = self._open()
            self._sink.begin()
        return self._sink

    def _is_full(self) -> bool:
        size = self._limits.size
        return size is not None and not self._is_empty and self._file.records.size >= size

    def _is_late(self) -> bool:
        period = self._limits.period
        if period is None or self._is_empty:
            return False
        return time.monotonic_ns() - self._begun >= period

    def _end_part(self) -> None:
        if self._sink is not None:
            self._sink.end()
            self.finish()
        self._sink, self._is_empty = None, True
